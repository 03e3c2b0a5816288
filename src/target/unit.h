#pragma once

// Unit: a disk being served: its volume, its logical unit and those inside. Lives on its home shard.

#include <memory>
#include <optional>
#include <string>

#include "block/volume.h"
#include "runtime/event.h"
#include "runtime/gate.h"
#include "runtime/task.h"
#include "scsi/logical_unit.h"
#include "scsi/unit_directory.h"
#include "target/data_plane.h"

namespace lunaria::target {

class DataShard;

/// All members are for the home shard.
class Unit final : public scsi::UnitObserver, public scsi::ReservationStore, private scsi::UnitDirectory {
 public:
  /// The shard outlives the unit.
  Unit(DataShard& home, UnitConfig config, std::unique_ptr<block::Volume> volume);
  ~Unit() override;

  UnitId id() const { return config_.id; }
  /// Runs a command, after any exchange of the volume that is under way.
  runtime::Task<void> execute(scsi::Command& command);
  scsi::LogicalUnit& logical_unit() { return *logical_unit_; }
  /// Lets a copy by another unit work here, after any exchange of the volume that is under way. False when the unit
  /// stops.
  runtime::Task<bool> receive_visit(scsi::UnitVisitor& visitor);
  /// Holds new commands, waits for those inside, exchanges the volume, goes on. One at a time. Whether the capacity is
  /// another one now.
  runtime::Task<bool> replace_volume(std::unique_ptr<block::Volume> volume);
  /// Takes no more commands and waits for those inside; then it may be destroyed.
  runtime::Task<void> stop();
  std::optional<std::string> failure() const { return volume_->failure(); }

 private:
  /// Ends what runs in the background and waits for what is inside; the gate is closed.
  runtime::Task<void> drain();
  void on_volume_failed(const std::string& reason) override;
  void on_space_reached(const scsi::SpaceReached& reached) override;
  runtime::Task<bool> save(scsi::ReservationState state) override;
  scsi::UnitDirectory* directory() override { return this; }
  runtime::Task<bool> visit(std::array<std::uint8_t, 8> naa, scsi::UnitVisitor& visitor) override;

  DataShard& home_;
  UnitConfig config_;
  std::unique_ptr<block::Volume> volume_;
  std::unique_ptr<scsi::LogicalUnit> logical_unit_;
  runtime::Gate inside_;
  runtime::Event resumed_;
  bool stopped_ = false;
};

}  // namespace lunaria::target
