#pragma once

// EventKeeper: knows when what was told of events will not be lost any more, for those who answer the operation that
// caused them.

#include "runtime/task.h"

namespace lunaria::cim {

/// Interface; control shard only.
class EventKeeper {
 public:
  virtual ~EventKeeper() = default;
  /// Whether anything that was told is not on stable storage yet.
  virtual bool is_keeping() const = 0;
  /// Returns when all that was told until now is, or could not be put there, which is logged. Waits for nothing else.
  virtual runtime::Task<void> kept() = 0;
};

}  // namespace lunaria::cim
