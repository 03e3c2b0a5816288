// PERSISTENT RESERVE IN and OUT (SPC-5 6.16, 6.17). APTPL, SPEC_I_PT and ALL_TG_PT are not among the capabilities and
// are refused.

#include <algorithm>

#include "scsi/handlers.h"
#include "scsi/limits.h"
#include "scsi/text.h"

namespace lunaria::scsi {
namespace {

namespace list {  // SPC-5 6.17.3
constexpr std::size_t kSize = 24;
using Key = wire::BigEndian<std::uint64_t, 0>;
using ServiceActionKey = wire::BigEndian<std::uint64_t, 8>;
using SpecifyPorts = wire::Bits<bool, 20, 3>;
using AllTargetPorts = wire::Bits<bool, 20, 2>;
using PersistThroughPowerLoss = wire::Bits<bool, 20, 0>;
}  // namespace list

/// PERSISTENT RESERVE OUT service actions.
enum class Action : std::uint8_t {
  kRegister = 0,
  kReserve = 1,
  kRelease = 2,
  kClear = 3,
  kPreempt = 4,
  kPreemptAndAbort = 5,
  kRegisterAndIgnore = 6,
};

/// A checked PERSISTENT RESERVE OUT.
struct ReserveOut {
  Action action;
  ReservationType type;
  std::uint64_t key;
  std::uint64_t action_key;
};

Outcome conflict() {
  return {Status::kReservationConflict, {}};
}

// On every registered nexus but one.
void tell_registrants(UnitState& unit, AdditionalSense condition, const NexusState& except) {
  for (const auto& registration : unit.reservations.registrations()) {
    if (registration->nexus != nullptr && registration->nexus != &except) {
      registration->nexus->attentions.establish(condition);
    }
  }
}

// SPC-5 5.14.11.3: without its holder a reservation of the registrants-only kind is gone for the others too.
void unregister(Execution& x, Registration& registration) {
  Reservations& reservations = x.unit.reservations;
  const bool others_lose = reservations.is_holder(&registration) && reservations.is_registrants_only();
  reservations.remove(registration);
  if (others_lose) {
    tell_registrants(x.unit, asc::kReservationsReleased, x.nexus);
  }
}

Outcome do_register(Execution& x, const ReserveOut& request) {
  Reservations& reservations = x.unit.reservations;
  Registration* own = x.nexus.registration;
  if (request.action == Action::kRegister && request.key != (own != nullptr ? own->key : 0)) {
    return conflict();
  }
  if (own == nullptr) {
    if (request.action_key == 0) {
      return good();
    }
    if (reservations.add(x.nexus, request.action_key) == nullptr) {
      return illegal_request(asc::kInsufficientRegistrationResources);
    }
  } else if (request.action_key == 0) {
    unregister(x, *own);
  } else {
    own->key = request.action_key;
  }
  reservations.count_generation();
  return good();
}

Outcome do_reserve(Execution& x, const ReserveOut& request) {
  Reservations& reservations = x.unit.reservations;
  if (reservations.type() != ReservationType::kNone) {
    const bool is_same = reservations.is_holder(x.nexus.registration) && reservations.type() == request.type;
    return is_same ? good() : conflict();
  }
  reservations.reserve(*x.nexus.registration, request.type);
  return good();
}

Outcome do_release(Execution& x, const ReserveOut& request) {
  Reservations& reservations = x.unit.reservations;
  if (!reservations.is_holder(x.nexus.registration)) {
    return good();
  }
  if (reservations.type() != request.type) {
    return illegal_request(asc::kInvalidReleaseOfReservation);
  }
  const bool others_lose = reservations.is_registrants_only() || reservations.is_all_registrants();
  reservations.release();
  if (others_lose) {
    tell_registrants(x.unit, asc::kReservationsReleased, x.nexus);
  }
  return good();
}

Outcome do_clear(Execution& x) {
  Reservations& reservations = x.unit.reservations;
  tell_registrants(x.unit, asc::kReservationsPreempted, x.nexus);
  reservations.release();
  while (!reservations.registrations().empty()) {
    reservations.remove(*reservations.registrations().back());
  }
  reservations.count_generation();
  return good();
}

// Removes the registrations with the key (0: all), other than the own one; their tasks too when asked. Returns whether
// there was one, the own one included.
bool remove_preempted(Execution& x, const ReserveOut& request) {
  Reservations& reservations = x.unit.reservations;
  bool found = false;
  for (std::size_t i = reservations.registrations().size(); i-- > 0;) {
    Registration& registration = *reservations.registrations()[i];
    if (request.action_key != 0 && registration.key != request.action_key) {
      continue;
    }
    found = true;
    NexusState* nexus = registration.nexus;
    if (request.action == Action::kPreemptAndAbort && nexus != nullptr) {
      x.unit.abort_tasks(nexus, &x.nexus, &x.command);
    }
    if (&registration == x.nexus.registration) {
      continue;
    }
    if (nexus != nullptr) {
      nexus->attentions.establish(asc::kRegistrationsPreempted);
    }
    reservations.remove(registration);
  }
  return found;
}

// SPC-5 5.14.11.4.
Outcome do_preempt(Execution& x, const ReserveOut& request) {
  Reservations& reservations = x.unit.reservations;
  const ReservationType old_type = reservations.type();
  const bool all_registrants = reservations.is_all_registrants();
  if (request.action_key == 0 && !all_registrants) {
    return invalid_list(8);
  }
  const bool takes_over = old_type != ReservationType::kNone &&
                          (all_registrants ? request.action_key == 0 : request.action_key == reservations.holder_key());
  if (!remove_preempted(x, request)) {
    return conflict();
  }
  if (takes_over) {
    reservations.reserve(*x.nexus.registration, request.type);
    if (old_type != request.type) {
      tell_registrants(x.unit, asc::kReservationsReleased, x.nexus);
    }
  }
  reservations.count_generation();
  return good();
}

Outcome carry_out(Execution& x, const ReserveOut& request) {
  const bool registers = request.action == Action::kRegister || request.action == Action::kRegisterAndIgnore;
  if (!registers && (x.nexus.registration == nullptr || x.nexus.registration->key != request.key)) {
    return conflict();
  }
  switch (request.action) {
    case Action::kRegister:
    case Action::kRegisterAndIgnore:
      return do_register(x, request);
    case Action::kReserve:
      return do_reserve(x, request);
    case Action::kRelease:
      return do_release(x, request);
    case Action::kClear:
      return do_clear(x);
    case Action::kPreempt:
    case Action::kPreemptAndAbort:
      return do_preempt(x, request);
  }
  return invalid_cdb(1, std::uint8_t{4});
}

// Scope and type matter to those actions that make or end a reservation.
Outcome check_type(Action action, CdbBytes bytes) {
  if (action != Action::kReserve && action != Action::kRelease && action != Action::kPreempt &&
      action != Action::kPreemptAndAbort) {
    return good();
  }
  if (cdb::persistent_reserve_out::Scope::get(bytes) != 0) {
    return invalid_cdb(2, std::uint8_t{7});
  }
  return is_reservation_type(cdb::persistent_reserve_out::Type::get(bytes)) ? good() : invalid_cdb(2, std::uint8_t{3});
}

Outcome check_list(std::span<const std::byte, list::kSize> bytes) {
  if (list::SpecifyPorts::get(bytes)) {
    return invalid_list(20, std::uint8_t{3});
  }
  if (list::AllTargetPorts::get(bytes)) {
    return invalid_list(20, std::uint8_t{2});
  }
  return list::PersistThroughPowerLoss::get(bytes) ? invalid_list(20, std::uint8_t{0}) : good();
}

std::uint8_t scope_and_type(const Reservations& reservations) {
  return std::to_underlying(reservations.type());  // the scope is always the logical unit, 0h
}

// SPC-5 7.6.4.3: the iSCSI TransportID with the initiator port's name.
std::size_t transport_id_length(const std::string& port) {
  return 4 + std::max<std::size_t>(padded_name_length(port), 20);
}
void put_transport_id(wire::Writer& out, const std::string& port) {
  const std::size_t length = transport_id_length(port) - 4;
  out.put_big_endian(std::uint8_t{0x45});  // format 01b: port name; protocol 5h
  out.put_zeros(1);
  out.put_big_endian(static_cast<std::uint16_t>(length));
  out.put_text(port);
  out.put_zeros(length - port.size());
}

}  // namespace

runtime::Task<Outcome> run_persistent_reserve_out(Execution& x) {
  const Action action{cdb::ServiceAction::get(x.cdb())};
  if (const Outcome outcome = check_type(action, x.cdb()); !outcome.is_good()) {
    co_return outcome;
  }
  if (cdb::persistent_reserve_out::ListLength::get(x.cdb()) != list::kSize) {
    co_return illegal_request(asc::kParameterListLengthError);
  }
  const Outcome received = co_await receive_list(x, list::kSize);
  if (!received.is_good()) {
    co_return received;
  }
  const std::span<const std::byte, list::kSize> bytes = x.command.transport.data_out().first<list::kSize>();
  if (const Outcome outcome = check_list(bytes); !outcome.is_good()) {
    co_return outcome;
  }
  const ReservationType type{cdb::persistent_reserve_out::Type::get(x.cdb())};
  co_return carry_out(x, {action, type, list::Key::get(bytes), list::ServiceActionKey::get(bytes)});
}

Outcome answer_read_keys(Execution& x, wire::Writer& out) {
  const Reservations& reservations = x.unit.reservations;
  out.put_big_endian(reservations.generation());
  out.put_big_endian(static_cast<std::uint32_t>(reservations.registrations().size() * sizeof(std::uint64_t)));
  for (const auto& registration : reservations.registrations()) {
    out.put_big_endian(registration->key);
  }
  return good();
}

Outcome answer_read_reservation(Execution& x, wire::Writer& out) {
  const Reservations& reservations = x.unit.reservations;
  const bool is_reserved = reservations.type() != ReservationType::kNone;
  out.put_big_endian(reservations.generation());
  out.put_big_endian(std::uint32_t{is_reserved ? 16U : 0U});
  if (is_reserved) {
    out.put_big_endian(reservations.holder_key());
    out.put_zeros(5);
    out.put_big_endian(scope_and_type(reservations));
    out.put_zeros(2);
  }
  return good();
}

Outcome answer_report_capabilities(Execution& /*x*/, wire::Writer& out) {
  out.put_big_endian(std::uint16_t{8});
  out.put_zeros(1);                        // none of CRH, SIP_C, ATP_C, PTPL_C
  out.put_big_endian(std::uint8_t{0x80});  // TMV: the mask of types below is valid
  out.put_big_endian(std::uint16_t{0xEA01});
  out.put_zeros(2);
  return good();
}

Outcome answer_read_full_status(Execution& x, wire::Writer& out) {
  const Reservations& reservations = x.unit.reservations;
  std::size_t length = 0;
  for (const auto& registration : reservations.registrations()) {
    length += 24 + transport_id_length(registration->initiator_port);
  }
  out.put_big_endian(reservations.generation());
  out.put_big_endian(static_cast<std::uint32_t>(length));
  for (const auto& registration : reservations.registrations()) {
    const bool is_holder = reservations.is_holder(registration.get());
    out.put_big_endian(registration->key);
    out.put_zeros(4);
    out.put_big_endian(static_cast<std::uint8_t>(is_holder ? 0x01 : 0x00));
    out.put_big_endian(static_cast<std::uint8_t>(is_holder ? scope_and_type(reservations) : 0));
    out.put_zeros(4);
    out.put_big_endian(registration->relative_target_port);
    out.put_big_endian(static_cast<std::uint32_t>(transport_id_length(registration->initiator_port)));
    put_transport_id(out, registration->initiator_port);
  }
  return good();
}

}  // namespace lunaria::scsi
