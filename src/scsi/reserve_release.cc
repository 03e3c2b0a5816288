// RESERVE and RELEASE, 6 and 10 (SPC-2 7.19 - 7.22): of the whole unit, for the nexus itself. Those who have a
// persistent reservation may go on sending them to no effect (SPC-5 5.14.3); all else is refused as soon as somebody
// has registered (SPC-2 5.5.1).

#include "scsi/handlers.h"

namespace lunaria::scsi {
namespace {

// Carries out `change` when nothing persistent is in the way.
template <class Change>
Outcome apply_legacy(Execution& x, Change change) {
  Reservations& reservations = x.unit.reservations;
  switch (reservations.judge_legacy(x.nexus)) {
    case Reservations::LegacyVerdict::kCarryOut:
      change(reservations);
      return good();
    case Reservations::LegacyVerdict::kIgnore:
      return good();
    case Reservations::LegacyVerdict::kConflict:
      break;
  }
  return {Status::kReservationConflict, {}};
}

}  // namespace

// A reservation of the unit keeps out a PERSISTENT RESERVE OUT that is under way: it finds the unit as it was.
runtime::Task<Outcome> run_reserve(Execution& x) {
  if (x.unit.reservation_change_under_way) {
    co_return Outcome{Status::kReservationConflict, {}};
  }
  co_return apply_legacy(x, [&x](Reservations& reservations) { reservations.set_legacy_holder(&x.nexus); });
}

// Releasing what somebody else has reserved does nothing and is no error.
runtime::Task<Outcome> run_release(Execution& x) {
  co_return apply_legacy(x, [&x](Reservations& reservations) {
    if (reservations.legacy_holder() == &x.nexus) {
      reservations.set_legacy_holder(nullptr);
    }
  });
}

}  // namespace lunaria::scsi
