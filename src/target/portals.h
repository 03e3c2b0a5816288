#pragma once

// Portals: the listening sockets of the data plane, all on one shard; logins begin there.

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <vector>

#include "runtime/gate.h"
#include "runtime/network.h"
#include "target/connection_loop.h"
#include "target/data_plane.h"
#include "target/data_shard.h"

namespace lunaria::target {

/// Lives on one data shard.
class Portals final {
 public:
  /// Connections that have not logged in yet. One more is closed at once: login costs nothing to try again.
  static constexpr std::size_t kLoginsMax = 1024;

  Portals(DataShard& home, LoopEnvironment& environment) : home_(home), environment_(environment) {}
  Portals(const Portals&) = delete;
  Portals& operator=(const Portals&) = delete;

  /// Opens what should listen and does not, closes what should not. Connections that were accepted stay.
  runtime::Task<std::vector<PortalFailure>> update(const std::vector<PortalConfig>& portals);
  /// Closes all; returns when the last accept is over.
  runtime::Task<void> stop();

 private:
  struct Portal {
    std::unique_ptr<runtime::Listener> listener;
    runtime::Gate accepting;
  };

  runtime::Task<void> accept_all(Portal& portal);
  runtime::Task<void> close(std::unique_ptr<Portal> portal);

  DataShard& home_;
  LoopEnvironment& environment_;
  std::map<IpEndpoint, std::unique_ptr<Portal>> portals_;
  std::set<IpEndpoint> failed_;  // those whose failure was logged
  std::size_t logins_ = 0;
};

}  // namespace lunaria::target
