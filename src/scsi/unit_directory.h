#pragma once

// UnitDirectory: how a logical unit reaches the others of this server, for copies between them. They may live on other
// shards; whoever owns the units implements it.

#include <array>
#include <cstdint>

#include "runtime/task.h"

namespace lunaria::scsi {

class LogicalUnit;

/// What is to be done at another unit: runs on that unit's home shard.
class UnitVisitor {
 public:
  virtual ~UnitVisitor() = default;
  virtual runtime::Task<void> visit(LogicalUnit& unit) = 0;
};

class UnitDirectory {
 public:
  virtual ~UnitDirectory() = default;
  /// Called on the home shard of a unit. Travels to the unit with this NAA designator, lets the visitor work there and
  /// comes back; the visited unit stays, with its volume, as long as the visit lasts. False when there is none.
  virtual runtime::Task<bool> visit(std::array<std::uint8_t, 8> naa, UnitVisitor& visitor) = 0;
};

}  // namespace lunaria::scsi
