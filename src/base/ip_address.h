#pragma once

// IPv4 and IPv6 addresses, prefixes and endpoints as values with canonical text (RFC 5952).

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace lunaria {

/// One address. IPv4-mapped IPv6 addresses (::ffff:a.b.c.d) are turned into IPv4 when made, so that a peer compares
/// equal whichever socket family it arrived on.
class IpAddress final {
 public:
  static IpAddress v4(std::array<std::uint8_t, 4> octets);
  /// `scope` is the interface index of a link-local address, 0 otherwise.
  static IpAddress v6(std::array<std::uint8_t, 16> octets, std::uint32_t scope = 0);
  /// "192.0.2.1", "2001:db8::1", "fe80::1%2" (numeric or interface name scope). No brackets, no port, no host names.
  static std::optional<IpAddress> parse(std::string_view text);

  bool is_v4() const { return is_v4_; }
  bool is_loopback() const;
  /// 0.0.0.0 or ::
  bool is_any() const;
  std::uint32_t scope() const { return scope_; }
  /// 169.254.0.0/16 (RFC 3927) or fe80::/10 (RFC 4291 2.5.6): means something on one link only.
  bool is_link_local() const;
  /// The same without the interface that it belongs to, as others on its link write it.
  IpAddress without_scope() const;
  /// 4 octets are in the first four places for IPv4.
  const std::array<std::uint8_t, 16>& octets() const { return octets_; }
  /// RFC 5952 form without brackets.
  std::string to_string() const;
  friend auto operator<=>(const IpAddress&, const IpAddress&) = default;

 private:
  bool is_v4_ = true;
  std::array<std::uint8_t, 16> octets_{};
  std::uint32_t scope_ = 0;
};

/// An address and how many of its leading bits count: "192.0.2.0/24", "2001:db8::/32"; a bare address is a full prefix.
struct IpPrefix {
  IpAddress address;
  std::uint8_t length = 0;

  static std::optional<IpPrefix> parse(std::string_view text);
  /// A prefix with a scope holds addresses of that link only, one without those of every link.
  bool contains(const IpAddress& other) const;
  /// With the bits behind the length cleared, so that one network has one value.
  IpPrefix network() const;
  std::string to_string() const;
  friend auto operator<=>(const IpPrefix&, const IpPrefix&) = default;
};

/// An address and a TCP port: "192.0.2.1:3260", "[2001:db8::1]:3260" (RFC 7143 13.8 uses the same form).
struct IpEndpoint {
  IpAddress address;
  std::uint16_t port = 0;

  static std::optional<IpEndpoint> parse(std::string_view text);
  std::string to_string() const;
  friend auto operator<=>(const IpEndpoint&, const IpEndpoint&) = default;
};

}  // namespace lunaria
