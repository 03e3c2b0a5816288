#pragma once

// PortalGroup: portals over which one session may have its connections, and what discovery asks for there. Plain
// values.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/ip_address.h"
#include "service/chap.h"

namespace lunaria::service {

/// The group that every portal is in until it is moved; always there.
inline constexpr std::uint16_t kFirstPortalGroup = 1;

struct PortalGroup {
  std::uint16_t tag = kFirstPortalGroup;  ///< target portal group tag (RFC 7143 4.1), 1..65535
  std::string description;
  ChapSettings chap;  ///< what initiators must prove themselves with to discover targets here
  ChapSettings reverse_chap;
  std::vector<IpEndpoint> portals;   ///< those that were ever set
  std::vector<std::string> targets;  ///< names of those that are offered at groups by choice, and at this one
  friend bool operator==(const PortalGroup&, const PortalGroup&) = default;
};

/// Makes one or changes one: what is absent keeps its value, or its default.
struct SetPortalGroup {
  std::uint16_t tag = kFirstPortalGroup;
  std::optional<std::string> description;  ///< at most 1024 bytes
  SetChap chap;
  SetChap reverse_chap;
  std::size_t secret_bytes_max = kSecretBytesMax;
};

}  // namespace lunaria::service
