#pragma once

// Portal: a local address to which sessions may come; Session: one that came. Plain values.

#include <cstdint>
#include <optional>
#include <string>

#include "base/ip_address.h"
#include "target/session_status.h"

namespace lunaria::service {

/// iSCSI's registered port (RFC 7143 4.2.4).
inline constexpr std::uint16_t kIscsiPort = 3260;

/// One per local address, and per address that was set and has vanished since (its setting is applied again when it
/// comes back). One port per address.
struct Portal {
  IpAddress address;
  std::uint16_t port = kIscsiPort;
  bool listen = false;   ///< what was asked for
  bool present = false;  ///< the address is a local one now
  std::uint16_t portal_group_tag = 1;
  std::optional<std::string> failure;  ///< why it does not listen although it should
  friend bool operator==(const Portal&, const Portal&) = default;
};

/// Changes what is given. Existing sessions stay, but for those of a portal that moves to another group.
struct SetPortal {
  IpAddress address;
  std::optional<std::uint16_t> port;  ///< 1..65535
  std::optional<bool> listen;
  /// Of a group that is there. Sessions that came by the portal are dropped when it changes.
  std::optional<std::uint16_t> portal_group_tag{};
};

struct Session {
  target::SessionStatus status;
  std::string target_label;  ///< Target::name; empty for discovery sessions
};

}  // namespace lunaria::service
