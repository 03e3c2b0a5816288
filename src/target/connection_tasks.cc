// Task management functions that the device servers carry out (RFC 7143 11.5, RFC 7144 4). See connection_loop.h.
#include <utility>

#include "target/connection_loop.h"

namespace lunaria::target {
namespace {

using iscsi::TaskFunction;
using iscsi::TaskResponse;

/// nullopt: nothing is asked of the unit but whether it is there.
std::optional<scsi::TaskManagement> scsi_function(TaskFunction function) {
  switch (function) {
    case TaskFunction::kAbortTask:
      return scsi::TaskManagement::kAbortTask;
    case TaskFunction::kAbortTaskSet:
      return scsi::TaskManagement::kAbortTaskSet;
    case TaskFunction::kClearTaskSet:
      return scsi::TaskManagement::kClearTaskSet;
    case TaskFunction::kClearAca:
      return scsi::TaskManagement::kClearAca;
    case TaskFunction::kItNexusReset:
      return scsi::TaskManagement::kItNexusReset;
    case TaskFunction::kLogicalUnitReset:
    case TaskFunction::kTargetWarmReset:
    case TaskFunction::kTargetColdReset:
      return scsi::TaskManagement::kLogicalUnitReset;
    case TaskFunction::kTaskReassign:
    case TaskFunction::kQueryTask:
    case TaskFunction::kQueryTaskSet:
    case TaskFunction::kQueryAsynchronousEvent:
      break;
  }
  return std::nullopt;
}

bool is_for_every_unit(TaskFunction function) {
  return function == TaskFunction::kTargetWarmReset || function == TaskFunction::kTargetColdReset ||
         function == TaskFunction::kItNexusReset;
}

/// SAM-5 7.10: UADE DEPTH (none is known), sense key, additional sense code and qualifier.
std::uint32_t event_information(scsi::AdditionalSense condition) {
  return std::uint32_t{static_cast<std::uint8_t>(scsi::SenseKey::kUnitAttention)} << 16 |
         static_cast<std::uint16_t>(condition);
}

}  // namespace

void ConnectionLoop::manage_tasks(iscsi::CommandSlot& slot) {
  runtime::spawn(inside_, run_task_management(slot));
}

runtime::Task<void> ConnectionLoop::run_task_management(iscsi::CommandSlot& slot) {
  const iscsi::TaskManagementRequest request = slot.task_management();
  const bool for_every_unit = is_for_every_unit(request.function);
  std::vector<MappedUnit> units;
  if (for_every_unit) {
    units = session_->luns().units();
  } else if (const MappedUnit* unit = session_->luns().find(request.lun)) {
    units.push_back(*unit);
  }
  const auto scsi_nexus = session_->session().nexus;
  const scsi::NexusId nexus = scsi_nexus == nullptr ? scsi::NexusId{} : scsi_nexus->id;
  const auto function = scsi_function(request.function);
  auto response = units.empty() && !for_every_unit ? TaskResponse::kLunDoesNotExist : TaskResponse::kFunctionComplete;
  std::uint32_t additional = 0;
  for (const MappedUnit& unit : units) {
    co_await runtime::move_to(unit.place.home->shard());
    scsi::LogicalUnit& logical_unit = unit.place.unit->logical_unit();
    if (function) {
      const bool found = logical_unit.manage(*function, nexus, request.referenced_task_tag);
      if (!found && *function == scsi::TaskManagement::kAbortTask) {
        response = TaskResponse::kTaskDoesNotExist;
      }
    } else if (request.function == TaskFunction::kQueryAsynchronousEvent) {
      if (const auto condition = logical_unit.pending_attention(nexus)) {
        response = TaskResponse::kFunctionSucceeded;
        additional = event_information(*condition);
      }
    }
  }
  co_await runtime::move_to(home_->shard());
  connection_->complete_task_management(slot, response, additional);
  if (request.function == TaskFunction::kTargetColdReset && session_->target()) {
    // Our own connections follow: this one when its answer has been sent.
    co_await environment_.close_target(*session_->target(), session_->tsih());
    co_await runtime::move_to(home_->shard());
    for (const auto& other : home_->loops()) {
      if (other.get() != this && other->session_ == session_) {
        other->close(iscsi::CloseReason::kRequested);
      }
    }
  }
}

void ConnectionLoop::abort_command(iscsi::CommandSlot& slot) {
  const MappedUnit* unit = session_->luns().find(slot.command().lun);
  const auto nexus = session_->session().nexus;
  if (unit != nullptr && nexus != nullptr) {
    runtime::spawn(inside_, abort_task(*unit, nexus->id, slot.command().tag));
  }
}

// On its way to the unit it is overtaken by nothing that the initiator sends later, by whichever connection.
runtime::Task<void> ConnectionLoop::abort_task(MappedUnit unit, scsi::NexusId nexus, std::uint32_t tag) {
  co_await runtime::move_to(unit.place.home->shard());
  unit.place.unit->logical_unit().manage(scsi::TaskManagement::kAbortTask, nexus, tag);
  co_await runtime::move_to(home_->shard());
}

}  // namespace lunaria::target
