// Starting and stopping services: one mechanism for all of them. state_change.h decides, a ManagedService acts, and
// what is here records, waits and answers.

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "runtime/event.h"
#include "service/core.h"
#include "service/event.h"

namespace lunaria::service {
namespace {

Error not_registered(ServiceKind kind) {
  return {ErrorCode::kNotFound, fmt::format("{} is not a service of this server.", to_string(kind))};
}

catalogue::ServiceStateRow state_row(const Core& core, ServiceKind kind) {
  const auto found = core.contents.service_states.find(std::string(to_string(kind)));
  if (found != core.contents.service_states.end()) {
    return found->second;
  }
  catalogue::ServiceStateRow row;
  row.service = to_string(kind);
  return row;
}

ServiceStatus status_value(const catalogue::ServiceStateRow& row, ServiceKind kind, EnabledState state) {
  return {kind,
          static_cast<RequestedState>(row.requested_state),
          state,
          static_cast<EnabledDefault>(row.enabled_default),
          state == EnabledState::kEnabled,
          row.last_change};
}

ServiceStatus status_value(const Core& core, ServiceKind kind) {
  return status_value(state_row(core, kind), kind, enabled_state(core.managed.at(kind).phase));
}

void set_state(catalogue::ServiceStateRow& row, Phase phase) {
  row.enabled_state = static_cast<std::uint16_t>(enabled_state(phase));
}

/// An event of all that changed since the last one.
void tell(Core& core, ServiceKind kind) {
  const ServiceStatus after = status_value(core, kind);
  const ServiceStatus before = std::exchange(core.managed.at(kind).told, after);
  if (!(before == after)) {
    core.events.publish(ServiceStateChanged{before, after});
  }
}

/// Changes one row with the lock held only for that: a transition must not keep others from working.
template <class Function>
Reply<void> edit_row(Core& core, ServiceKind kind, Function edit) {
  const runtime::AsyncMutex::Lock lock = co_await core.mutex.acquire();
  catalogue::ServiceStateRow row = state_row(core, kind);
  edit(row);
  if (row == state_row(core, kind) && core.contents.service_states.contains(row.service)) {
    co_return Outcome<void>();
  }
  Outcome<void> done = co_await core.commit({row});
  co_return done;
}

/// With the phase as it is: what is told of a transition that the process does not survive is where the next run
/// begins.
Reply<void> record_request(Core& core, ServiceKind kind, std::uint16_t requested) {
  Outcome<void> done = co_await edit_row(core, kind, [&core, kind, requested](catalogue::ServiceStateRow& row) {
    row.requested_state = requested;
    set_state(row, core.managed.at(kind).phase);
  });
  if (done) {
    tell(core, kind);
  }
  co_return done;
}

/// Records that a transition is complete, with its time.
Reply<void> record_change(Core& core, ServiceKind kind, Phase phase) {
  const runtime::WallTime now = core.now();
  Outcome<void> done = co_await edit_row(core, kind, [now, phase](catalogue::ServiceStateRow& row) {
    row.last_change = now;
    set_state(row, phase);
  });
  co_return done;
}

void enter_phase(Core& core, ServiceKind kind, Phase phase) {
  core.managed.at(kind).phase = phase;
  tell(core, kind);
}

/// A transition on its way; shared by the coroutine that carries it out and the one that waits for it.
struct Run {
  ServiceKind kind = ServiceKind::kObjectManager;
  Transition transition = Transition::kNone;
  std::uint16_t previous_request = 0;
  bool keep_request = false;  ///< the caller was told that it goes on: the record stays even if it fails
  bool finished = false;
  std::optional<Error> error;
  std::optional<JobId> job;
  runtime::Event* waiter = nullptr;
};

/// The phases around a transition.
struct Path {
  Phase during;
  Phase success;
};

constexpr Path path_of(Transition transition) {
  switch (transition) {
    case Transition::kStart:
      return {Phase::kStarting, Phase::kStarted};
    case Transition::kShutDown:
      return {Phase::kStopping, Phase::kEnding};
    case Transition::kStop:
    case Transition::kNone:
      break;
  }
  return {Phase::kStopping, Phase::kStopped};
}

runtime::Task<Outcome<void>> act(ManagedService& service, Transition transition) {
  if (transition == Transition::kStart) {
    return service.start();
  }
  return service.stop(transition == Transition::kShutDown ? StopMode::kShutDown : StopMode::kDisable);
}

runtime::Task<void> carry_out(Core& core, std::shared_ptr<Run> run, Phase before) {
  const Outcome<void> done = co_await act(*core.managed.at(run->kind).service, run->transition);
  if (done) {
    const Outcome<void> recorded = co_await record_change(core, run->kind, path_of(run->transition).success);
    if (!recorded) {
      core.environment.log.error("service.state_not_recorded",
                                 {{"service", to_string(run->kind)}, {"reason", recorded.error().message}});
    }
    enter_phase(core, run->kind, path_of(run->transition).success);
  } else {
    run->error = done.error();
    core.environment.log.error("service.transition_failed",
                               {{"service", to_string(run->kind)}, {"reason", done.error().message}});
    enter_phase(core, run->kind, before);
    (void)co_await record_request(
        core, run->kind, run->keep_request ? state_row(core, run->kind).requested_state : run->previous_request);
  }
  run->finished = true;
  if (run->waiter != nullptr) {
    run->waiter->set();
  }
  if (run->job) {
    co_await end_job(core, *run->job, run->error);
  }
}

/// Wakes an event when its time has come.
struct Alarm : runtime::Timer {
  runtime::Event* event = nullptr;
};

/// Waits until the transition is finished, or for `patience`.
runtime::Task<void> wait_for(Core& core, std::shared_ptr<Run> run, runtime::Duration patience) {
  if (run->finished) {
    co_return;
  }
  runtime::Event wake;
  Alarm alarm;
  alarm.event = &wake;
  alarm.on_complete([](runtime::Operation& operation) noexcept { static_cast<Alarm&>(operation).event->set(); });
  core.environment.shard.start(alarm, patience);
  run->waiter = &wake;
  co_await wake.wait();
  run->waiter = nullptr;
  core.environment.shard.cancel(alarm);
}

/// Records the request and begins the transition that was decided on. The phase changes before anything is waited for,
/// so that of two requests at once the second one finds the service busy.
Reply<std::shared_ptr<Run>> begin(Core& core, ServiceKind kind, Transition transition, std::uint16_t requested) {
  auto run = std::make_shared<Run>();
  run->kind = kind;
  run->transition = transition;
  run->previous_request = state_row(core, kind).requested_state;
  const Phase before = core.managed.at(kind).phase;
  core.managed.at(kind).phase = path_of(transition).during;
  const Outcome<void> recorded = co_await record_request(core, kind, requested);
  if (!recorded) {
    enter_phase(core, kind, before);
    co_return fail(recorded.error());
  }
  if (!spawn(core.gate, carry_out(core, run, before))) {
    enter_phase(core, kind, before);
    (void)co_await record_request(core, kind, run->previous_request);
    co_return fail(Error{ErrorCode::kShuttingDown, "The server is stopping."});
  }
  co_return run;
}

Reply<StateChangeResult> change_state(Core& core, ServiceKind kind, StateChangeRequest request, std::string owner) {
  const auto found = core.managed.find(kind);
  if (found == core.managed.end()) {
    co_return fail(not_registered(kind));
  }
  const Decision decision = decide(found->second.phase, request, kind == ServiceKind::kObjectManager);
  if (decision.code != StateChangeCode::kDone) {
    co_return StateChangeResult{decision.code, std::nullopt};
  }
  if (decision.transition == Transition::kNone) {
    const Outcome<void> recorded = co_await record_request(core, kind, request.requested_state);
    if (!recorded) {
      co_return fail(recorded.error());
    }
    co_return StateChangeResult{};
  }
  const Outcome<std::shared_ptr<Run>> begun = co_await begin(core, kind, decision.transition, request.requested_state);
  if (!begun) {
    co_return fail(begun.error());
  }
  const std::shared_ptr<Run>& run = *begun;
  co_await wait_for(core, run, core.settings.job_after);
  if (run->finished) {
    co_return StateChangeResult{run->error ? StateChangeCode::kFailed : StateChangeCode::kDone, std::nullopt};
  }
  run->keep_request = true;
  const std::string verb = decision.transition == Transition::kStart ? "Start" : "Stop";
  const Outcome<JobId> job = co_await begin_job(core, fmt::format("{} {}", verb, to_string(kind)), std::move(owner));
  if (!job) {
    co_return fail(job.error());
  }
  run->job = *job;
  if (run->finished) {
    // It ended while its job was being recorded, and did not know of it.
    co_await end_job(core, *job, run->error);
  }
  co_return StateChangeResult{StateChangeCode::kJobStarted, *job};
}

/// StartService and StopService: no job to hand out, so they wait longer.
Reply<StateChangeCode> start_or_stop(Core& core, ServiceKind kind, RequestedState requested) {
  const auto found = core.managed.find(kind);
  if (found == core.managed.end()) {
    co_return StateChangeCode::kNotSupported;
  }
  const StateChangeRequest request{static_cast<std::uint16_t>(requested), false, true};
  const Decision decision = decide(found->second.phase, request, false);
  if (decision.code == StateChangeCode::kBusy) {
    co_return StateChangeCode::kInUse;
  }
  if (decision.code != StateChangeCode::kDone) {
    co_return StateChangeCode::kFailed;
  }
  if (decision.transition == Transition::kNone) {
    const Outcome<void> recorded = co_await record_request(core, kind, request.requested_state);
    if (!recorded) {
      co_return fail(recorded.error());
    }
    co_return StateChangeCode::kDone;
  }
  const Outcome<std::shared_ptr<Run>> begun = co_await begin(core, kind, decision.transition, request.requested_state);
  if (!begun) {
    co_return fail(begun.error());
  }
  const std::shared_ptr<Run>& run = *begun;
  co_await wait_for(core, run, core.settings.stop_wait);
  if (!run->finished) {
    run->keep_request = true;
    co_return StateChangeCode::kTimeout;
  }
  co_return run->error ? StateChangeCode::kFailed : StateChangeCode::kDone;
}

Reply<std::vector<ServiceStatus>> list_states_now(Core& core) {
  std::vector<ServiceStatus> states;
  states.reserve(core.managed.size());
  for (const auto& [kind, managed] : core.managed) {
    states.push_back(status_value(core, kind));
  }
  co_return states;
}

Reply<ServiceStatus> state_now(Core& core, ServiceKind kind) {
  if (!core.managed.contains(kind)) {
    co_return fail(not_registered(kind));
  }
  co_return status_value(core, kind);
}

Reply<ServiceStatus> set_default(Core& core, ServiceKind kind, EnabledDefault enabled_default) {
  if (!core.managed.contains(kind)) {
    co_return fail(not_registered(kind));
  }
  if (enabled_default != EnabledDefault::kEnabled && enabled_default != EnabledDefault::kDisabled) {
    co_return fail(Error{ErrorCode::kInvalidArgument, "The enabled default must be 2 (enabled) or 3 (disabled)."});
  }
  const Outcome<void> done = co_await edit_row(core, kind, [enabled_default](catalogue::ServiceStateRow& row) {
    row.enabled_default = static_cast<std::uint16_t>(enabled_default);
  });
  if (!done) {
    co_return fail(done.error());
  }
  tell(core, kind);
  co_return status_value(core, kind);
}

/// Coming up as the last run left it is no change; another state is told as one change from that.
Reply<void> start_by_default(Core& core, ServiceKind kind) {
  const catalogue::ServiceStateRow row = state_row(core, kind);
  const auto was = static_cast<EnabledState>(row.enabled_state);
  Managed& managed = core.managed.at(kind);
  managed.told = status_value(row, kind, was);
  Outcome<void> done;
  if (static_cast<EnabledDefault>(row.enabled_default) == EnabledDefault::kEnabled) {
    managed.phase = Phase::kStarting;
    done = co_await managed.service->start();
    managed.phase = done ? Phase::kStarted : Phase::kStopped;
  }
  if (enabled_state(managed.phase) != was) {
    const Outcome<void> recorded = co_await record_change(core, kind, managed.phase);
    if (done) {
      done = recorded;
    }
    tell(core, kind);
  }
  co_return done;
}

}  // namespace

std::string_view to_string(ServiceKind kind) {
  switch (kind) {
    case ServiceKind::kObjectManager:
      return "ObjectManager";
    case ServiceKind::kStorageConfiguration:
      return "StorageConfigurationService";
    case ServiceKind::kControllerConfiguration:
      return "ControllerConfigurationService";
    case ServiceKind::kIscsiConfiguration:
      return "iSCSIConfigurationService";
    case ServiceKind::kHardwareIdManagement:
      return "StorageHardwareIDManagementService";
    case ServiceKind::kReplication:
      return "ReplicationService";
  }
  return "unknown";
}

std::optional<ServiceKind> parse_service_kind(std::string_view name) {
  const auto* const found = std::find_if(kServiceKinds.begin(), kServiceKinds.end(),
                                         [&](ServiceKind kind) { return to_string(kind) == name; });
  return found == kServiceKinds.end() ? std::nullopt : std::optional(*found);
}

Reply<void> Service::start_managed_services() {
  Outcome<void> result;
  for (const ServiceKind kind : kServiceKinds) {
    if (!core_->managed.contains(kind)) {
      continue;
    }
    Outcome<void> started = co_await start_by_default(*core_, kind);
    if (!started) {
      core_->environment.log.error("service.not_started",
                                   {{"service", to_string(kind)}, {"reason", started.error().message}});
      result = started;
    }
  }
  co_return result;
}

Reply<std::vector<ServiceStatus>> Service::list_service_states(security::Principal principal) {
  return core_->look(std::move(principal), list_states_now(*core_));
}

Reply<ServiceStatus> Service::service_state(security::Principal principal, ServiceKind kind) {
  return core_->look(std::move(principal), state_now(*core_, kind));
}

Reply<StateChangeCode> Service::start_service(security::Principal principal, ServiceKind kind) {
  Action action{security::Permission::kControlServices, "service.start", std::string(to_string(kind))};
  return core_->change_unlocked(std::move(principal), std::move(action),
                                start_or_stop(*core_, kind, RequestedState::kEnabled));
}

Reply<StateChangeCode> Service::stop_service(security::Principal principal, ServiceKind kind) {
  Action action{security::Permission::kControlServices, "service.stop", std::string(to_string(kind))};
  return core_->change_unlocked(std::move(principal), std::move(action),
                                start_or_stop(*core_, kind, RequestedState::kDisabled));
}

Reply<StateChangeResult> Service::request_state_change(security::Principal principal, ServiceKind kind,
                                                       StateChangeRequest request) {
  Action action{security::Permission::kControlServices, "service.request_state_change",
                fmt::format("{} {}", to_string(kind), request.requested_state)};
  std::string owner = principal.name;
  return core_->change_unlocked(std::move(principal), std::move(action),
                                change_state(*core_, kind, request, std::move(owner)));
}

Reply<ServiceStatus> Service::set_enabled_default(security::Principal principal, ServiceKind kind,
                                                  EnabledDefault enabled_default) {
  Action action{security::Permission::kControlServices, "service.set_enabled_default", std::string(to_string(kind))};
  return core_->change_unlocked(std::move(principal), std::move(action), set_default(*core_, kind, enabled_default));
}

}  // namespace lunaria::service
