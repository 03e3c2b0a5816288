#pragma once

// MacAddress: a 48-bit link-layer address as a value with canonical text.

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace lunaria {

/// IEEE 802 EUI-48.
struct MacAddress {
  std::array<std::uint8_t, 6> octets{};

  /// "00:1b:21:aa:bb:cc", "00-1B-21-AA-BB-CC" or "001b21aabbcc". nullopt for other text, and for addresses that are no
  /// station's own: all zeros, and groups (which are never the source of a frame).
  static std::optional<MacAddress> parse(std::string_view text);
  /// Lower case, with colons.
  std::string to_string() const;
  friend auto operator<=>(const MacAddress&, const MacAddress&) = default;
};

}  // namespace lunaria
