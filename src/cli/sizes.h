#pragma once

// Sizes as people write and read them.

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace lunaria::cli {

/// Reads "10GiB", "1.5 TiB", "500MB", "1048576" into bytes. KiB, MiB, GiB, TiB, PiB count by 1024; KB, MB, GB, TB, PB
/// by 1000; B and nothing are bytes; case does not count. A bare "10G" is refused, as it could mean either; so is what
/// is no whole number of bytes, zero, or more than 2^63 - 1. The error is a sentence for people.
Result<std::uint64_t, std::string> parse_size(std::string_view text);

/// "10 GiB", "1.5 TiB", "512 B": the largest unit with at least one of it, at most two digits after the point,
/// rounded down.
std::string format_size(std::uint64_t bytes);

}  // namespace lunaria::cli
