#include "scsi/reserve_out.h"

#include <algorithm>

#include "scsi/limits.h"

namespace lunaria::scsi {
namespace {

using Change = Result<ReservationChange, Outcome>;

constexpr std::size_t kActionKeyByte = 8;      // SERVICE ACTION RESERVATION KEY in the parameter list
constexpr std::size_t kRelativePortByte = 18;  // RELATIVE TARGET PORT IDENTIFIER of REGISTER AND MOVE
constexpr std::size_t kTransportIdByte = 24;   // the TransportID of REGISTER AND MOVE
constexpr std::size_t kTransportIdsByte = 28;  // the TransportIDs of SPEC_I_PT

Outcome conflict() {
  return {Status::kReservationConflict, {}};
}

NexusPorts ports_of(const Nexus& nexus) {
  return {nexus.initiator_port, nexus.target_port};
}

/// One request on its way.
struct Planner {
  const ReservationState& state;
  const ReserveOut& request;
  const Nexus& sender;
  const NexusPorts own;
  ReservationChange change{state, false, {}, {}};

  const Registration* own_registration() const { return state.find(own); }

  /// On every nexus that is registered now but for the sender's.
  void tell_registrants(AdditionalSense condition) {
    for (const Registration& registration : change.next.registrations) {
      if (registration.ports != own) {
        change.attentions.emplace_back(registration.ports, condition);
      }
    }
  }

