#pragma once

// Server: the data plane assembled over a set of shards.

#include <atomic>
#include <memory>
#include <unordered_map>
#include <vector>

#include "base/log.h"
#include "iscsi/limits.h"
#include "runtime/shard.h"
#include "target/connection_loop.h"
#include "target/data_plane.h"
#include "target/data_shard.h"
#include "target/event_channel.h"
#include "target/portals.h"
#include "target/session_directory.h"

namespace lunaria::target {

/// Members are for the control shard. Shards and log outlive the server; stop() comes before the destructor.
class Server final : public DataPlane {
 public:
  /// `data_shards` is not empty; the control shard may be among them (in simulation). Without `find_neighbour` no
  /// initiator has a MAC address.
  Server(runtime::Shard& control, const std::vector<runtime::Shard*>& data_shards, Log& log, iscsi::Timeouts timeouts,
         FindNeighbour find_neighbour = {});
  ~Server() override;

  runtime::Shard& choose_home() override;
  runtime::Task<void> add_unit(UnitConfig unit, runtime::Shard& home, std::unique_ptr<block::Volume> volume) override;
  runtime::Task<void> remove_unit(UnitId unit) override;
  runtime::Task<void> replace_volume(UnitId unit, std::unique_ptr<block::Volume> volume) override;
  runtime::Task<std::optional<scsi::RunningErasure>> hold_erasures(UnitId unit) override;
  runtime::Task<void> release_erasures(UnitId unit) override;
  runtime::Task<void> set_unit_options(UnitId unit, scsi::UnitOptions options) override;
  runtime::Task<std::optional<std::string>> unit_failure(UnitId unit) override;
  runtime::Task<std::vector<PortalFailure>> publish(std::shared_ptr<const Config> config) override;
  runtime::Task<std::vector<PortalFailure>> open_portals() override;
  runtime::Task<std::vector<SessionStatus>> sessions() override;
  runtime::Task<bool> drop_session(std::uint16_t tsih, runtime::Duration grace) override;
  void keep_with(UnitKeeper& keeper) override { keeper_ = &keeper; }
  void observe(std::function<void(const Event&)> observer) override;

  /// Closes portals, asks initiators to log out and drops them after `grace`, stops every unit and destroys its volume.
  runtime::Task<void> stop(runtime::Duration grace);

 private:
  static runtime::Task<void> close_session(DataShard& home, std::uint16_t tsih, runtime::Duration grace);
  runtime::Task<void> close_target(TargetId target, std::uint16_t except_tsih);
  static runtime::Task<void> apply(DataShard& shard, std::shared_ptr<const Published> published);
  runtime::Task<void> apply_everywhere(std::shared_ptr<const Config> config);
  /// From any shard; returns on the control shard.
  runtime::Task<bool> keep_reservations(UnitId unit, scsi::ReservationState state);
  DataShard& shard_of(runtime::Shard& shard) const;

  runtime::Shard& control_;
  UnitKeeper* keeper_ = nullptr;
  EventChannel events_;
  std::vector<std::unique_ptr<DataShard>> shards_;
  SessionDirectory directory_;
  std::atomic<std::uint64_t> last_nexus_{0};
  LoopEnvironment environment_;
  Portals portals_;
  std::unordered_map<UnitId, UnitPlace> units_;
  std::shared_ptr<const Published> published_;  ///< the last one, for the control shard
  std::size_t next_home_ = 0;
  bool is_stopped_ = false;
};

}  // namespace lunaria::target
