#include "scsi/rate_limiting.h"

#include <algorithm>

#include "scsi/command_table.h"
#include "scsi/medium.h"

namespace lunaria::scsi {
namespace {

constexpr std::uint8_t kTestUnitReady = 0x00;

/// Bytes that go between the initiator and the unit, of a command that is not refused: one that announces more takes no
/// more of the others' time than the longest that there is.
std::uint64_t data_length(const UnitState& unit, const Command& command, const CommandRow& row) {
  if (row.direction == DataDirection::kOut) {
    return std::min<std::uint64_t>(command.data_out_length, kTransferLengthMax);
  }
  if (!row.is_counted) {
    return 0;
  }
  const std::uint64_t blocks = decode_range(CdbBytes(command.cdb_bytes)).count;
  const std::uint64_t bytes = byte_count(unit, std::min(blocks, unit.geometry.block_count));
  return std::min<std::uint64_t>({bytes, command.data_in_length, kTransferLengthMax});
}

/// `limiter` is looked at again after each wait: another one may have taken its place, and then counts from there on.
template <class Limiter>
runtime::Task<void> wait_for(UnitState& unit, const Limiter& limiter, const Command& command, std::uint64_t bytes) {
  const RateLimiter* asked = nullptr;
  runtime::Instant due{};
  while (!command.aborted && limiter != nullptr) {
    const runtime::Instant now = unit.home.clock().now();
    if (limiter.get() != asked) {
      asked = limiter.get();
      due = limiter->reserve(now, bytes);
    }
    if (due <= now) {
      break;
    }
    co_await unit.throttle.until(due);
  }
}

}  // namespace

runtime::Task<void> wait_for_rate(UnitState& unit, const NexusState& nexus, const Command& command) {
  bool known_opcode = false;
  const CommandRow* row = find_command(CdbBytes(command.cdb_bytes), known_opcode);
  if (row == nullptr || row->medium == MediumAccess::kNone || row->opcode == kTestUnitReady) {
    co_return;
  }
  const std::uint64_t bytes = data_length(unit, command, *row);
  co_await wait_for(unit, nexus.rate_limiter, command, bytes);
  co_await wait_for(unit, unit.rate_limiter, command, bytes);
}

}  // namespace lunaria::scsi
