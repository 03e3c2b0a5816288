// LogicalUnit and UnitState: attachment of nexuses, task management, what management changes.

#include "scsi/logical_unit.h"

#include "base/check.h"
#include "scsi/additional_sense.h"
#include "scsi/unit_state.h"

namespace lunaria::scsi {

UnitState::UnitState(runtime::Shard& home_shard, block::Volume& unit_volume, Identity unit_identity,
                     UnitOptions unit_options, UnitObserver& unit_observer, ReservationStore& unit_reservation_store,
                     Log& unit_log)
    : home(home_shard),
      volume(&unit_volume),
      identity(std::move(unit_identity)),
      options(unit_options),
      observer(unit_observer),
      reservation_store(unit_reservation_store),
      log(unit_log),
      throttle(home_shard) {
  adopt_volume();
  set_rate_limit(unit_options.rate_limit);
  modes = default_modes();
}

void UnitState::adopt_volume() {
  geometry = volume->geometry();
  features = volume->features();
  failed = false;
  if (volume->failure()) {
    note_failure();
  }
}

void UnitState::note_failure() {
  if (failed) {
    return;
  }
  failed = true;
  const std::string reason = volume->failure().value_or("the volume answers that it has failed");
  log.error("scsi.unit.failed", {{"serial", identity.serial}, {"reason", reason}});
  observer.on_volume_failed(reason);
}

void UnitState::establish(AdditionalSense condition, const NexusState* except) {
  for (auto& [id, nexus] : nexuses) {
    if (&nexus != except) {
      nexus.attentions.establish(condition);
    }
  }
}

NexusState* UnitState::find(NexusId id) {
  const auto found = nexuses.find(id);
  return found == nexuses.end() || found->second.detached ? nullptr : &found->second;
}

namespace {

void abort(UnitState& unit, TaskEntry& task) {
  task.command.aborted = true;
  unit.ranges.isolate(task.command);
  task.command.transport.on_abort();
}

}  // namespace

void UnitState::abort_for(TaskEntry& task, const NexusState* requester) {
  if (&task.nexus != requester) {
    task.report_aborted = modes.task_aborted_status;
    if (!task.report_aborted) {
      task.nexus.attentions.establish(asc::kCommandsClearedByAnotherInitiator);
    }
  }
  abort(*this, task);
}

void UnitState::abort_tasks(const NexusState* nexus, const NexusState* requester, const Command* except) {
  abort_tasks_if(
      [&](const TaskEntry& task) { return &task.command != except && (nexus == nullptr || &task.nexus == nexus); },
      requester);
}

// Aborted tasks do not wait any longer, neither for their turn nor for each other.
void UnitState::wake() {
  tasks.wake();
  throttle.look_again();
  note_change();
}

void UnitState::set_access(GroupAccess group, const NexusState* requester) {
  if (!access.set(group)) {
    return;
  }
  for (auto& [id, nexus] : nexuses) {
    nexus.access = access.find(nexus.nexus->target_port_group).state;
  }
  establish(asc::kAccessStateChanged, requester);
}

ModeSettings UnitState::default_modes() const {
  ModeSettings settings;
  settings.write_cache = features.volatile_cache;
  settings.available = SpaceThreshold::falling_to(features.thin ? options.space_threshold : 0);
  settings.used = SpaceThreshold::rising_to(features.thin ? options.used_threshold : 0);
  return settings;
}

// A threshold that is another one now is armed anew.
void UnitState::set_modes(const ModeSettings& settings) {
  space_watch.is_available_reached &= settings.available == modes.available;
  space_watch.is_used_reached &= settings.used == modes.used;
  modes = settings;
  tasks.set_per_nexus(settings.nexus_task_sets);
  if (settings.has_threshold()) {
    ask_for_space(*this);
  }
}

// Those who wait for the old limit ask the new one.
void UnitState::set_rate_limit(const RateLimit& limit) {
  rate_limiter = limit.is_limited() ? std::make_unique<RateLimiter>(limit) : nullptr;
  throttle.look_again();
}

// SAM-5 5.9.2, SPC-5 7.5.10. A command with the ACA attribute ends the allegiance that it belongs to, or begins it
// anew.
void UnitState::note_check_condition(NexusState& nexus, const Command& command) {
  if (command.asks_for_aca()) {
    tasks.establish_aca(nexus);
  } else if (nexus.has_aca && command.attribute == TaskAttribute::kAca) {
    tasks.clear_aca(nexus);
  }
  if (modes.queue_error == QueueError::kContinue) {
    return;
  }
  const bool own_only = modes.queue_error == QueueError::kAbortNexus || modes.nexus_task_sets;
  abort_tasks(own_only ? &nexus : nullptr, &nexus, &command);
}

void UnitState::clear_aca(NexusState& nexus) {
  if (!nexus.has_aca) {
    return;
  }
  tasks.clear_aca(nexus);
  abort_tasks_if(
      [&](const TaskEntry& task) { return &task.nexus == &nexus && task.command.attribute == TaskAttribute::kAca; },
      &nexus);
}

void UnitState::reset() {
  for (TaskEntry* task = tasks.first(); task != nullptr; task = task->next) {
    if (!task->command.aborted) {
      abort(*this, *task);
    }
  }
  reservations.reset();
  set_modes(default_modes());
  for (auto& [id, nexus] : nexuses) {
    nexus.prevents_removal = false;
    tasks.clear_aca(nexus);
  }
  establish(asc::kBusDeviceReset);
  wake();
}

LogicalUnit::LogicalUnit(runtime::Shard& home, block::Volume& volume, Identity identity, UnitOptions options,
                         UnitObserver& observer, ReservationStore& reservation_store, Log& log)
    : state_(
          std::make_unique<UnitState>(home, volume, std::move(identity), options, observer, reservation_store, log)) {
  state_->owner = this;
}

LogicalUnit::~LogicalUnit() = default;

void LogicalUnit::restore(ReservationState reservations) {
  check(state_->nexuses.empty(), "what was saved comes before the first nexus");
  state_->reservations.replace(std::move(reservations));
}

void LogicalUnit::attach(std::shared_ptr<const Nexus> nexus) {
  const NexusId id = nexus->id;
  const auto [at, added] = state_->nexuses.try_emplace(id, NexusState(nexus));
  NexusState& state = at->second;
  if (!added) {
    check(state.detached, "a nexus is attached once");
    // It comes back before its aborted tasks have ended; they count on its state to stay.
    state.nexus = std::move(nexus);
    state.detached = false;
    state.attentions = {};
  }
  state.attentions.establish(asc::kPowerOnOrReset);
  state.access = state_->access.find(state.nexus->target_port_group).state;
  state_->reservations.attach(state);
}

void LogicalUnit::update(std::shared_ptr<const Nexus> nexus) {
  NexusState* state = state_->find(nexus->id);
  if (state != nullptr) {
    state->nexus = std::move(nexus);
  }
}

void LogicalUnit::detach(NexusId nexus) {
  NexusState* state = state_->find(nexus);
  if (state == nullptr) {
    return;
  }
  state->detached = true;
  state_->copies.forget(nexus);
  state_->clear_aca(*state);
  state_->reservations.detach(*state);
  if (state->task_count == 0) {
    state_->nexuses.erase(nexus);
    return;
  }
  // Whoever is still there to be told must not wait for answers that never come.
  for (TaskEntry* task = state_->tasks.first(); task != nullptr; task = task->next) {
    task->report_aborted |= &task->nexus == state && !task->command.aborted;
  }
  state_->abort_tasks(state, state);
}

void LogicalUnit::set_read_only(NexusId nexus, bool read_only) {
  if (NexusState* state = state_->find(nexus); state != nullptr) {
    state->read_only = read_only;
  }
}

void LogicalUnit::set_rate_limiter(NexusId nexus, std::shared_ptr<RateLimiter> limiter) {
  NexusState* state = state_->find(nexus);
  if (state != nullptr && state->rate_limiter != limiter) {
    state->rate_limiter = std::move(limiter);
    state_->throttle.look_again();
  }
}

runtime::Task<void> LogicalUnit::stop_background() {
  UnitState& unit = *state_;
  unit.background.stop();
  unit.copies.cancel_all();
  unit.background.gate.close();
  co_await unit.background.gate.drained();
  unit.copies.gate.close();
  co_await unit.copies.gate.drained();
}

void LogicalUnit::allow_background() {
  state_->background.allow();
  state_->background.gate.reopen();
  state_->copies.gate.reopen();
}

std::optional<RunningErasure> LogicalUnit::hold_erasures() {
  BackgroundOperation& background = state_->background;
  if (background.is_running()) {
    return RunningErasure{background.running() == BackgroundOperation::Kind::kSanitize,
                          background.progress() * 100U / 65536U};
  }
  background.hold();
  return std::nullopt;
}

void LogicalUnit::release_erasures() {
  state_->background.release();
}

bool LogicalUnit::manage(TaskManagement function, NexusId nexus, std::uint32_t tag) {
  UnitState& unit = *state_;
  NexusState* requester = unit.find(nexus);
  if (requester == nullptr) {
    return false;
  }
  switch (function) {
    case TaskManagement::kAbortTask:
      for (TaskEntry* task = unit.tasks.first(); task != nullptr; task = task->next) {
        if (&task->nexus != requester || task->command.tag != tag) {
          continue;
        }
        if (!task->command.aborted) {
          abort(unit, *task);
          unit.wake();
          return true;
        }
        unit.ranges.isolate(task->command);  // its transport has marked it; a newer task may have the tag
      }
      return false;
    case TaskManagement::kAbortTaskSet:
      unit.abort_tasks(requester, requester);
      return true;
    case TaskManagement::kClearTaskSet:
      unit.abort_tasks(unit.modes.nexus_task_sets ? requester : nullptr, requester);
      return true;
    case TaskManagement::kClearAca:
      unit.clear_aca(*requester);
      return true;
    case TaskManagement::kLogicalUnitReset:
      unit.reset();
      return true;
    case TaskManagement::kItNexusReset:
      unit.clear_aca(*requester);
      unit.abort_tasks(requester, requester);
      requester->attentions.establish(asc::kNexusLoss);
      requester->prevents_removal = false;
      return true;
  }
  return false;
}

std::optional<AdditionalSense> LogicalUnit::pending_attention(NexusId nexus) const {
  const NexusState* state = state_->find(nexus);
  return state == nullptr ? std::nullopt : state->attentions.first();
}

void LogicalUnit::capacity_changed() {
  state_->adopt_volume();
  state_->establish(asc::kCapacityChanged);
}

void LogicalUnit::reported_luns_changed(NexusId nexus) {
  if (NexusState* state = state_->find(nexus); state != nullptr) {
    state->attentions.establish(asc::kReportedLunsChanged);
  }
}

void LogicalUnit::set_options(UnitOptions options) {
  if (options.removable != state_->options.removable) {
    state_->establish(asc::kInquiryDataChanged);
    state_->ejected = false;
  }
  const UnitOptions& old = state_->options;
  const bool has_other_threshold = state_->features.thin && (options.space_threshold != old.space_threshold ||
                                                             options.used_threshold != old.used_threshold);
  if (options.read_only != state_->options.read_only || has_other_threshold) {
    state_->establish(asc::kModeParametersChanged);
  }
  if (options.rate_limit != state_->options.rate_limit) {
    state_->set_rate_limit(options.rate_limit);
  }
  state_->options = options;
  if (has_other_threshold) {
    ModeSettings modes = state_->modes;
    modes.available = SpaceThreshold::falling_to(options.space_threshold);
    modes.used = SpaceThreshold::rising_to(options.used_threshold);
    state_->set_modes(modes);
  }
}

void LogicalUnit::replace_volume(block::Volume& volume) {
  check(state_->tasks.size() == 0, "a volume is exchanged between commands");
  const std::uint64_t old_size = state_->geometry.block_count;
  const bool had_cache = state_->features.volatile_cache;
  state_->volume = &volume;
  state_->tokens.revoke_all();
  state_->adopt_volume();
  if (state_->features.volatile_cache != had_cache) {  // otherwise what initiators have set stays
    state_->modes.write_cache = state_->features.volatile_cache;
    state_->establish(asc::kModeParametersChanged);
  }
  if (state_->geometry.block_count != old_size) {
    state_->establish(asc::kCapacityChanged);
  }
}

const Identity& LogicalUnit::identity() const {
  return state_->identity;
}

runtime::Shard& LogicalUnit::home() const {
  return state_->home;
}

std::size_t LogicalUnit::task_count() const {
  return state_->tasks.size();
}

}  // namespace lunaria::scsi
