// WRITE SAME(10) and (16) (SBC-4 5.52, 5.53).

#include <algorithm>

#include "scsi/compare.h"
#include "scsi/handlers.h"
#include "scsi/limits.h"
#include "scsi/medium.h"

namespace lunaria::scsi {
namespace {

constexpr std::uint8_t kWriteSame16 = 0x93;

bool is_sixteen(const Execution& x) {
  return cdb::Opcode::get(x.cdb()) == kWriteSame16;
}

// Checks the CDB; the range is inside the unit and within the announced maximum.
Result<BlockRange, Outcome> write_same_range(const Execution& x) {
  const std::uint16_t length_byte = is_sixteen(x) ? 10 : 7;
  if (cdb::write_same::Unmap::get(x.cdb()) && !x.unit.features.unmap) {
    return fail(invalid_cdb(1, std::uint8_t{3}));
  }
  BlockRange range = decode_range(x.cdb());
  if (range.count == 0 && range.lba < x.unit.geometry.block_count) {  // to the last block
    range.count = x.unit.geometry.block_count - range.lba;
  }
  if (const Outcome outcome = check_range(x.unit, range); !outcome.is_good()) {
    return fail(outcome);
  }
  if (byte_count(x.unit, range.count) > kWriteSameLengthMax) {
    return fail(invalid_cdb(length_byte));
  }
  return range;
}

// Writes one block's pattern over the range, a step at a time.
runtime::Task<Outcome> write_pattern(Execution& x, BlockRange range, std::span<const std::byte> pattern) {
  UnitState& unit = x.unit;
  const std::uint64_t total = byte_count(unit, range.count);
  const auto step_max = static_cast<std::size_t>(std::min<std::uint64_t>(kStepLength, total));
  runtime::Buffer buffer = co_await x.command.transport.buffers().allocate(step_max);
  for (std::size_t at = 0; at < step_max; at += pattern.size()) {
    std::ranges::copy(pattern, buffer.memory().subspan(at).begin());
  }
  RangeLocks::Hold hold(unit.ranges, range.lba, range.count, RangeLocks::Mode::kShared, &x.command);
  co_await hold;
  const bool durable = must_be_durable(unit, false);
  for (std::uint64_t done = 0; done < total;) {
    if (const Outcome stop = interrupted(x); !stop.is_good()) {
      co_return stop;
    }
    const auto step = static_cast<std::size_t>(std::min<std::uint64_t>(step_max, total - done));
    const block::IoStatus status =
        co_await block::write(*unit.volume, byte_count(unit, range.lba) + done, buffer.memory().first(step), durable);
    if (status != block::IoStatus::kOk) {
      co_return io_outcome(unit, status, range.lba + done / unit.geometry.logical_block_size);
    }
    done += step;
    note_space_change(unit, step);  // the command itself transfers one block
  }
  co_return good();
}

// Zeros need no data: the volume clears the range, or frees it when the UNMAP bit allows that.
runtime::Task<Outcome> write_zeros(Execution& x, BlockRange range) {
  UnitState& unit = x.unit;
  RangeLocks::Hold hold(unit.ranges, range.lba, range.count, RangeLocks::Mode::kShared, &x.command);
  co_await hold;
  if (const Outcome stop = interrupted(x); !stop.is_good()) {
    co_return stop;
  }
  const std::uint64_t offset = byte_count(unit, range.lba);
  const std::uint64_t length = byte_count(unit, range.count);
  block::IoStatus status = block::IoStatus::kOk;
  if (cdb::write_same::Unmap::get(x.cdb())) {
    status = co_await block::unmap(*unit.volume, offset, length);
  } else {
    status = co_await block::write_zeroes(*unit.volume, offset, length, must_be_durable(unit, false));
  }
  note_space_change(unit, length);
  co_return io_outcome(unit, status, range.lba);
}

}  // namespace

runtime::Task<Outcome> run_write_same(Execution& x) {
  const auto range = write_same_range(x);
  if (!range) {
    co_return range.error();
  }
  if (is_sixteen(x) && cdb::write_same::NoDataOutBuffer::get(x.cdb())) {
    co_return co_await write_zeros(x, *range);
  }
  const std::size_t block_size = x.unit.geometry.logical_block_size;
  const Outcome received = co_await receive_exactly(x, block_size, is_sixteen(x) ? 10 : 7);
  if (!received.is_good()) {
    co_return received;
  }
  const std::span<const std::byte> pattern = x.command.transport.data_out().first(block_size);
  // With LBPRZ a block that is not zeros is written also where UNMAP is asked for (SBC-4 5.52.2).
  const bool frees = cdb::write_same::Unmap::get(x.cdb()) && !x.unit.features.unmapped_reads_zeros;
  if (frees || std::ranges::all_of(pattern, [](std::byte byte) { return byte == std::byte{}; })) {
    co_return co_await write_zeros(x, *range);
  }
  co_return co_await write_pattern(x, *range, pattern);
}

}  // namespace lunaria::scsi
