// TEST UNIT READY, REQUEST SENSE, SEND DIAGNOSTIC.

#include "scsi/handlers.h"
#include "scsi/medium.h"

namespace lunaria::scsi {
namespace {

// What REQUEST SENSE has to tell of the unit itself when no unit attention is pending (SPC-5 5.11.2).
Sense unit_condition(const UnitState& unit) {
  if (unit.failed) {
    return failed_outcome().sense;
  }
  if (unit.ejected) {
    return {SenseKey::kNotReady, asc::kMediumNotPresent, std::nullopt, std::nullopt};
  }
  return {};
}

}  // namespace

// SPC-5 6.49. Readiness was checked before; a unit that became unready without an access is found out by asking.
runtime::Task<Outcome> run_test_unit_ready(Execution& x) {
  if (x.unit.volume->failure()) {
    x.unit.note_failure();
    co_return failed_outcome();
  }
  co_return good();
}

// SPC-5 6.39: reports a unit attention as parameter data, and that clears it.
Outcome answer_request_sense(Execution& x, wire::Writer& out) {
  Sense sense = unit_condition(x.unit);
  if (const auto condition = x.nexus.attentions.take()) {
    sense = {SenseKey::kUnitAttention, *condition, std::nullopt, std::nullopt};
  }
  const bool descriptors = cdb::request_sense::Descriptors::get(x.cdb());
  out.put(build_sense(sense, descriptors ? SenseFormat::kDescriptor : SenseFormat::kFixed).bytes());
  return good();
}

// SPC-5 6.42: the default self-test passes when the volume works; all else is refused by the usage data.
runtime::Task<Outcome> run_send_diagnostic(Execution& x) {
  co_return x.unit.failed ? failed_outcome() : good();
}

}  // namespace lunaria::scsi
