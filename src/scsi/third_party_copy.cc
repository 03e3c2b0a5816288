#include "scsi/third_party_copy.h"

#include <algorithm>

#include "scsi/limits.h"

namespace lunaria::scsi {
namespace {

// In the order in which no byte is overwritten before it has been read.
bool goes_backwards(const CopyEnd& source, const CopyEnd& destination, const CopyExtent& extent) {
  return source.is_same_unit_as(destination) && extent.to > extent.from && extent.to < extent.from + extent.length;
}

// The part of a command that may outlive it. `manager` refers to `operation`, both to the unit.
runtime::Task<Outcome> finish_copy(UnitState& unit, CopyOperation& operation, CopyWork& work,
                                   const bool* command_aborted) {
  CopyManager manager{unit, operation.nexus, operation.cancelled, command_aborted};
  const Outcome outcome = co_await work.run(manager, operation);
  operation.outcome = manager.must_stop() ? check_condition(SenseKey::kAbortedCommand, asc::kNone) : outcome;
  operation.in_progress = false;
  const NexusState* nexus = unit.find(operation.nexus);
  const Outcome result = operation.outcome;
  if (nexus == nullptr) {
    unit.copies.forget(operation);
  }
  co_return result;
}

runtime::Task<void> copy_in_background(UnitState& unit, CopyOperation& operation, std::unique_ptr<CopyWork> work) {
  const Outcome outcome = co_await finish_copy(unit, operation, *work, nullptr);
  static_cast<void>(outcome);  // RECEIVE COPY STATUS tells it
}

}  // namespace

runtime::Task<CopyFault> copy_extent(CopyManager& manager, CopyEnd& source, CopyEnd& destination, CopyExtent extent,
                                     CopyOperation& operation) {
  if (extent.length == 0) {
    co_return CopyFault{};
  }
  const std::uint64_t step_max = std::min<std::uint64_t>(kStepLength, extent.length);
  runtime::Buffer buffer = co_await manager.unit.home.buffers().allocate(step_max);
  const bool backwards = goes_backwards(source, destination, extent);
  for (std::uint64_t done = 0; done < extent.length;) {
    if (manager.must_stop()) {
      co_return CopyFault{aborted()};
    }
    const std::uint64_t step = std::min(step_max, extent.length - done);
    const std::uint64_t at = backwards ? extent.length - done - step : done;
    const auto memory = buffer.memory().first(step);
    const CopyFault read = co_await source.read(extent.from + at, memory);
    if (!read.outcome.is_good() || !read.is_reachable) {
      co_return read;
    }
    const CopyFault written = co_await destination.write(extent.to + at, memory);
    if (!written.outcome.is_good() || !written.is_reachable) {
      co_return written;
    }
    done += step;
    operation.bytes += step;
    co_await runtime::yield_on(manager.unit.home);
  }
  co_return CopyFault{};
}

Outcome copy_aborted(const CopyFault& fault) {
  if (!fault.is_reachable) {
    return check_condition(SenseKey::kCopyAborted, asc::kCopyTargetNotReachable);
  }
  if (fault.outcome.status == Status::kTaskAborted || fault.outcome.status == Status::kReservationConflict) {
    return fault.outcome;
  }
  const SenseKey key = fault.outcome.sense.key;
  if (key == SenseKey::kDataProtect || key == SenseKey::kNotReady) {
    return fault.outcome;  // says more than that the copy was aborted, and initiators act on it
  }
  Outcome outcome = check_condition(SenseKey::kCopyAborted, asc::kNone);
  outcome.sense.information = fault.outcome.sense.information;
  return outcome;
}

Result<CopyOperation*, Outcome> begin_copy(Execution& x, std::uint32_t list_id, std::uint8_t service_action) {
  const NexusId nexus = x.nexus.nexus->id;
  const CopyOperation* present = x.unit.copies.find(nexus, list_id);
  if (present != nullptr && present->in_progress) {
    return fail(illegal_request(asc::kOperationInProgress));
  }
  CopyOperation* operation = x.unit.copies.add(nexus, list_id, service_action);
  if (operation == nullptr) {
    return fail(Outcome{Status::kBusy, {}});
  }
  return operation;
}

runtime::Task<Outcome> run_copy(Execution& x, CopyOperation& operation, std::unique_ptr<CopyWork> work,
                                bool immediate) {
  if (!immediate) {
    const Outcome outcome = co_await finish_copy(x.unit, operation, *work, &x.command.aborted);
    co_return x.command.aborted ? aborted() : outcome;
  }
  if (!runtime::spawn(x.unit.copies.gate, copy_in_background(x.unit, operation, std::move(work)))) {
    co_return aborted();
  }
  co_return good();
}

}  // namespace lunaria::scsi
