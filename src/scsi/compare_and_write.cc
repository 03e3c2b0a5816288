// COMPARE AND WRITE (SBC-4 5.3) and ORWRITE(16) (SBC-4 5.12): read, decide, write, with nobody else in between.

#include <algorithm>

#include "scsi/compare.h"
#include "scsi/handlers.h"
#include "scsi/medium.h"

namespace lunaria::scsi {

runtime::Task<Outcome> run_compare_and_write(Execution& x) {
  UnitState& unit = x.unit;
  const BlockRange range{cdb::sixteen::Lba::get(x.cdb()), cdb::compare_and_write::BlockCount::get(x.cdb())};
  if (const Outcome outcome = check_range(unit, range); !outcome.is_good()) {
    co_return outcome;
  }
  const auto length = static_cast<std::size_t>(byte_count(unit, range.count));
  const Outcome received = co_await receive_exactly(x, 2 * length, 13);
  if (!received.is_good()) {
    co_return received;
  }
  if (length == 0) {
    co_return good();
  }
  runtime::Buffer buffer = co_await x.command.transport.buffers().allocate(length);
  RangeLocks::Hold hold(unit.ranges, range.lba, range.count, RangeLocks::Mode::kExclusive);
  co_await hold;
  if (const Outcome stop = interrupted(x); !stop.is_good()) {
    co_return stop;
  }
  const std::uint64_t offset = byte_count(unit, range.lba);
  const auto stored = buffer.memory().first(length);
  const block::IoStatus read = co_await block::read(*unit.volume, offset, stored);
  if (read != block::IoStatus::kOk) {
    co_return io_outcome(unit, read, range.lba);
  }
  if (const Outcome stop = interrupted(x); !stop.is_good()) {
    co_return stop;
  }
  const auto data = x.command.transport.data_out();
  if (const auto found = first_difference(stored, data.first(length))) {
    co_return miscompare(*found);
  }
  const block::IoStatus written = co_await block::write(*unit.volume, offset, data.subspan(length, length),
                                                        must_be_durable(unit, cdb::ForceUnitAccess::get(x.cdb())));
  co_return io_outcome(unit, written, range.lba);
}

runtime::Task<Outcome> run_or_write(Execution& x) {
  UnitState& unit = x.unit;
  const auto range = transfer_range(x);
  if (!range) {
    co_return range.error();
  }
  if (range->count == 0) {
    co_return good();
  }
  const auto length = static_cast<std::size_t>(byte_count(unit, range->count));
  const Outcome received = co_await receive_data(x, length);
  if (!received.is_good()) {
    co_return received;
  }
  runtime::Buffer buffer = co_await x.command.transport.buffers().allocate(length);
  RangeLocks::Hold hold(unit.ranges, range->lba, range->count, RangeLocks::Mode::kExclusive);
  co_await hold;
  if (const Outcome stop = interrupted(x); !stop.is_good()) {
    co_return stop;
  }
  const std::uint64_t offset = byte_count(unit, range->lba);
  const auto stored = buffer.memory().first(length);
  const block::IoStatus read = co_await block::read(*unit.volume, offset, stored);
  if (read != block::IoStatus::kOk) {
    co_return io_outcome(unit, read, range->lba);
  }
  if (const Outcome stop = interrupted(x); !stop.is_good()) {
    co_return stop;
  }
  const auto data = x.command.transport.data_out().first(length);
  std::ranges::transform(stored, data, stored.begin(), [](std::byte a, std::byte b) { return a | b; });
  const block::IoStatus written =
      co_await block::write(*unit.volume, offset, stored, must_be_durable(unit, cdb::ForceUnitAccess::get(x.cdb())));
  co_return io_outcome(unit, written, range->lba);
}

}  // namespace lunaria::scsi
