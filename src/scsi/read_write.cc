// READ, WRITE and SYNCHRONIZE CACHE: the hot path. Nothing here allocates from the heap.

#include <algorithm>

#include "scsi/handlers.h"
#include "scsi/medium.h"

namespace lunaria::scsi {

// SBC-4 5.15 - 5.18. What the initiator has no room for is not read either.
runtime::Task<Outcome> run_read(Execution& x) {
  const auto range = transfer_range(x);
  if (!range) {
    co_return range.error();
  }
  UnitState& unit = x.unit;
  Command& command = x.command;
  command.transfer_length = byte_count(unit, range->count);
  const std::uint64_t wanted = std::min(command.transfer_length, command.data_in_length);
  const std::uint64_t block_size = unit.geometry.logical_block_size;
  const std::uint64_t length = (wanted + block_size - 1) / block_size * block_size;
  if (length == 0) {
    co_return good();
  }
  runtime::Buffer buffer = co_await command.transport.buffers().allocate(length);
  RangeLocks::Hold hold(unit.ranges, range->lba, range->count, RangeLocks::Mode::kShared);
  co_await hold;
  if (const Outcome stop = interrupted(x); !stop.is_good()) {
    co_return stop;
  }
  if (cdb::Opcode::get(x.cdb()) >> 5 != 0 && cdb::ForceUnitAccess::get(x.cdb()) && unit.features.volatile_cache) {
    const block::IoStatus flushed = co_await block::flush(*unit.volume);
    if (flushed != block::IoStatus::kOk) {
      co_return io_outcome(unit, flushed, range->lba);
    }
  }
  const std::uint64_t offset = byte_count(unit, range->lba);
  const std::span<std::byte> memory = buffer.memory().first(length);
  const bool is_lent = command.transport.may_borrow() && unit.volume->lend(offset, memory, command.data_in_loan);
  if (!is_lent) {
    const block::IoStatus status = co_await block::read(*unit.volume, offset, memory);
    if (status != block::IoStatus::kOk) {
      co_return io_outcome(unit, status, range->lba);
    }
  }
  command.data_in = std::move(buffer);
  command.data_in_size = wanted;
  co_return good();
}

// SBC-4 5.40 - 5.43. When the initiator sends less than the CDB says, the whole blocks among it are written and the
// transport reports the residual.
runtime::Task<Outcome> run_write(Execution& x) {
  const auto range = transfer_range(x);
  if (!range) {
    co_return range.error();
  }
  UnitState& unit = x.unit;
  Command& command = x.command;
  command.transfer_length = byte_count(unit, range->count);
  const std::uint64_t block_size = unit.geometry.logical_block_size;
  const std::uint64_t length = std::min(command.transfer_length, command.data_out_length) / block_size * block_size;
  if (length == 0) {
    co_return good();
  }
  const bool arrived = co_await command.receive(length);
  if (!arrived) {
    co_return aborted();
  }
  RangeLocks::Hold hold(unit.ranges, range->lba, range->count, RangeLocks::Mode::kShared, &command);
  co_await hold;
  if (const Outcome stop = interrupted(x); !stop.is_good()) {
    co_return stop;
  }
  const bool force = cdb::Opcode::get(x.cdb()) >> 5 != 0 && cdb::ForceUnitAccess::get(x.cdb());
  const block::IoStatus status =
      co_await block::write(*unit.volume, byte_count(unit, range->lba), command.transport.data_out().first(length),
                            must_be_durable(unit, force));
  co_return io_outcome(unit, status, range->lba);
}

// SBC-4 5.33, 5.34. The whole volume is flushed, also when the range is smaller and when IMMED would let us answer
// before it is done: the answer is then never too early.
runtime::Task<Outcome> run_synchronize_cache(Execution& x) {
  const BlockRange range = decode_range(x.cdb());
  if (const Outcome outcome = check_range(x.unit, range); !outcome.is_good()) {
    co_return outcome;
  }
  const block::IoStatus status = co_await block::flush(*x.unit.volume);
  co_return io_outcome(x.unit, status, range.lba);
}

}  // namespace lunaria::scsi
