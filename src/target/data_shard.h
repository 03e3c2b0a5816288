#pragma once

// DataShard: what one shard of the data plane holds: the current config, the units that live here, the connections
// being served here.

#include <functional>
#include <memory>
#include <unordered_map>
#include <vector>

#include "base/log.h"
#include "iscsi/command_slot.h"
#include "runtime/gate.h"
#include "runtime/shard.h"
#include "target/data_plane.h"
#include "target/published.h"
#include "target/unit.h"

namespace lunaria::target {

class ConnectionLoop;
class ServedSession;

/// Everything but the constructor, the destructor, `shard` and `log` is for the shard's own thread. The destructor runs
/// when nothing is left on it.
class DataShard final {
 public:
  /// Commands in progress on one shard, all sessions together.
  static constexpr std::size_t kSlotsMax = 65'536;

  using Reporter = std::function<void(Event)>;

  using ReservationSaver = std::function<runtime::Task<bool>(UnitId, scsi::ReservationState)>;

  /// The reporter may be called on this shard and passes events on to the control shard. The saver may be called here
  /// and returns on the control shard.
  DataShard(runtime::Shard& shard, Log& log, Reporter reporter, ReservationSaver saver);
  DataShard(const DataShard&) = delete;
  DataShard& operator=(const DataShard&) = delete;
  ~DataShard();

  runtime::Shard& shard() { return shard_; }
  Log& log() { return log_; }
  iscsi::SlotPool& slots() { return slots_; }
  /// Coroutines that serve connections here.
  runtime::Gate& gate() { return gate_; }
  void report(Event event) { reporter_(std::move(event)); }
  runtime::Task<bool> save_reservations(UnitId unit, scsi::ReservationState state) {
    return saver_(unit, std::move(state));
  }

  const Published& published() const { return *published_; }
  void set_published(std::shared_ptr<const Published> published) { published_ = std::move(published); }

  void add_unit(std::unique_ptr<Unit> unit);
  /// The unit must have stopped.
  void remove_unit(UnitId id);

  ConnectionLoop& add(std::unique_ptr<ConnectionLoop> loop);
  /// The caller owns it now.
  std::unique_ptr<ConnectionLoop> take(ConnectionLoop& loop);
  const std::vector<std::unique_ptr<ConnectionLoop>>& loops() const { return loops_; }

  ServedSession& add_session(std::unique_ptr<ServedSession> session);
  void remove_session(ServedSession& session);
  ServedSession* find_session(std::uint16_t tsih) const;
  const std::unordered_map<std::uint16_t, std::unique_ptr<ServedSession>>& sessions() const { return sessions_; }

 private:
  runtime::Shard& shard_;
  Log& log_;
  Reporter reporter_;
  ReservationSaver saver_;
  iscsi::SlotPool slots_{kSlotsMax};
  runtime::Gate gate_;
  std::shared_ptr<const Published> published_;
  std::unordered_map<UnitId, std::unique_ptr<Unit>> units_;
  std::vector<std::unique_ptr<ConnectionLoop>> loops_;
  std::unordered_map<std::uint16_t, std::unique_ptr<ServedSession>> sessions_;
};

}  // namespace lunaria::target
