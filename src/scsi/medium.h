#pragma once

// What commands that touch blocks share: the range in the CDB, its checks, and how a volume's errors become sense data.

#include <algorithm>
#include <cstdint>

#include "base/result.h"
#include "block/volume.h"
#include "scsi/execution.h"
#include "scsi/limits.h"

namespace lunaria::scsi {

/// Logical blocks; inside the unit once check_range() has said so.
struct BlockRange {
  std::uint64_t lba = 0;
  std::uint64_t count = 0;
};

/// Reads LBA and TRANSFER LENGTH where the commands of the opcode's group have them (6, 10, 12 or 16 bytes).
BlockRange decode_range(CdbBytes cdb);

/// GROUP NUMBER (SBC-4 4.23) where those commands have it; 0, no group, for the short ones.
std::size_t group_number(CdbBytes cdb);

/// LOGICAL BLOCK ADDRESS OUT OF RANGE unless the range is inside the unit; an empty range past the last block is
/// outside too.
Outcome check_range(const UnitState& unit, BlockRange range);

/// decode_range, check_range, and INVALID FIELD IN CDB for more bytes than kTransferLengthMax.
Result<BlockRange, Outcome> transfer_range(const Execution& execution);

/// The one place where IoStatus becomes sense data. `lba` is the first block of the failed operation.
///   kMediumReadError   MEDIUM ERROR, UNRECOVERED READ ERROR
///   kMediumWriteError  MEDIUM ERROR, WRITE ERROR
///   kNoSpace           DATA PROTECT, SPACE ALLOCATION FAILED WRITE PROTECT (SBC-4 4.7.3.4): initiators do not retry
///   kWriteProtected    DATA PROTECT, WRITE PROTECTED
///   kFailed            NOT READY, MANUAL INTERVENTION REQUIRED: an administrator must clear the state, and an
///                      initiator that sees it neither retries for long nor takes the medium for changed
Outcome io_outcome(UnitState& unit, block::IoStatus status, std::uint64_t lba);

/// The same for a unit that is known to be in the failed state.
Outcome failed_outcome();

/// Why a handler must not touch the medium any more: aborted, or a SANITIZE or FORMAT UNIT began while it waited for
/// data or a range. Good otherwise.
inline Outcome interrupted(const Execution& execution) {
  if (execution.command.aborted) {
    return aborted();
  }
  return execution.unit.background.is_idle() ? good() : execution.unit.background.refusal();
}

/// Bytes of the longest WRITE ATOMIC; 0 when the volume cannot.
inline std::uint32_t atomic_length_max(const UnitState& unit) {
  return std::min(unit.features.atomic_length_max, kAtomicLengthMax);
}

/// Bytes of a run of blocks.
inline std::uint64_t byte_count(const UnitState& unit, std::uint64_t blocks) {
  return blocks * unit.geometry.logical_block_size;
}

/// Whether writes must be on stable storage before they are answered: FUA, or the write cache is off.
inline bool must_be_durable(const UnitState& unit, bool force_unit_access) {
  return unit.features.volatile_cache && (force_unit_access || !unit.modes.write_cache);
}

}  // namespace lunaria::scsi
