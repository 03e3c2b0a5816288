#pragma once

// Rate limits of logical units and initiators: where a command waits for them. Internal to the folder.

#include "runtime/task.h"
#include "scsi/unit_state.h"

namespace lunaria::scsi {

inline bool is_rate_limited(const UnitState& unit, const NexusState& nexus) {
  return unit.rate_limiter != nullptr || nexus.rate_limiter != nullptr;
}

/// Returns when the limits of its initiator and then of its unit let the command begin, or it was aborted. Commands
/// that leave the medium alone do not wait, nor does TEST UNIT READY. Copies inside the server (third_party_copy.h)
/// count as the commands that began them.
runtime::Task<void> wait_for_rate(UnitState& unit, const NexusState& nexus, const Command& command);

}  // namespace lunaria::scsi
