#pragma once

// What a logical unit knows and the command handlers share. Internal to the folder; lives on the unit's home shard.

#include <memory>
#include <string>
#include <unordered_map>
#include <utility>

#include "block/volume.h"
#include "runtime/event.h"
#include "runtime/shard.h"
#include "scsi/alua.h"
#include "scsi/background.h"
#include "scsi/copy_operations.h"
#include "scsi/logical_unit.h"
#include "scsi/mode_pages.h"
#include "scsi/nexus.h"
#include "scsi/range_locks.h"
#include "scsi/rate_limiter.h"
#include "scsi/reservation_store.h"
#include "scsi/reservations.h"
#include "scsi/rod_token.h"
#include "scsi/space_watch.h"
#include "scsi/statistics.h"
#include "scsi/task_set.h"
#include "scsi/throttle.h"
#include "scsi/unit_attention.h"

namespace lunaria::scsi {

/// One attached I_T nexus. A detached one stays until its last task is done.
struct NexusState {
  explicit NexusState(std::shared_ptr<const Nexus> attached) : nexus(std::move(attached)) {}

  std::shared_ptr<const Nexus> nexus;
  UnitAttentions attentions;
  AccessState access = AccessState::kActiveOptimized;  ///< of the target port group that it comes through
  bool is_registered = false;                          ///< has a persistent reservation key
  bool holds_reservation = false;                      ///< the persistent one, alone or with all registrants
  std::size_t task_count = 0;
  bool detached = false;
  bool has_aca = false;                       ///< the auto contingent allegiance of SAM-5 5.9 is in effect for it
  bool prevents_removal = false;              ///< PREVENT ALLOW MEDIUM REMOVAL
  bool read_only = false;                     ///< the unit is mapped to it for reading only
  std::shared_ptr<RateLimiter> rate_limiter;  ///< of its initiator; nullptr: no limit
};

/// Everything of one unit. Pointers to NexusState stay valid while the nexus is attached or has tasks.
struct UnitState {
  UnitState(runtime::Shard& home_shard, block::Volume& unit_volume, Identity unit_identity, UnitOptions unit_options,
            UnitObserver& unit_observer, ReservationStore& unit_reservation_store, Log& unit_log);

  LogicalUnit* owner = nullptr;  ///< whose state this is
  runtime::Shard& home;
  block::Volume* volume;
  Identity identity;
  UnitOptions options;
  UnitObserver& observer;
  ReservationStore& reservation_store;
  Log& log;

  // Copies, so that the hot path needs no virtual calls; they change with the volume only.
  block::Geometry geometry;
  block::Features features;

  bool failed = false;   ///< the volume is in the failed state, and the observer knows
  bool ejected = false;  ///< removable units: the medium is out

  ModeSettings modes;
  TaskSet tasks;
  RangeLocks ranges;
  Reservations reservations;
  bool reservation_change_under_way = false;  ///< a PERSISTENT RESERVE OUT is between its plan and its effect
  AccessStatistics statistics;
  BackgroundOperation background;
  CopyOperations copies;
  RodTokens tokens;
  std::unique_ptr<RateLimiter> rate_limiter;  ///< of all nexuses together; nullptr: no limit
  Throttle throttle;
  SpaceWatch space_watch;
  AccessStates access;
  std::unordered_map<NexusId, NexusState> nexuses;

  /// Takes geometry, features and failure from the volume.
  void adopt_volume();
  ModeSettings default_modes() const;
  /// What of the mode pages has a meaning for this unit.
  ModeCapabilities mode_capabilities() const { return {features.volatile_cache, features.thin}; }
  /// ASYMMETRIC ACCESS STATE CHANGED on every nexus but the one that asked for it (nullptr: nobody did).
  void set_access(GroupAccess group, const NexusState* requester);
  void set_modes(const ModeSettings& settings);
  void set_rate_limit(const RateLimit& limit);
  bool is_write_protected() const { return options.read_only || features.read_only || modes.software_protect; }
  SenseFormat sense_format() const { return modes.descriptor_sense ? SenseFormat::kDescriptor : SenseFormat::kFixed; }
  /// The volume has answered kFailed, or was given in that state: tells the observer, once.
  void note_failure();
  /// On every attached nexus but one (nullptr: on all).
  void establish(AdditionalSense condition, const NexusState* except = nullptr);
  NexusState* find(NexusId id);
  /// A command of `nexus` has ended with CHECK CONDITION: QERR, and the auto contingent allegiance that NACA asks for.
  void note_check_condition(NexusState& nexus, const Command& command);
  /// Ends the auto contingent allegiance of a nexus, and the command with the ACA attribute with it.
  void clear_aca(NexusState& nexus);
  /// Marks tasks as aborted: those of `nexus`, or of every nexus when nullptr, `except` one task (itself). Those of
  /// other nexuses than `requester` are told as TAS says.
  void abort_tasks(const NexusState* nexus, const NexusState* requester, const Command* except = nullptr);
  /// Likewise those that `condition(task)` holds for.
  template <class Condition>
  void abort_tasks_if(Condition condition, const NexusState* requester) {
    for (TaskEntry* task = tasks.first(); task != nullptr; task = task->next) {
      if (!task->command.aborted && condition(*task)) {
        abort_for(*task, requester);
      }
    }
    wake();
  }
  /// `co_await unit.wait_for_change()`: until a task was aborted or has left, or note_change() was called. Whoever
  /// waits looks again, and waits again.
  auto wait_for_change() { return changed_.wait(); }
  void note_change() { changed_.pulse(); }
  /// Starts what may start, and lets those who wait for a change look again: after tasks were marked as aborted.
  void wake();
  /// Logical unit reset (SAM-5 6.3.3).
  void reset();

 private:
  void abort_for(TaskEntry& task, const NexusState* requester);

  runtime::Event changed_;
};

}  // namespace lunaria::scsi
