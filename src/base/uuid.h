#pragma once

// UUIDs (RFC 4122) as values; random ones are made from bytes the caller supplies.

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace lunaria {

struct Uuid {
  std::array<std::uint8_t, 16> bytes{};

  /// A version 4 UUID from 16 random bytes.
  static Uuid from_random(std::array<std::uint8_t, 16> random);
  /// Reads the 36-character form in either case; nothing else.
  static std::optional<Uuid> parse(std::string_view text);
  /// "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx", lower case.
  std::string to_string() const;
  friend auto operator<=>(const Uuid&, const Uuid&) = default;
};

}  // namespace lunaria
