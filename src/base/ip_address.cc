#include "base/ip_address.h"

#include <arpa/inet.h>
#include <net/if.h>

#include <algorithm>
#include <charconv>
#include <cstring>

namespace lunaria {
namespace {

template <class Integer>
std::optional<Integer> parse_number(std::string_view text) {
  Integer value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || text.empty()) {
    return std::nullopt;
  }
  return value;
}

std::optional<std::uint32_t> parse_scope(std::string_view text) {
  if (const auto number = parse_number<std::uint32_t>(text)) {
    return number;
  }
  const std::uint32_t index = if_nametoindex(std::string(text).c_str());
  return index == 0 ? std::nullopt : std::optional(index);
}

}  // namespace

IpAddress IpAddress::v4(std::array<std::uint8_t, 4> octets) {
  IpAddress address;
  std::ranges::copy(octets, address.octets_.begin());
  return address;
}

IpAddress IpAddress::v6(std::array<std::uint8_t, 16> octets, std::uint32_t scope) {
  constexpr std::array<std::uint8_t, 12> kMappedPrefix{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};
  if (std::equal(kMappedPrefix.begin(), kMappedPrefix.end(), octets.begin())) {
    return v4({octets[12], octets[13], octets[14], octets[15]});
  }
  IpAddress address;
  address.is_v4_ = false;
  address.octets_ = octets;
  address.scope_ = scope;
  return address;
}

std::optional<IpAddress> IpAddress::parse(std::string_view text) {
  if (text.find(':') == std::string_view::npos) {
    std::array<std::uint8_t, 4> octets{};
    if (text.find('\0') != std::string_view::npos ||
        inet_pton(AF_INET, std::string(text).c_str(), octets.data()) != 1) {
      return std::nullopt;
    }
    return v4(octets);
  }
  std::uint32_t scope = 0;
  if (const auto percent = text.find('%'); percent != std::string_view::npos) {
    const auto parsed = parse_scope(text.substr(percent + 1));
    if (!parsed) {
      return std::nullopt;
    }
    scope = *parsed;
    text = text.substr(0, percent);
  }
  std::array<std::uint8_t, 16> octets{};
  if (text.find('\0') != std::string_view::npos || inet_pton(AF_INET6, std::string(text).c_str(), octets.data()) != 1) {
    return std::nullopt;
  }
  return v6(octets, scope);
}

bool IpAddress::is_loopback() const {
  if (is_v4_) {
    return octets_[0] == 127;
  }
  return std::all_of(octets_.begin(), octets_.end() - 1, [](std::uint8_t octet) { return octet == 0; }) &&
         octets_[15] == 1;
}

bool IpAddress::is_any() const {
  return std::ranges::all_of(octets_, [](std::uint8_t octet) { return octet == 0; });
}

std::string IpAddress::to_string() const {
  std::array<char, INET6_ADDRSTRLEN> buffer{};
  std::string text = inet_ntop(is_v4_ ? AF_INET : AF_INET6, octets_.data(), buffer.data(), buffer.size());
  if (scope_ != 0) {
    text += '%' + std::to_string(scope_);
  }
  return text;
}

bool IpAddress::is_link_local() const {
  if (is_v4_) {
    return octets_[0] == 169 && octets_[1] == 254;
  }
  return octets_[0] == 0xfe && (octets_[1] & 0xc0U) == 0x80;
}

IpAddress IpAddress::without_scope() const {
  IpAddress plain = *this;
  plain.scope_ = 0;
  return plain;
}

std::optional<IpPrefix> IpPrefix::parse(std::string_view text) {
  const auto slash = text.find('/');
  const auto address = IpAddress::parse(text.substr(0, slash));
  if (!address) {
    return std::nullopt;
  }
  const std::uint8_t length_max = address->is_v4() ? 32 : 128;
  if (slash == std::string_view::npos) {
    return IpPrefix{*address, length_max};
  }
  const auto length = parse_number<std::uint8_t>(text.substr(slash + 1));
  if (!length || *length > length_max) {
    return std::nullopt;
  }
  return IpPrefix{*address, *length};
}

IpPrefix IpPrefix::network() const {
  std::array<std::uint8_t, 16> octets = address.octets();
  for (std::size_t bit = length; bit < octets.size() * 8; ++bit) {
    octets[bit / 8] = static_cast<std::uint8_t>(octets[bit / 8] & ~(0x80U >> (bit % 8)));
  }
  return {address.is_v4() ? IpAddress::v4({octets[0], octets[1], octets[2], octets[3]})
                          : IpAddress::v6(octets, address.scope()),
          length};
}

bool IpPrefix::contains(const IpAddress& other) const {
  if (other.is_v4() != address.is_v4() || (address.scope() != 0 && address.scope() != other.scope())) {
    return false;
  }
  for (std::size_t bit = 0; bit < length; ++bit) {
    const auto mask = static_cast<std::uint8_t>(0x80U >> (bit % 8));
    if ((other.octets()[bit / 8] & mask) != (address.octets()[bit / 8] & mask)) {
      return false;
    }
  }
  return true;
}

std::string IpPrefix::to_string() const {
  return address.to_string() + '/' + std::to_string(length);
}

std::optional<IpEndpoint> IpEndpoint::parse(std::string_view text) {
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos) {
    return std::nullopt;
  }
  std::string_view host = text.substr(0, colon);
  if (host.starts_with('[') != host.ends_with(']') || host.empty()) {
    return std::nullopt;
  }
  const bool bracketed = host.starts_with('[');
  if (bracketed) {
    host = host.substr(1, host.size() - 2);
  }
  const auto address = IpAddress::parse(host);
  const auto port = parse_number<std::uint16_t>(text.substr(colon + 1));
  if (!address || !port || bracketed == address->is_v4()) {
    return std::nullopt;
  }
  return IpEndpoint{*address, *port};
}

std::string IpEndpoint::to_string() const {
  const std::string host = address.is_v4() ? address.to_string() : '[' + address.to_string() + ']';
  return host + ':' + std::to_string(port);
}

}  // namespace lunaria
