#pragma once

// ReservationStore: where persistent reservations go that are to survive power loss (APTPL, SPC-5 5.14.5).

#include "runtime/task.h"
#include "scsi/reservation_state.h"

namespace lunaria::scsi {

/// Implemented by whoever owns a logical unit. Called on the unit's home shard and returns there; a unit saves one
/// state at a time, and its other commands do not wait.
class ReservationStore {
 public:
  virtual ~ReservationStore() = default;
  /// Makes `state` what the unit finds after a restart, in place of what was saved before; nothing when it has no
  /// registrations. True when it is on stable storage; false when it is not, and then what was saved before stays.
  virtual runtime::Task<bool> save(ReservationState state) = 0;
};

}  // namespace lunaria::scsi
