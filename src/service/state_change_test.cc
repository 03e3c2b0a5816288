#include "service/state_change.h"

#include <gtest/gtest.h>

#include <array>

namespace lunaria::service {
namespace {

constexpr std::array kPhases = {Phase::kStopped, Phase::kStarting, Phase::kStarted, Phase::kStopping, Phase::kEnding};

StateChangeRequest request(RequestedState state) {
  return {static_cast<std::uint16_t>(state), false, true};
}

constexpr Decision answer(StateChangeCode code) {
  return {code, Transition::kNone};
}
constexpr Decision action(Transition transition) {
  return {StateChangeCode::kDone, transition};
}

/// What each phase does with a request that is well formed.
struct Row {
  Phase phase;
  Decision enable;
  Decision disable;
  Decision shut_down_object_manager;
  Decision shut_down_other;
};

constexpr Decision kAlready = answer(StateChangeCode::kDone);
constexpr Decision kBusy = answer(StateChangeCode::kBusy);
constexpr Decision kNever = answer(StateChangeCode::kInvalidTransition);

constexpr std::array kTable = {
    Row{Phase::kStopped, action(Transition::kStart), kAlready, action(Transition::kShutDown), kAlready},
    Row{Phase::kStarting, kBusy, kBusy, kBusy, kBusy},
    Row{Phase::kStarted, kAlready, action(Transition::kStop), action(Transition::kShutDown), action(Transition::kStop)},
    Row{Phase::kStopping, kBusy, kBusy, kBusy, kBusy},
    Row{Phase::kEnding, kNever, kNever, kNever, kNever},
};

TEST(StateChange, FollowsTheTable) {
  for (const Row& row : kTable) {
    const auto phase = static_cast<int>(row.phase);
    for (const bool ends : {false, true}) {
      EXPECT_EQ(decide(row.phase, request(RequestedState::kEnabled), ends), row.enable) << phase;
      EXPECT_EQ(decide(row.phase, request(RequestedState::kDisabled), ends), row.disable) << phase;
    }
    EXPECT_EQ(decide(row.phase, request(RequestedState::kShutDown), true), row.shut_down_object_manager) << phase;
    EXPECT_EQ(decide(row.phase, request(RequestedState::kShutDown), false), row.shut_down_other) << phase;
  }
}

TEST(StateChange, SaysWhatIsNotSupportedInEveryPhase) {
  for (const Phase phase : kPhases) {
    for (const RequestedState state : {RequestedState::kOffline, RequestedState::kTest, RequestedState::kDeferred,
                                       RequestedState::kQuiesce, RequestedState::kReboot, RequestedState::kReset}) {
      EXPECT_EQ(decide(phase, request(state), true), answer(StateChangeCode::kNotSupported));
    }
  }
}

TEST(StateChange, RefusesValuesThatCannotBeRequested) {
  for (const Phase phase : kPhases) {
    for (const std::uint16_t state : std::initializer_list<std::uint16_t>{0, 1, 5, 12, 13, 512, 32768, 65535}) {
      EXPECT_EQ(decide(phase, {state, false, true}, true), answer(StateChangeCode::kInvalidParameter)) << state;
    }
  }
}

TEST(StateChange, KnowsNoTimeouts) {
  for (const Phase phase : kPhases) {
    for (const RequestedState state :
         {RequestedState::kEnabled, RequestedState::kDisabled, RequestedState::kShutDown}) {
      EXPECT_EQ(decide(phase, {static_cast<std::uint16_t>(state), true, true}, true),
                answer(StateChangeCode::kTimeoutNotSupported));
      EXPECT_EQ(decide(phase, {static_cast<std::uint16_t>(state), true, false}, true),
                answer(StateChangeCode::kInvalidParameter));
    }
  }
}

TEST(StateChange, ReportsEnabledStateForEveryPhase) {
  EXPECT_EQ(enabled_state(Phase::kStopped), EnabledState::kDisabled);
  EXPECT_EQ(enabled_state(Phase::kStarting), EnabledState::kStarting);
  EXPECT_EQ(enabled_state(Phase::kStarted), EnabledState::kEnabled);
  EXPECT_EQ(enabled_state(Phase::kStopping), EnabledState::kShuttingDown);
  EXPECT_EQ(enabled_state(Phase::kEnding), EnabledState::kShuttingDown);
}

}  // namespace
}  // namespace lunaria::service
