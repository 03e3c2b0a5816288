#pragma once

// Hexadecimal text.

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace lunaria {

/// Lower case, two digits a byte.
std::string to_hex(std::span<const std::byte> bytes);
/// Either case; nullopt for an odd count or another character.
std::optional<std::vector<std::byte>> from_hex(std::string_view digits);

}  // namespace lunaria
