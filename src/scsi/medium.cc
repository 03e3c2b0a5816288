#include "scsi/medium.h"

namespace lunaria::scsi {
namespace {

// SPC-5 4.2.5.1: the GROUP CODE field tells the length of the CDB.
unsigned group_code(CdbBytes bytes) {
  return cdb::Opcode::get(bytes) >> 5;
}

std::uint16_t transfer_length_byte(CdbBytes bytes) {
  switch (group_code(bytes)) {
    case 0:
      return 4;
    case 4:
      return 10;
    case 5:
      return 6;
    default:
      return 7;
  }
}

}  // namespace

BlockRange decode_range(CdbBytes bytes) {
  switch (group_code(bytes)) {
    case 0: {
      const std::uint32_t count = cdb::six::TransferLength::get(bytes);
      return {cdb::six::LbaHigh::get(bytes) << 16 | cdb::six::LbaLow::get(bytes), count == 0 ? 256 : count};
    }
    case 4:
      return {cdb::sixteen::Lba::get(bytes), cdb::sixteen::TransferLength::get(bytes)};
    case 5:
      return {cdb::twelve::Lba::get(bytes), cdb::twelve::TransferLength::get(bytes)};
    default:
      return {cdb::ten::Lba::get(bytes), cdb::ten::TransferLength::get(bytes)};
  }
}

std::size_t group_number(CdbBytes bytes) {
  constexpr std::byte kMask{0x1F};
  switch (group_code(bytes)) {
    case 0:
      return 0;
    case 4:
      return std::to_integer<std::size_t>(bytes[14] & kMask);
    case 5:
      return std::to_integer<std::size_t>(bytes[10] & kMask);
    default:
      return std::to_integer<std::size_t>(bytes[6] & kMask);
  }
}

Outcome check_range(const UnitState& unit, BlockRange range) {
  const std::uint64_t block_count = unit.geometry.block_count;
  if (range.lba >= block_count || range.count > block_count - range.lba) {
    return illegal_request(asc::kLbaOutOfRange);
  }
  return good();
}

Result<BlockRange, Outcome> transfer_range(const Execution& execution) {
  const BlockRange range = decode_range(execution.cdb());
  if (const Outcome outcome = check_range(execution.unit, range); !outcome.is_good()) {
    return fail(outcome);
  }
  if (byte_count(execution.unit, range.count) > kTransferLengthMax) {
    return fail(invalid_cdb(transfer_length_byte(execution.cdb())));
  }
  return range;
}

Outcome failed_outcome() {
  return check_condition(SenseKey::kNotReady, asc::kNotReadyManualIntervention);
}

Outcome io_outcome(UnitState& unit, block::IoStatus status, std::uint64_t lba) {
  Outcome outcome;
  switch (status) {
    case block::IoStatus::kOk:
      break;
    case block::IoStatus::kMediumReadError:
      outcome = check_condition(SenseKey::kMediumError, asc::kUnrecoveredReadError);
      outcome.sense.information = lba;
      break;
    case block::IoStatus::kMediumWriteError:
      outcome = check_condition(SenseKey::kMediumError, asc::kWriteError);
      outcome.sense.information = lba;
      break;
    case block::IoStatus::kNoSpace:
      outcome = check_condition(SenseKey::kDataProtect, asc::kSpaceAllocationFailed);
      break;
    case block::IoStatus::kWriteProtected:
      outcome = check_condition(SenseKey::kDataProtect, asc::kWriteProtected);
      break;
    case block::IoStatus::kFailed:
      unit.note_failure();
      outcome = failed_outcome();
      break;
  }
  return outcome;
}

}  // namespace lunaria::scsi
