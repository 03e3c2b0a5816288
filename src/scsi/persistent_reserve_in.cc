// PERSISTENT RESERVE IN (SPC-5 6.16).

#include "scsi/handlers.h"
#include "scsi/transport_id.h"

namespace lunaria::scsi {
namespace {

// SPC-5 6.16.4. The mask of types has a bit for each of the six.
constexpr std::uint8_t kCapabilities = 0x1D;  // CRH, SIP_C, ATP_C, PTPL_C
// TMV: the mask of types is valid. ALLOW COMMANDS 011b: TEST UNIT READY passes every reservation, and what only reads
// of the unit itself (MODE SENSE, REPORT SUPPORTED OPERATION CODES, READ DEFECT DATA, ...) passes Write Exclusive.
constexpr std::uint8_t kTypeMaskValid = 0xB0;
constexpr std::uint8_t kPersistsActive = 0x01;  // PTPL_A
constexpr std::uint16_t kTypeMask = 0xEA01;

std::uint8_t scope_and_type(const ReservationState& state) {
  return std::to_underlying(state.type);  // the scope is always the logical unit, 0h
}

}  // namespace

Outcome answer_read_keys(Execution& x, wire::Writer& out) {
  const ReservationState& state = x.unit.reservations.state();
  out.put_big_endian(x.unit.reservations.generation());
  out.put_big_endian(static_cast<std::uint32_t>(state.registrations.size() * sizeof(std::uint64_t)));
  for (const Registration& registration : state.registrations) {
    out.put_big_endian(registration.key);
  }
  return good();
}

Outcome answer_read_reservation(Execution& x, wire::Writer& out) {
  const ReservationState& state = x.unit.reservations.state();
  out.put_big_endian(x.unit.reservations.generation());
  out.put_big_endian(std::uint32_t{state.is_reserved() ? 16U : 0U});
  if (state.is_reserved()) {
    out.put_big_endian(state.holder_key());
    out.put_zeros(5);
    out.put_big_endian(scope_and_type(state));
    out.put_zeros(2);
  }
  return good();
}

Outcome answer_report_capabilities(Execution& x, wire::Writer& out) {
  const bool persists = x.unit.reservations.state().persists;
  out.put_big_endian(std::uint16_t{8});
  out.put_big_endian(kCapabilities);
  out.put_big_endian(static_cast<std::uint8_t>(kTypeMaskValid | (persists ? kPersistsActive : 0)));
  out.put_big_endian(kTypeMask);
  out.put_zeros(2);
  return good();
}

Outcome answer_read_full_status(Execution& x, wire::Writer& out) {
  const ReservationState& state = x.unit.reservations.state();
  std::size_t length = 0;
  for (const Registration& registration : state.registrations) {
    length += 24 + transport_id_length(registration.ports.initiator_port);
  }
  out.put_big_endian(x.unit.reservations.generation());
  out.put_big_endian(static_cast<std::uint32_t>(length));
  for (const Registration& registration : state.registrations) {
    const std::string& port = registration.ports.initiator_port;
    const bool is_holder = state.is_holder(registration);
    out.put_big_endian(registration.key);
    out.put_zeros(4);
    out.put_big_endian(static_cast<std::uint8_t>(is_holder ? 0x01 : 0x00));
    out.put_big_endian(static_cast<std::uint8_t>(is_holder ? scope_and_type(state) : 0));
    out.put_zeros(4);
    out.put_big_endian(registration.relative_target_port);
    out.put_big_endian(static_cast<std::uint32_t>(transport_id_length(port)));
    put_transport_id(out, port);
  }
  return good();
}

}  // namespace lunaria::scsi
