#pragma once

// The rules of RequestStateChange for services (CIM_EnabledLogicalElement), as one pure function: what a request asks
// of a service in a phase.

#include "service/service_state.h"

namespace lunaria::service {

/// Where a service is between its transitions.
enum class Phase : std::uint8_t {
  kStopped,
  kStarting,
  kStarted,
  kStopping,
  kEnding,  ///< shut down: the process is about to end, nothing leads back
};

constexpr EnabledState enabled_state(Phase phase) {
  switch (phase) {
    case Phase::kStopped:
      return EnabledState::kDisabled;
    case Phase::kStarting:
      return EnabledState::kStarting;
    case Phase::kStarted:
      return EnabledState::kEnabled;
    case Phase::kStopping:
    case Phase::kEnding:
      return EnabledState::kShuttingDown;
  }
  return EnabledState::kDisabled;
}

enum class Transition : std::uint8_t { kNone, kStart, kStop, kShutDown };

/// What is to be done, or, with kNone, what is answered at once. The request is recorded when `code` is kDone.
struct Decision {
  StateChangeCode code = StateChangeCode::kDone;
  Transition transition = Transition::kNone;
  friend constexpr bool operator==(const Decision&, const Decision&) = default;
};

/// The parameters are judged before the state. `ends_process`: kShutDown of this service ends the daemon.
constexpr Decision decide(Phase phase, const StateChangeRequest& request, bool ends_process) {
  const auto answer = [](StateChangeCode code) { return Decision{code, Transition::kNone}; };
  if (!request.timeout_is_interval) {
    return answer(StateChangeCode::kInvalidParameter);
  }
  switch (static_cast<RequestedState>(request.requested_state)) {
    case RequestedState::kEnabled:
    case RequestedState::kDisabled:
    case RequestedState::kShutDown:
      break;
    case RequestedState::kOffline:
    case RequestedState::kTest:
    case RequestedState::kDeferred:
    case RequestedState::kQuiesce:
    case RequestedState::kReboot:
    case RequestedState::kReset:
      return answer(StateChangeCode::kNotSupported);
    case RequestedState::kUnknown:
    case RequestedState::kNoChange:
    case RequestedState::kNotApplicable:
    default:  // any number may come over the wire
      return answer(StateChangeCode::kInvalidParameter);
  }
  if (request.has_timeout) {
    return answer(StateChangeCode::kTimeoutNotSupported);
  }
  const bool starts = static_cast<RequestedState>(request.requested_state) == RequestedState::kEnabled;
  const bool ends = static_cast<RequestedState>(request.requested_state) == RequestedState::kShutDown && ends_process;
  switch (phase) {
    case Phase::kStarting:
    case Phase::kStopping:
      return answer(StateChangeCode::kBusy);
    case Phase::kEnding:
      return answer(StateChangeCode::kInvalidTransition);
    case Phase::kStarted:
      return {StateChangeCode::kDone, starts ? Transition::kNone : ends ? Transition::kShutDown : Transition::kStop};
    case Phase::kStopped:
      return {StateChangeCode::kDone, starts ? Transition::kStart : ends ? Transition::kShutDown : Transition::kNone};
  }
  return answer(StateChangeCode::kUnspecified);
}

}  // namespace lunaria::service
