#pragma once

// SpaceWatch: tells initiators and the administrator that the space left to a thin unit has fallen to its threshold, or
// the space taken has risen to its own (SBC-4 4.7.3.7). The volume is asked in the background: no command waits for it.
// Internal to the folder.

#include <cstdint>

namespace lunaria::scsi {

struct UnitState;

/// Part of a UnitState.
struct SpaceWatch {
  std::uint64_t written = 0;  ///< bytes since the volume was last asked
  bool is_asking = false;
  bool has_more_to_ask = false;  ///< something changed while it was asked
  // The threshold is met, and initiators know: it is armed again when the space is on its other side.
  bool is_available_reached = false;
  bool is_used_reached = false;
};

/// Bytes have been written, or freed: asks the volume from time to time, if there is a threshold.
void note_space_change(UnitState& unit, std::uint64_t bytes);
/// Asks at once.
void ask_for_space(UnitState& unit);

}  // namespace lunaria::scsi
