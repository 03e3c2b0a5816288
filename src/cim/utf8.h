#pragma once

// UTF-8, as MOF, queries and values need it: strict, by RFC 3629.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace lunaria::cim {

/// Length of the sequence at the front of a text that is not empty; 0 when it is none (overlong, a surrogate, beyond
/// U+10FFFF, cut short).
std::size_t utf8_length(std::string_view text);

/// Appends one code point, which is none of the surrogates and at most U+10FFFF.
void append_utf8(std::string& out, std::uint32_t code_point);

/// The code points of a text; a byte that begins no sequence stands for itself.
std::vector<std::uint32_t> code_points(std::string_view text);

}  // namespace lunaria::cim
