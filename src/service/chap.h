#pragma once

// CHAP settings as they are shown and changed: of targets, of initiators, and of discovery at a portal group.

#include <cstddef>
#include <optional>
#include <string>

#include "base/secret.h"

namespace lunaria::service {

/// One direction of CHAP as it may be shown: never the secret.
struct ChapSettings {
  bool enabled = false;
  std::string user_name;  ///< empty when none is set
  bool has_secret = false;
  friend bool operator==(const ChapSettings&, const ChapSettings&) = default;
};

/// Changes to one direction of CHAP; what is absent stays.
struct SetChap {
  std::optional<bool> enabled;
  std::optional<std::string> user_name;  ///< "" clears it; at most 255 bytes
  std::optional<Secret> secret;          ///< an empty one clears it
};

/// Secrets have 12 bytes to this many (RFC 7143 9.2.1 asks for 12 at least, and for the ability to take 128).
inline constexpr std::size_t kSecretBytesMax = 255;
/// The upper bound that Windows tools know for CHAP secrets.
inline constexpr std::size_t kWindowsSecretBytesMax = 16;

}  // namespace lunaria::service
