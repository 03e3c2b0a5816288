#pragma once

// LUN plan: which initiator sees which disk of a target at which number, and that none sees two at one. Pure functions
// of values. Private to the service.

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "service/disk.h"
#include "service/error.h"

namespace lunaria::service {

/// The number at which an initiator sees a mapping; nullopt when it does not. `initiator` is canonical; "" is anyone
/// who is not named.
std::optional<std::uint16_t> lun_of(const Mapping& mapping, std::string_view initiator);

/// kAlreadyExists when some initiator would see `changed` and another mapping of the target at one LUN, or when both
/// have it for everyone. `others` may hold the mapping as it was.
Outcome<void> check_luns(const Mapping& changed, std::span<const Mapping> others);

/// The lowest number that nobody sees anything at. kNoSpace when there is none.
Outcome<std::uint16_t> lowest_free_lun(std::span<const Mapping> mappings);

}  // namespace lunaria::service