  Change count() {
    change.counts = true;
    return std::move(change);
  }
};

/// The target ports that a registration is for.
std::vector<TargetPort> target_ports(const Planner& plan) {
  const TargetPort own{plan.sender.relative_target_port, plan.sender.target_port_group, plan.sender.target_port};
  if (!plan.request.all_target_ports || plan.sender.target_ports == nullptr) {
    return {own};
  }
  std::vector<TargetPort> ports = plan.sender.target_ports->ports;
  if (std::ranges::find(ports, own.name, &TargetPort::name) == ports.end()) {
    ports.push_back(own);
  }
  return ports;
}

// SPC-5 5.14.11.3: a reservation that goes with its holder's registration is released; registrants-only kinds tell.
void unregister(Planner& plan, const NexusPorts& ports) {
  ReservationState& next = plan.change.next;
  const Registration* registration = next.find(ports);
  if (registration == nullptr) {
    return;
  }
  const bool others_lose = registration->holds && is_registrants_only(next.type);
  next.remove(ports);
  if (others_lose) {
    plan.tell_registrants(asc::kReservationsReleased);
  }
}

bool add(Planner& plan, NexusPorts ports, std::uint16_t relative_target_port) {
  if (plan.change.next.registrations.size() >= kRegistrationsMax) {
    return false;
  }
  plan.change.next.registrations.push_back({std::move(ports), relative_target_port, plan.request.action_key, false});
  return true;
}

// SPC-5 table 69, for one I_T nexus.
Outcome register_one(Planner& plan, const std::string& initiator_port, const TargetPort& target_port) {
  const ReserveOut& request = plan.request;
  NexusPorts ports{initiator_port, target_port.name};
  Registration* present = plan.change.next.find(ports);
  const bool ignores_key = request.action == ReserveOutAction::kRegisterAndIgnore;
  if (present == nullptr) {
    if (!ignores_key && request.key != 0 && ports == plan.own) {
      return conflict();
    }
    if (request.action_key != 0 && !add(plan, std::move(ports), target_port.relative_id)) {
      return illegal_request(asc::kInsufficientRegistrationResources);
    }
    return good();
  }
  if (!ignores_key && request.key != present->key) {
    return conflict();
  }
  if (request.action_key == 0) {
    unregister(plan, ports);
  } else {
    present->key = request.action_key;
  }
  return good();
}

// SPEC_I_PT: none of the nexuses may be registered already, or be named twice.
Outcome register_named(Planner& plan, const std::vector<TargetPort>& targets) {
  for (const std::string& initiator_port : plan.request.initiator_ports) {
    for (const TargetPort& target_port : targets) {
      if (plan.change.next.find({initiator_port, target_port.name}) != nullptr) {
        return invalid_list(kTransportIdsByte);
      }
      if (!add(plan, {initiator_port, target_port.name}, target_port.relative_id)) {
        return illegal_request(asc::kInsufficientRegistrationResources);
      }
    }
  }
  return good();
}

Change plan_register(Planner& plan) {
  const ReserveOut& request = plan.request;
  const bool was_registered = plan.own_registration() != nullptr;
  if (request.names_initiators) {
    if (was_registered) {
      return fail(plan.own_registration()->key == request.key ? invalid_cdb(1, std::uint8_t{4}) : conflict());
    }
    if (request.action_key == 0 && request.key == 0) {
      return std::move(plan.change);
    }
  }
  const std::vector<TargetPort> targets = target_ports(plan);
  for (const TargetPort& target_port : targets) {
    if (const Outcome outcome = register_one(plan, plan.sender.initiator_port, target_port); !outcome.is_good()) {
      return fail(outcome);
    }
  }
  if (const Outcome outcome = register_named(plan, targets); !outcome.is_good()) {
    return fail(outcome);
  }
  if (!was_registered && request.action_key == 0 && plan.change.next == plan.state) {
    return std::move(plan.change);
  }
  plan.change.next.persists = request.persists;
  return plan.count();
}

// SPC-5 5.14.9.
Change plan_reserve(Planner& plan) {
  const Registration& own = *plan.own_registration();
  if (plan.state.is_reserved()) {
    if (plan.state.is_holder(own) && plan.state.type == plan.request.type) {
      return std::move(plan.change);
    }
    return fail(conflict());
  }
  plan.change.next.type = plan.request.type;
  plan.change.next.find(plan.own)->holds = !is_all_registrants(plan.request.type);
  return std::move(plan.change);
}

// SPC-5 5.14.11.2.
Change plan_release(Planner& plan) {
  if (!plan.state.is_holder(*plan.own_registration())) {
    return std::move(plan.change);
  }
  if (plan.state.type != plan.request.type) {
    return fail(illegal_request(asc::kInvalidReleaseOfReservation));
  }
  plan.change.next.release();
  if (is_registrants_only(plan.state.type) || is_all_registrants(plan.state.type)) {
    plan.tell_registrants(asc::kReservationsReleased);
  }
  return std::move(plan.change);
}

// SPC-5 5.14.11.6.
Change plan_clear(Planner& plan) {
  plan.tell_registrants(asc::kReservationsPreempted);
  plan.change.next.registrations.clear();
  plan.change.next.release();
  return plan.count();
}

// Removes the registrations with the key (0: all); the sender's own only when the reservation is not taken over.
bool remove_preempted(Planner& plan, bool takes_over) {
  bool found = false;
  for (const Registration& registration : plan.state.registrations) {
    if (plan.request.action_key != 0 && registration.key != plan.request.action_key) {
      continue;
    }
    found = true;
    const bool is_own = registration.ports == plan.own;
    if (plan.request.action == ReserveOutAction::kPreemptAndAbort) {
      plan.change.fenced.push_back(registration.ports);
    }
    if (is_own && takes_over) {
      continue;
    }
    plan.change.next.remove(registration.ports);
    if (!is_own) {
      plan.change.attentions.emplace_back(registration.ports, asc::kRegistrationsPreempted);
    }
  }
  return found;
}

// SPC-5 5.14.11.4.
Change plan_preempt(Planner& plan) {
  const ReservationState& state = plan.state;
  const bool all_registrants = is_all_registrants(state.type);
  if (plan.request.action_key == 0 && !all_registrants) {
    return fail(invalid_list(kActionKeyByte));
  }
  const bool takes_over = state.is_reserved() && (all_registrants ? plan.request.action_key == 0
                                                                  : plan.request.action_key == state.holder_key());
  if (!remove_preempted(plan, takes_over)) {
    return fail(conflict());
  }
  if (takes_over) {
    plan.change.next.release();
    plan.change.next.type = plan.request.type;
    plan.change.next.find(plan.own)->holds = !is_all_registrants(plan.request.type);
    if (state.type != plan.request.type) {
      plan.tell_registrants(asc::kReservationsReleased);
    }
  }
  return plan.count();
}

// SPC-5 5.14.8. The nexus that the reservation moves to is registered with the key, whatever key it had.
Change plan_move(Planner& plan) {
  const ReserveOut& request = plan.request;
  if (is_all_registrants(plan.state.type)) {
    return fail(conflict());
  }
  if (!plan.own_registration()->holds) {
    return fail(invalid_cdb(1, std::uint8_t{4}));
  }
  if (request.action_key == 0) {
    return fail(invalid_list(kActionKeyByte));
  }
  ReserveOut everywhere = request;
  everywhere.all_target_ports = true;
  const std::vector<TargetPort> targets = target_ports({plan.state, everywhere, plan.sender, plan.own});
  const auto target = std::ranges::find(targets, request.relative_target_port, &TargetPort::relative_id);
  if (target == targets.end()) {
    return fail(invalid_list(kRelativePortByte));
  }
  const NexusPorts destination{request.initiator_ports.front(), target->name};
  if (destination == plan.own) {
    return fail(invalid_list(kTransportIdByte));
  }
  if (plan.change.next.find(destination) == nullptr && !add(plan, destination, target->relative_id)) {
    return fail(illegal_request(asc::kInsufficientRegistrationResources));
  }
  ReservationState& next = plan.change.next;
  next.find(plan.own)->holds = false;
  next.find(destination)->holds = true;
  next.find(destination)->key = request.action_key;
  next.persists = request.persists;
  if (request.unregisters) {
    next.remove(plan.own);
  }
  return plan.count();
}

}  // namespace

Result<ReservationChange, Outcome> plan_reserve_out(const ReservationState& state, const ReserveOut& request,
                                                    const Nexus& sender) {
  Planner plan{state, request, sender, ports_of(sender)};
  const bool registers =
      request.action == ReserveOutAction::kRegister || request.action == ReserveOutAction::kRegisterAndIgnore;
  const Registration* own = plan.own_registration();
  if (!registers && (own == nullptr || own->key != request.key)) {
    return fail(conflict());
  }
  switch (request.action) {
    case ReserveOutAction::kRegister:
    case ReserveOutAction::kRegisterAndIgnore:
      return plan_register(plan);
    case ReserveOutAction::kReserve:
      return plan_reserve(plan);
    case ReserveOutAction::kRelease:
      return plan_release(plan);
    case ReserveOutAction::kClear:
      return plan_clear(plan);
    case ReserveOutAction::kPreempt:
    case ReserveOutAction::kPreemptAndAbort:
      return plan_preempt(plan);
    case ReserveOutAction::kRegisterAndMove:
      return plan_move(plan);
  }
  return fail(invalid_cdb(1, std::uint8_t{4}));
}

}  // namespace lunaria::scsi
