#pragma once

// What LOG SENSE shares with the VPD pages: the unit in which it counts space.

#include <bit>
#include <cstdint>

#include "scsi/unit_state.h"

namespace lunaria::scsi {

/// THRESHOLD EXPONENT of the Logical Block Provisioning page (SBC-4 6.6.6): resource counts and thresholds are in sets
/// of two to this power of logical blocks, which makes 1 MiB.
inline std::uint8_t threshold_exponent(const UnitState& unit) {
  return static_cast<std::uint8_t>(20 - std::countr_zero(unit.geometry.logical_block_size));
}

}  // namespace lunaria::scsi
