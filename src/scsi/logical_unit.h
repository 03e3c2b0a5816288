#pragma once

// LogicalUnit: a volume that speaks SCSI. Lives on its home shard and is used there only; commands from connections of
// other shards travel to it.

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/log.h"
#include "block/volume.h"
#include "runtime/shard.h"
#include "runtime/task.h"
#include "scsi/command.h"
#include "scsi/nexus.h"
#include "scsi/rate_limit.h"
#include "scsi/reservation_store.h"
#include "scsi/unit_directory.h"

namespace lunaria::scsi {

/// What INQUIRY and the VPD pages say of a unit; the same after restart, export and import.
struct Identity {
  std::string vendor;                 ///< T10 vendor identification, at most 8 characters
  std::string product;                ///< at most 16
  std::string revision;               ///< at most 4
  std::string serial;                 ///< VPD page 80h, at most 36 printable characters
  std::array<std::uint8_t, 8> naa{};  ///< NAA locally assigned (3h) or registered designator, VPD page 83h
};

/// Settings of a unit that an administrator changes.
struct UnitOptions {
  bool read_only = false;  ///< for every nexus
  bool removable = false;
  RateLimit rate_limit{};  ///< of all initiators together
  // Thin units: initiators are told when so many bytes are left, and when so many are taken; 0: never.
  std::uint64_t space_threshold = 0;
  std::uint64_t used_threshold = 0;
  friend bool operator==(const UnitOptions&, const UnitOptions&) = default;
};

/// Task management functions that concern logical units (SAM-5 7).
enum class TaskManagement : std::uint8_t {
  kAbortTask,
  kAbortTaskSet,
  kClearTaskSet,
  kLogicalUnitReset,
  kClearAca,
  kItNexusReset,
};

/// A SANITIZE or FORMAT UNIT under way (SBC-4 4.11, 4.10): it goes on over every block that the unit has.
struct RunningErasure {
  bool is_sanitize = true;  ///< otherwise FORMAT UNIT
  unsigned percent = 0;     ///< that are done
  friend bool operator==(const RunningErasure&, const RunningErasure&) = default;
};

/// A thin unit has met a threshold of its space.
struct SpaceReached {
  enum class Resource : std::uint8_t { kAvailable, kUsed };
  Resource resource = Resource::kAvailable;
  std::uint64_t bytes = 0;      ///< that are left, or taken
  std::uint64_t threshold = 0;  ///< bytes
  friend bool operator==(const SpaceReached&, const SpaceReached&) = default;
};

/// What a unit tells its owner; called on the home shard, must not block.
class UnitObserver {
 public:
  virtual ~UnitObserver() = default;
  /// The volume entered the failed state.
  virtual void on_volume_failed(const std::string& reason) = 0;
  /// Once, and again after the space was on the other side of the threshold.
  virtual void on_space_reached(const SpaceReached& reached) = 0;
  /// The other units of the server, for copies between them; nullptr when there is no way to them. Outlives the unit.
  virtual UnitDirectory* directory() { return nullptr; }
};

class RateLimiter;
/// Forward declared: reservations, unit attentions, mode pages, task set.
struct UnitState;

/// The device server and task manager of one unit. What it is given references to outlives it.
class LogicalUnit final {
 public:
  LogicalUnit(runtime::Shard& home, block::Volume& volume, Identity identity, UnitOptions options,
              UnitObserver& observer, ReservationStore& reservation_store, Log& log);
  LogicalUnit(const LogicalUnit&) = delete;
  LogicalUnit& operator=(const LogicalUnit&) = delete;
  ~LogicalUnit();

  /// Puts the persistent reservations in force that an earlier life of the unit has saved; before the first nexus.
  void restore(ReservationState reservations);

  /// Runs one command to its end: status, sense, data-in and transfer length are then set. The command stays in place
  /// until the task is done.
  runtime::Task<void> execute(Command& command);

  /// A nexus that may address this unit has come (POWER ON unit attention is established for it) or has gone (its tasks
  /// are aborted, with status TASK ABORTED should it still be there and only the mapping have gone; what SPC-5 makes
  /// per-nexus is forgotten, registrations stay).
  void attach(std::shared_ptr<const Nexus> nexus);
  void detach(NexusId nexus);
  /// A nexus that is attached has another inventory or other target ports beside its own; its names stay.
  void update(std::shared_ptr<const Nexus> nexus);

  /// What the mapping of an attached nexus says of writing; copies by other units heed it, commands carry it
  /// themselves.
  void set_read_only(NexusId nexus, bool read_only);
  /// The limit of the nexus's initiator, which it shares with its other units and sessions; nullptr: none.
  void set_rate_limiter(NexusId nexus, std::shared_ptr<RateLimiter> limiter);

  /// Ends what runs without a command (SANITIZE, FORMAT UNIT, copies in the background), unfinished, and waits until it
  /// has. Before the volume is exchanged or the unit goes; allow_background() lets such things begin again.
  runtime::Task<void> stop_background();
  void allow_background();

  /// Has no SANITIZE or FORMAT UNIT begin (initiators get NOT READY, 04h/01h, and try again) until release_erasures();
  /// what runs when one does already, and then nothing is held. For changes of the unit's size.
  std::optional<RunningErasure> hold_erasures();
  void release_erasures();

  /// Carries out a function for `nexus`; `tag` matters for kAbortTask only. Affected commands see `aborted`, and end
  /// soon without status for their own nexus (others get TASK ABORTED or a unit attention as TAS says). False when
  /// kAbortTask found no such task.
  bool manage(TaskManagement function, NexusId nexus, std::uint32_t tag);
  /// What the nexus will be told next (SAM-5 7.10 QUERY ASYNCHRONOUS EVENT); it stays pending.
  std::optional<AdditionalSense> pending_attention(NexusId nexus) const;

  /// Unit attentions from management, on every attached nexus: capacity changed 2Ah/09h, reported LUNs changed 3Fh/0Eh,
  /// inquiry data changed 3Fh/03h.
  void capacity_changed();
  void reported_luns_changed(NexusId nexus);
  void set_options(UnitOptions options);

  /// Exchanges the volume (resize, repair); no command may be inside. Raises CAPACITY DATA HAS CHANGED when the block
  /// count differs. The old volume is not touched any more.
  void replace_volume(block::Volume& volume);

  const Identity& identity() const;
  runtime::Shard& home() const;
  /// Commands being executed.
  std::size_t task_count() const;
  /// For this folder: what copies from other units work on.
  UnitState& state() { return *state_; }

 private:
  std::unique_ptr<UnitState> state_;
};

/// Executes a command that addresses no logical unit of the nexus: INQUIRY says that none is there, REPORT LUNS answers
/// (also on the REPORT LUNS well-known unit), REQUEST SENSE answers, all else is LOGICAL UNIT NOT SUPPORTED
/// (SPC-5 5.x, SAM-5 5.11). Runs on any shard.
runtime::Task<void> execute_without_unit(Command& command);

}  // namespace lunaria::scsi
