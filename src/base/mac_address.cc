#include "base/mac_address.h"

#include <fmt/format.h>

#include <algorithm>

namespace lunaria {
namespace {

/// 0 to 15; nullopt for what is no hexadecimal digit.
std::optional<std::uint8_t> digit_value(char c) {
  if (c >= '0' && c <= '9') {
    return static_cast<std::uint8_t>(c - '0');
  }
  if (c >= 'a' && c <= 'f') {
    return static_cast<std::uint8_t>(c - 'a' + 10);
  }
  if (c >= 'A' && c <= 'F') {
    return static_cast<std::uint8_t>(c - 'A' + 10);
  }
  return std::nullopt;
}

}  // namespace

std::optional<MacAddress> MacAddress::parse(std::string_view text) {
  MacAddress mac;
  const bool is_plain = text.size() == 2 * mac.octets.size();
  const std::size_t step = is_plain ? 2 : 3;
  if (!is_plain && text.size() != 3 * mac.octets.size() - 1) {
    return std::nullopt;
  }
  const char separator = is_plain ? '\0' : text[2];
  if (!is_plain && separator != ':' && separator != '-') {
    return std::nullopt;
  }
  for (std::size_t i = 0; i < mac.octets.size(); ++i) {
    const auto high = digit_value(text[i * step]);
    const auto low = digit_value(text[i * step + 1]);
    const bool is_last = i + 1 == mac.octets.size();
    if (!high || !low || (!is_plain && !is_last && text[i * step + 2] != separator)) {
      return std::nullopt;
    }
    mac.octets[i] = static_cast<std::uint8_t>(*high * 16 + *low);
  }
  const bool is_group = (mac.octets[0] & 1U) != 0;
  const bool is_zero = std::ranges::all_of(mac.octets, [](std::uint8_t octet) { return octet == 0; });
  return is_group || is_zero ? std::nullopt : std::optional(mac);
}

std::string MacAddress::to_string() const {
  return fmt::format("{:02x}:{:02x}:{:02x}:{:02x}:{:02x}:{:02x}", octets[0], octets[1], octets[2], octets[3], octets[4],
                     octets[5]);
}

}  // namespace lunaria
