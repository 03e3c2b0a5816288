// RESERVE and RELEASE, 6 and 10 (SPC-2 7.19 - 7.22): of the whole unit, for the nexus itself.

#include "scsi/handlers.h"

namespace lunaria::scsi {

// Not to be mixed with persistent reservations (SPC-2 5.5.1): refused as soon as somebody has registered.
runtime::Task<Outcome> run_reserve(Execution& x) {
  if (!x.unit.reservations.registrations().empty()) {
    co_return Outcome{Status::kReservationConflict, {}};
  }
  x.unit.reservations.set_legacy_holder(&x.nexus);
  co_return good();
}

// Releasing what somebody else has reserved does nothing and is no error.
runtime::Task<Outcome> run_release(Execution& x) {
  if (!x.unit.reservations.registrations().empty()) {
    co_return Outcome{Status::kReservationConflict, {}};
  }
  if (x.unit.reservations.legacy_holder() == &x.nexus) {
    x.unit.reservations.set_legacy_holder(nullptr);
  }
  co_return good();
}

}  // namespace lunaria::scsi
