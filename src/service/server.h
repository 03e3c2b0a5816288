#pragma once

// Server: what identifies this installation, and its server-wide settings. Plain values.

#include <optional>
#include <string>

#include "base/uuid.h"
#include "runtime/clock.h"

namespace lunaria::service {

struct Server {
  Uuid guid;            ///< of the installation; survives upgrades
  std::string name;     ///< settable; at first start the host's name without its domain
  std::string version;  ///< of the product
  std::string host_name;
  /// Whether management may listen on addresses other than loopback.
  bool remotely_manageable = false;
  /// Whether the object manager counts operations and their times.
  bool gathers_statistics = false;
  runtime::WallTime created{};
  runtime::WallTime started{};
  friend bool operator==(const Server&, const Server&) = default;
};

struct SetServer {
  std::optional<std::string> name;  ///< 1..63 of a-z A-Z 0-9 . -
  std::optional<bool> remotely_manageable;
  std::optional<bool> gathers_statistics;
};

}  // namespace lunaria::service
