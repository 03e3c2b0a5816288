#pragma once

// Machine: the target under test and what it stands on: a server over simulated shards, its disks, its power switch.
// Plays the part of the service: it opens volumes, publishes what is exposed, has failed disks repaired.

#include <memory>
#include <optional>
#include <vector>

#include "base/log.h"
#include "sim/file_system.h"
#include "simulation/board.h"
#include "target/server.h"

namespace lunaria::simulation {

/// What initiators have made persistent, as a catalogue keeps it; takes its time, and nothing after the power has gone.
class KeptReservations final : public target::UnitKeeper {
 public:
  KeptReservations(sim::SimShard& control, sim::Dice& dice, std::size_t disks)
      : control_(control), dice_(dice), kept_(disks) {}
  runtime::Task<bool> keep_reservations(target::UnitId unit, scsi::ReservationState state) override;
  const scsi::ReservationState& of(std::size_t disk) const { return kept_[disk]; }
  void set_powered(bool powered) { powered_ = powered; }

 private:
  sim::SimShard& control_;
  sim::Dice& dice_;
  bool powered_ = true;
  std::vector<scsi::ReservationState> kept_;
};

/// Everything is for the control shard. Board and shards outlive it; stop() comes before the destructor.
class Machine final {
 public:
  Machine(Board& board, sim::SimShard& control, std::vector<runtime::Shard*> data_shards);

  runtime::Task<void> start();
  bool is_running() const { return server_ != nullptr; }
  /// An orderly end of the server.
  runtime::Task<void> stop();
  /// The process or the whole machine is gone at once; start() follows.
  runtime::Task<void> crash(bool power_cut);

  runtime::Task<void> set_exposure(std::size_t disk, Exposure exposure);
  runtime::Task<void> set_admitted(std::size_t initiator, bool admitted);
  /// The limit of a disk, or of an initiator, is another one.
  runtime::Task<void> limit_disk(std::size_t disk, scsi::RateLimit limit);
  runtime::Task<void> limit_initiator(std::size_t initiator, scsi::RateLimit limit);
  runtime::Task<void> lift_limits();
  runtime::Task<void> drop_sessions();
  /// An administrator has a disk opened again.
  runtime::Task<void> repair(std::size_t disk);
  runtime::Task<void> repair_all();

  // The manners of a disk from now on.
  void hang(std::size_t disk);
  void release();
  void set_error_rate(std::size_t disk, std::uint32_t per_mille);
  void fail_next_flush(std::size_t disk);

 private:
  struct Manners {
    bool hangs = false;
    std::uint32_t error_per_mille = 0;
    bool fails_flush = false;
    bool lost_flush = false;  ///< since it was last opened
  };

  sim::Fate fate_of(const sim::Call& call);
  std::unique_ptr<block::Volume> open(std::size_t disk, runtime::Shard& home);
  runtime::Task<void> publish();
  void note_fault(std::size_t disk);
  void note_end(std::size_t disk, bool power_cut);
  scsi::UnitOptions options_of(std::size_t disk) const;
  /// The limit that the server is told of.
  scsi::RateLimit told(const scsi::RateLimit& limit) const;
  void judge_from_now(JudgedRate& rate, const scsi::RateLimit& limit);

  Board& board_;
  sim::SimShard& control_;
  std::vector<runtime::Shard*> data_shards_;
  sim::SimFileSystem files_;
  std::vector<Manners> manners_;
  std::vector<Exposure> exposures_;
  std::vector<bool> admitted_;
  std::vector<scsi::RateLimit> disk_limits_;
  std::vector<scsi::RateLimit> initiator_limits_;
  KeptReservations kept_;
  std::vector<runtime::Shard*> homes_;
  std::uint64_t generation_ = 0;
  MemoryLog log_;
  std::size_t log_lines_said_ = 0;
  std::unique_ptr<target::Server> server_;
};

}  // namespace lunaria::simulation
