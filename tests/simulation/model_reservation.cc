#include "simulation/model_reservation.h"

#include <algorithm>

namespace lunaria::simulation {

namespace {

bool is_all_registrants(std::uint8_t type) {
  return type == 7 || type == 8;
}
bool is_registrants_only(std::uint8_t type) {
  return type == 5 || type == 6;
}
bool excludes_reads(std::uint8_t type) {
  return type == 3 || type == 6 || type == 8;
}

bool is_holder(const ReservationState& state, std::size_t initiator) {
  return state.type != 0 && state.keys[initiator] != 0 && (is_all_registrants(state.type) || state.holder == initiator);
}

void unregister(ReservationState& state, std::size_t initiator) {
  const bool was_holder = is_holder(state, initiator);
  state.keys[initiator] = 0;
  const bool is_anybody_left = std::ranges::any_of(state.keys, [](std::uint64_t key) { return key != 0; });
  if (was_holder && (!is_all_registrants(state.type) || !is_anybody_left)) {
    state.type = 0;
    state.holder = 0;
  }
}

// SPC-5 5.14.11.2: of the registrations with the key; of the reservation when its holder has it.
ReserveStep preempt(ReservationState state, const ReserveRequest& request) {
  const std::uint64_t victim = request.service_action_key;
  const bool takes_reservation =
      state.type != 0 && (is_all_registrants(state.type) ? victim == 0 : state.keys[state.holder] == victim);
  if (victim == 0 && !takes_reservation) {
    return {ReserveResult::kConflict, state};
  }
  bool found = false;
  for (std::size_t i = 0; i < kInitiatorsMax; ++i) {
    const bool matches = victim == 0 ? state.keys[i] != 0 : state.keys[i] == victim;
    found = found || matches;
    if (matches && i != request.initiator) {
      unregister(state, i);
    }
  }
  if (!found && victim != 0) {
    return {ReserveResult::kConflict, state};
  }
  if (takes_reservation) {
    state.type = request.type;
    state.holder = is_all_registrants(request.type) ? 0 : request.initiator;
  }
  return {ReserveResult::kGood, state};
}

}  // namespace

ReserveStep carry_out(const ReservationState& state, const ReserveRequest& request) {
  ReservationState next = state;
  const std::uint64_t registered = state.keys[request.initiator];
  const bool is_registration =
      request.action == ReserveAction::kRegister || request.action == ReserveAction::kRegisterAndIgnore;
  if (is_registration) {
    if (request.action == ReserveAction::kRegister && request.key != registered) {
      return {ReserveResult::kConflict, state};
    }
    if (request.service_action_key == 0) {
      unregister(next, request.initiator);
    } else {
      next.keys[request.initiator] = request.service_action_key;
    }
    next.persists = request.persists;
    return {ReserveResult::kGood, next};
  }
  if (registered == 0 || registered != request.key) {
    return {ReserveResult::kConflict, state};
  }
  switch (request.action) {
    case ReserveAction::kReserve:
      if (state.type != 0) {
        const bool same = is_holder(state, request.initiator) && state.type == request.type;
        return {same ? ReserveResult::kGood : ReserveResult::kConflict, state};
      }
      next.type = request.type;
      next.holder = is_all_registrants(request.type) ? 0 : request.initiator;
      return {ReserveResult::kGood, next};
    case ReserveAction::kRelease:
      if (!is_holder(state, request.initiator)) {
        return {ReserveResult::kGood, state};
      }
      if (state.type != request.type) {
        return {ReserveResult::kInvalidRelease, state};
      }
      next.type = 0;
      next.holder = 0;
      return {ReserveResult::kGood, next};
    case ReserveAction::kClear:
      return {ReserveResult::kGood, {}};
    case ReserveAction::kPreempt:
      return preempt(state, request);
    case ReserveAction::kRegister:
    case ReserveAction::kRegisterAndIgnore:
      break;
  }
  return {ReserveResult::kGood, next};
}

bool conflicts(const ReservationState& state, std::size_t initiator, bool writes) {
  if (state.type == 0) {
    return false;
  }
  const bool is_registrant = state.keys[initiator] != 0;
  if (is_holder(state, initiator) || (is_registrant && is_registrants_only(state.type))) {
    return false;
  }
  return writes || excludes_reads(state.type);
}

void ModelReservation::begin(const ReserveRequest& request) {
  request_ = request;
  before_ = states_.open();
  for (const ReservationState& state : before_) {
    const ReserveStep step = carry_out(state, request);
    if (step.next != state) {
      states_.add(step.next);
    }
  }
}

void ModelReservation::replace(const std::vector<ReservationState>& states) {
  states_.close();
  for (const ReservationState& state : states) {
    states_.add(state);
  }
  before_.clear();
}

ModelReservation::Judgement ModelReservation::end(ReserveResult result) {
  std::vector<ReservationState> next;
  for (const ReservationState& state : before_) {
    ReserveStep step = carry_out(state, request_);
    if (step.result == result) {
      next.push_back(step.next);
    }
  }
  if (next.empty()) {
    return "PERSISTENT RESERVE OUT, service action " + std::to_string(static_cast<unsigned>(request_.action)) +
           " of initiator " + std::to_string(request_.initiator) + ", ended with result " +
           std::to_string(static_cast<unsigned>(result)) + ", which no possible state of the reservation explains";
  }
  replace(next);
  return std::nullopt;
}

void ModelReservation::lose_power() {
  std::vector<ReservationState> left;
  for (const ReservationState& state : states_.open()) {
    left.push_back(state.persists ? state : ReservationState{});
  }
  replace(left);
}

void ModelReservation::withdraw() {
  replace(std::vector<ReservationState>(before_));
}

ModelReservation::Judgement ModelReservation::judge(Tick began, std::size_t initiator, bool writes,
                                                    bool conflict) const {
  const bool explained = states_.any(
      began, [&](const ReservationState& state) { return conflicts(state, initiator, writes) == conflict; });
  if (explained) {
    return std::nullopt;
  }
  return std::string(writes ? "a write" : "a read") + " of initiator " + std::to_string(initiator) +
         (conflict ? " met a reservation that is not there" : " passed a reservation that excludes it");
}

}  // namespace lunaria::simulation
