#pragma once

// SpaceWatch: tells initiators of a thin unit that the space left has fallen to the threshold (SBC-4 4.7.3.7). Internal
// to the folder.

#include <cstdint>

namespace lunaria::scsi {

struct UnitState;

/// Part of a UnitState.
struct SpaceWatch {
  std::uint64_t written = 0;  ///< bytes since the volume was last asked
  bool is_asking = false;
  bool is_reached = false;  ///< and initiators know
};

/// Bytes have been written: asks the volume from time to time, in the background. For units with a threshold.
void note_written(UnitState& unit, std::uint64_t bytes);
/// Asks at once.
void ask_for_space(UnitState& unit);

}  // namespace lunaria::scsi
