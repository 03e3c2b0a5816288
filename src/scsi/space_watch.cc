#include "scsi/space_watch.h"

#include <utility>

#include "scsi/limits.h"
#include "scsi/unit_state.h"

namespace lunaria::scsi {
namespace {

/// True once when a threshold is met, and again after it was not.
bool becomes_reached(bool& is_reached, bool is_met) {
  const bool was_reached = std::exchange(is_reached, is_met);
  return is_met && !was_reached;
}

void tell(UnitState& unit, const SpaceReached& reached) {
  const bool is_used = reached.resource == SpaceReached::Resource::kUsed;
  unit.log.warning("scsi.unit.space_threshold_reached", {{"serial", unit.identity.serial},
                                                         {is_used ? "used" : "available", reached.bytes},
                                                         {"threshold", reached.threshold}});
  unit.observer.on_space_reached(reached);
  if (unit.modes.provisioning_errors) {
    unit.establish(asc::kSoftThresholdReached);
  }
}

void judge(UnitState& unit, const block::Space& space) {
  const SpaceThreshold& available = unit.modes.available;
  const SpaceThreshold& used = unit.modes.used;
  SpaceWatch& watch = unit.space_watch;
  if (becomes_reached(watch.is_available_reached, available.enabled && space.available <= available.bytes())) {
    tell(unit, {SpaceReached::Resource::kAvailable, space.available, available.bytes()});
  }
  if (becomes_reached(watch.is_used_reached, used.enabled && space.used >= used.bytes())) {
    tell(unit, {SpaceReached::Resource::kUsed, space.used, used.bytes()});
  }
}

runtime::Task<void> ask(UnitState& unit) {
  do {
    unit.space_watch.has_more_to_ask = false;
    const block::Space space = co_await block::space(*unit.volume);
    if (space.status == block::IoStatus::kOk) {
      judge(unit, space);
    }
  } while (unit.space_watch.has_more_to_ask);
  unit.space_watch.is_asking = false;
}

}  // namespace

void note_space_change(UnitState& unit, std::uint64_t bytes) {
  if (!unit.modes.has_threshold()) [[likely]] {
    return;
  }
  unit.space_watch.written += bytes;
  if (unit.space_watch.written >= kSpaceCheckStep) {
    ask_for_space(unit);
  }
}

void ask_for_space(UnitState& unit) {
  unit.space_watch.written = 0;
  if (unit.space_watch.is_asking) {
    unit.space_watch.has_more_to_ask = true;
    return;
  }
  unit.space_watch.is_asking = true;
  if (!runtime::spawn(unit.background.gate, ask(unit))) {  // the volume is being exchanged: the next write asks
    unit.space_watch.is_asking = false;
  }
}

}  // namespace lunaria::scsi
