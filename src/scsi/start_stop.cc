// START STOP UNIT (SBC-4 5.31) and PREVENT ALLOW MEDIUM REMOVAL (SPC-5 6.18).

#include <algorithm>

#include "scsi/handlers.h"
#include "scsi/medium.h"

namespace lunaria::scsi {
namespace {

bool removal_is_prevented(const UnitState& unit) {
  return std::ranges::any_of(unit.nexuses,
                             [](const auto& entry) { return entry.second.prevents_removal && !entry.second.detached; });
}

}  // namespace

// A unit without moving parts is always ready: stopping flushes its cache and does not take it away from the other
// initiators, and every power condition is the active one. Only removable units can be ejected; preventing that locks
// the mechanism, which then does not load either.
runtime::Task<Outcome> run_start_stop_unit(Execution& x) {
  UnitState& unit = x.unit;
  const bool start = cdb::start_stop::Start::get(x.cdb());
  const bool changes_medium =
      cdb::start_stop::LoadEject::get(x.cdb()) && cdb::start_stop::PowerCondition::get(x.cdb()) == 0;
  const bool changes_power = !start || cdb::start_stop::PowerCondition::get(x.cdb()) != 0;
  if (changes_power && unit.reservations.conflicts(x.nexus, ConflictClass::kWrites)) {
    co_return Outcome{Status::kReservationConflict, {}};
  }
  if (changes_medium && !unit.options.removable) {
    co_return invalid_cdb(4, std::uint8_t{1});
  }
  if (changes_medium && removal_is_prevented(unit) && (!start || unit.ejected)) {
    co_return illegal_request(asc::kMediumRemovalPrevented);
  }
  if (start) {
    if (changes_medium && unit.ejected) {
      unit.ejected = false;
      unit.establish(asc::kMediumMayHaveChanged, &x.nexus);
    }
    co_return good();
  }
  if (!unit.failed && !unit.ejected && !cdb::start_stop::NoFlush::get(x.cdb())) {
    const block::IoStatus status = co_await block::flush(*unit.volume);
    if (status != block::IoStatus::kOk) {
      co_return io_outcome(unit, status, 0);
    }
  }
  unit.ejected = unit.ejected || changes_medium;
  co_return good();
}

runtime::Task<Outcome> run_prevent_allow(Execution& x) {
  const std::uint8_t prevent = cdb::prevent_allow::Prevent::get(x.cdb());
  if (prevent > 1) {  // obsolete values
    co_return invalid_cdb(4, std::uint8_t{1});
  }
  if (prevent != 0 && x.unit.reservations.conflicts(x.nexus, ConflictClass::kWrites)) {
    co_return Outcome{Status::kReservationConflict, {}};
  }
  x.nexus.prevents_removal = prevent != 0;
  co_return good();
}

}  // namespace lunaria::scsi
