#include "base/uuid.h"

#include "base/hex.h"

namespace lunaria {
namespace {

constexpr bool is_dash_position(std::size_t index) {
  return index == 8 || index == 13 || index == 18 || index == 23;
}

}  // namespace

Uuid Uuid::from_random(std::array<std::uint8_t, 16> random) {
  random[6] = static_cast<std::uint8_t>((random[6] & 0x0F) | 0x40);  // version 4
  random[8] = static_cast<std::uint8_t>((random[8] & 0x3F) | 0x80);  // RFC 4122 variant
  return Uuid{random};
}

std::optional<Uuid> Uuid::parse(std::string_view text) {
  if (text.size() != 36) {
    return std::nullopt;
  }
  std::string digits;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (!is_dash_position(i)) {
      digits += text[i];
    } else if (text[i] != '-') {
      return std::nullopt;
    }
  }
  const auto decoded = from_hex(digits);
  if (!decoded || decoded->size() != 16) {
    return std::nullopt;
  }
  Uuid uuid;
  for (std::size_t i = 0; i < 16; ++i) {
    uuid.bytes[i] = static_cast<std::uint8_t>((*decoded)[i]);
  }
  return uuid;
}

std::string Uuid::to_string() const {
  std::string text = to_hex(std::as_bytes(std::span(bytes)));
  for (const std::size_t position : {8U, 13U, 18U, 23U}) {
    text.insert(position, 1, '-');
  }
  return text;
}

}  // namespace lunaria
