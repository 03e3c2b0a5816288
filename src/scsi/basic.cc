// TEST UNIT READY, REQUEST SENSE, SEND DIAGNOSTIC.

#include <algorithm>

#include "scsi/handlers.h"
#include "scsi/limits.h"
#include "scsi/medium.h"

namespace lunaria::scsi {
namespace {

// What REQUEST SENSE has to tell of the unit itself when no unit attention is pending (SPC-5 5.11.2).
Sense unit_condition(const UnitState& unit) {
  if (unit.failed) {
    return failed_outcome().sense;
  }
  if (!unit.background.is_idle()) {
    return unit.background.refusal().sense;
  }
  if (unit.ejected) {
    return {SenseKey::kNotReady, asc::kMediumNotPresent, std::nullopt, std::nullopt, std::nullopt};
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
    sense = {SenseKey::kUnitAttention, *condition, std::nullopt, std::nullopt, std::nullopt};
  }
  const bool descriptors = cdb::request_sense::Descriptors::get(x.cdb());
  out.put(build_sense(sense, descriptors ? SenseFormat::kDescriptor : SenseFormat::kFixed).bytes());
  return good();
}

// SPC-5 6.42: the default self-test and the short one in the foreground look whether the volume works and its ends can
// be read, the extended one reads all of it; there are none in the background.
runtime::Task<Outcome> run_send_diagnostic(Execution& x) {
  constexpr std::uint8_t kForegroundShort = 5;
  constexpr std::uint8_t kForegroundExtended = 6;
  UnitState& unit = x.unit;
  const std::uint8_t code = cdb::send_diagnostic::SelfTestCode::get(x.cdb());
  if (cdb::send_diagnostic::SelfTest::get(x.cdb()) ? code != 0
                                                   : code != kForegroundShort && code != kForegroundExtended) {
    co_return code == 0 ? good() : invalid_cdb(1, std::uint8_t{7});
  }
  if (unit.failed || unit.volume->failure()) {
    co_return check_condition(SenseKey::kHardwareError, asc::kSelfTestFailed);
  }
  const std::uint64_t size = unit.geometry.size();
  const std::uint64_t step_max = std::min<std::uint64_t>(kStepLength, size);
  const std::uint64_t stride = code == kForegroundExtended ? step_max : std::max(size - step_max, step_max);
  runtime::Buffer buffer = co_await x.command.transport.buffers().allocate(step_max);
  for (std::uint64_t at = 0; at < size; at += stride) {
    if (const Outcome stop = interrupted(x); !stop.is_good()) {
      co_return stop;
    }
    const auto memory = buffer.memory().first(std::min(step_max, size - at));
    const block::IoStatus status = co_await block::read(*unit.volume, at, memory);
    if (status != block::IoStatus::kOk) {
      co_return check_condition(SenseKey::kHardwareError, asc::kSelfTestFailed);
    }
    co_await runtime::yield_on(unit.home);
  }
  co_return good();
}

}  // namespace lunaria::scsi
