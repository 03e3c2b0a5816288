// WRITE ATOMIC(16) (SBC-4 5.44): all of its blocks are written, or none, also when the power fails; and no other
// command sees some of them old and some new.

#include "scsi/compare.h"
#include "scsi/handlers.h"
#include "scsi/medium.h"

namespace lunaria::scsi {
namespace {

// One atomic write per command: there is no boundary to ask for, as all that fits is written as one.
Result<BlockRange, Outcome> atomic_range(const Execution& x) {
  const BlockRange range{cdb::sixteen::Lba::get(x.cdb()), cdb::write_atomic::TransferLength::get(x.cdb())};
  if (const Outcome outcome = check_range(x.unit, range); !outcome.is_good()) {
    return fail(outcome);
  }
  if (cdb::write_atomic::AtomicBoundary::get(x.cdb()) != 0) {
    return fail(invalid_cdb(10));
  }
  if (byte_count(x.unit, range.count) > atomic_length_max(x.unit)) {
    return fail(invalid_cdb(12));
  }
  return range;
}

}  // namespace

runtime::Task<Outcome> run_write_atomic(Execution& x) {
  const auto range = atomic_range(x);
  if (!range) {
    co_return range.error();
  }
  if (range->count == 0) {
    co_return good();
  }
  UnitState& unit = x.unit;
  const auto length = static_cast<std::size_t>(byte_count(unit, range->count));
  const Outcome received = co_await receive_data(x, length);
  if (!received.is_good()) {
    co_return received;
  }
  RangeLocks::Hold hold(unit.ranges, range->lba, range->count, RangeLocks::Mode::kExclusive);
  co_await hold;
  if (const Outcome stop = interrupted(x); !stop.is_good()) {
    co_return stop;
  }
  const block::IoStatus status = co_await block::write_atomic(
      *unit.volume, byte_count(unit, range->lba), x.command.transport.data_out().first(length),
      must_be_durable(unit, cdb::ForceUnitAccess::get(x.cdb())));
  co_return io_outcome(unit, status, range->lba);
}

}  // namespace lunaria::scsi
