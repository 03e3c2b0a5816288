// Persistent reservations that are to survive a restart (APTPL): into the catalogue when an initiator makes them, and
// back to the data plane when the disk is served again.

#include "service/core.h"

namespace lunaria::service {
namespace {

catalogue::ReservationsRow row_of(catalogue::DiskId id, const scsi::ReservationState& state) {
  catalogue::ReservationsRow row{id, std::to_underlying(state.type), {}};
  for (const scsi::Registration& registration : state.registrations) {
    row.registrations.push_back({registration.ports.initiator_port, registration.ports.target_port,
                                 registration.relative_target_port, registration.key, registration.holds});
  }
  return row;
}

}  // namespace

runtime::Task<bool> Core::keep_reservations(target::UnitId unit, scsi::ReservationState state) {
  const catalogue::DiskId id = row_id(unit);
  catalogue::Changes changes;
  if (state.registrations.empty()) {
    changes.emplace_back(catalogue::RemoveReservations{id});
  } else {
    changes.emplace_back(row_of(id, state));
  }
  const Outcome<void> done = co_await commit(std::move(changes));
  if (!done) {
    environment.log.error("service.reservations_not_saved",
                          {{"disk", static_cast<std::uint32_t>(unit)}, {"reason", done.error().message}});
  }
  co_return done.has_value();
}

scsi::ReservationState Core::saved_reservations(DiskId id) const {
  scsi::ReservationState state;
  const auto found = contents.reservations.find(row_id(id));
  if (found == contents.reservations.end()) {
    return state;
  }
  state.type = scsi::ReservationType{found->second.type};
  state.persists = true;
  for (const catalogue::RegistrationRow& row : found->second.registrations) {
    state.registrations.push_back(
        {{row.initiator_port, row.target_port}, row.relative_target_port, row.key, row.holds});
  }
  return state;
}

}  // namespace lunaria::service
