#pragma once

// Asymmetric logical unit access (SPC-5 5.18): which target port groups a unit may be used through.

#include <cstdint>
#include <vector>

#include "scsi/outcome.h"

namespace lunaria::scsi {

struct CommandRow;

/// SPC-5 table 314. The values are those of the ASYMMETRIC ACCESS STATE field.
enum class AccessState : std::uint8_t {
  kActiveOptimized = 0x0,
  kActiveNonOptimized = 0x1,
  kStandby = 0x2,
  kUnavailable = 0x3,
  kTransitioning = 0xF,
};
/// Whether a unit may be brought to the state by SET TARGET PORT GROUPS: all but the last, which only passes.
bool is_settable_access_state(std::uint8_t value);

/// STATUS CODE (SPC-5 table 317): who brought a group to its state.
enum class AccessStatus : std::uint8_t { kNone = 0, kExplicit = 1, kImplicit = 2 };

/// One target port group's state for one unit.
struct GroupAccess {
  std::uint16_t group = 0;
  AccessState state = AccessState::kActiveOptimized;
  AccessStatus status = AccessStatus::kNone;
  friend bool operator==(const GroupAccess&, const GroupAccess&) = default;
};

/// The groups whose state was ever set; all others are active/optimized.
class AccessStates final {
 public:
  GroupAccess find(std::uint16_t group) const;
  /// Whether that changes the group's state.
  bool set(GroupAccess access);

 private:
  std::vector<GroupAccess> groups_;
};

/// Whether a command may be carried out through a port group in this state; otherwise NOT READY and why (SPC-5 5.18.2).
Outcome check_access(AccessState state, const CommandRow& row);

}  // namespace lunaria::scsi
