#include "scsi/space_watch.h"

#include "scsi/limits.h"
#include "scsi/unit_state.h"

namespace lunaria::scsi {
namespace {

/// Once when it falls to the threshold, and again after it was above.
void judge(UnitState& unit, std::uint64_t available) {
  const bool is_reached = unit.modes.threshold_enabled && available <= unit.modes.threshold_bytes();
  if (is_reached && !unit.space_watch.is_reached && unit.modes.provisioning_errors) {
    unit.log.warning("scsi.unit.space_threshold_reached", {{"serial", unit.identity.serial}, {"available", available}});
    unit.establish(asc::kSoftThresholdReached);
  }
  unit.space_watch.is_reached = is_reached;
}

runtime::Task<void> ask(UnitState& unit) {
  const block::Space space = co_await block::space(*unit.volume);
  unit.space_watch.is_asking = false;
  if (space.status == block::IoStatus::kOk) {
    judge(unit, space.available);
  }
}

}  // namespace

void note_written(UnitState& unit, std::uint64_t bytes) {
  unit.space_watch.written += bytes;
  if (unit.space_watch.written >= kSpaceCheckStep) {
    ask_for_space(unit);
  }
}

void ask_for_space(UnitState& unit) {
  unit.space_watch.written = 0;
  if (!unit.space_watch.is_asking) {
    unit.space_watch.is_asking = true;
    if (!runtime::spawn(unit.background.gate, ask(unit))) {  // the volume is being exchanged: the next write asks
      unit.space_watch.is_asking = false;
    }
  }
}

}  // namespace lunaria::scsi
