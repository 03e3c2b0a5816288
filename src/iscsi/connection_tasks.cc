// Task management (RFC 7143 11.5, 11.6, 4.2.3; RFC 7144 4).
#include <algorithm>
#include <utility>

#include "base/check.h"
#include "iscsi/connection_state.h"

namespace lunaria::iscsi {

namespace {

/// Whether the function concerns one logical unit; the rest concern the target or the nexus.
bool is_unit_function(TaskFunction function) {
  return function == TaskFunction::kAbortTaskSet || function == TaskFunction::kClearTaskSet ||
         function == TaskFunction::kLogicalUnitReset || function == TaskFunction::kQueryTaskSet;
}

bool is_target_reset(TaskFunction function) {
  return function == TaskFunction::kTargetWarmReset || function == TaskFunction::kTargetColdReset;
}

/// Whether tasks end by it, and which: all that are affected, not one by its tag.
bool ends_many_tasks(TaskFunction function) {
  return function == TaskFunction::kAbortTaskSet || function == TaskFunction::kClearTaskSet ||
         function == TaskFunction::kLogicalUnitReset || function == TaskFunction::kItNexusReset ||
         is_target_reset(function);
}

}  // namespace

void ConnectionState::start_task_management(Slot& slot) {
  namespace fields = bhs::task_management_request;
  const bhs::View header(slot.request_);
  const auto function = static_cast<TaskFunction>(fields::Function::get(header));
  slot.task_management_ = {.function = function,
                           .lun = scsi::Lun{bhs::Lun::get(header)},
                           .referenced_task_tag = fields::ReferencedTaskTag::get(header)};
  if (phase_ != Phase::kFullFeature) {
    release(slot);
    return;
  }
  switch (function) {
    case TaskFunction::kAbortTask:
      abort_task(slot);
      return;
    case TaskFunction::kAbortTaskSet:
    case TaskFunction::kClearTaskSet:
    case TaskFunction::kLogicalUnitReset:
    case TaskFunction::kTargetWarmReset:
    case TaskFunction::kTargetColdReset:
      end_many_tasks(slot);
      return;
    case TaskFunction::kClearAca:
      ask_host(slot);
      return;
    case TaskFunction::kTaskReassign:
      reassign(slot);
      return;
    case TaskFunction::kItNexusReset:
    case TaskFunction::kQueryTask:
    case TaskFunction::kQueryTaskSet:
    case TaskFunction::kQueryAsynchronousEvent:
      if (session_->parameters().protocol_level < 2) {
        break;
      }
      function == TaskFunction::kItNexusReset ? end_many_tasks(slot) : ask_host(slot);
      return;
  }
  answer_task_management(slot, TaskResponse::kNotSupported);
}

void ConnectionState::ask_host(Slot& slot) {
  slot.state_ = Slot::State::kRunning;
  ++running_;
  host_.manage_tasks(slot);
}

void ConnectionState::abort_task(Slot& slot) {
  const TaskManagementRequest& request = slot.task_management_;
  Slot* task = session_->find(request.referenced_task_tag);
  if (task == nullptr || task->kind_ != Slot::Kind::kScsi) {
    answer_task_management(slot, abort_unknown_task(slot));
    return;
  }
  if (task->command_->lun != request.lun) {
    answer_task_management(slot, TaskResponse::kTaskDoesNotExist);
    return;
  }
  if (task->state_ == Slot::State::kRunning) {
    ask_host(slot);
    return;
  }
  // Otherwise its status is on the way, unless it has not begun or only waits for its data to end.
  const bool gone = end_idle_task(*task);
  answer_task_management(slot, gone ? TaskResponse::kFunctionComplete : TaskResponse::kTaskDoesNotExist);
}

/// A task that is with nobody but the engine goes at once; false when it is not one of those.
bool ConnectionState::end_idle_task(Slot& task) {
  ConnectionState& owner = *task.engine_;
  switch (task.state_) {
    case Slot::State::kHeld:
      session_->forget_held(task);
      owner.release(task);
      return true;
    case Slot::State::kQueued:
      if (task.answer_after_data_) {
        owner.release(task);
        return true;
      }
      return false;
    case Slot::State::kSuspended:
      owner.release(task);
      return true;
    case Slot::State::kRunning:
    case Slot::State::kReceiving:
    case Slot::State::kRetained:
    case Slot::State::kSending:
    case Slot::State::kReturning:
    case Slot::State::kFenced:
    case Slot::State::kFree:
      return false;
  }
  return false;
}

/// RFC 7143 11.5.1: the command may have been lost; its CmdSN then counts as received, or nothing would follow.
TaskResponse ConnectionState::abort_unknown_task(const Slot& slot) {
  const CommandSn referenced(bhs::task_management_request::RefCmdSn::get(bhs::View(slot.request_)));
  const bool missing = session_->classify(referenced) != Session::Admission::kIgnore;
  if (!missing || !referenced.is_before(slot.command_sn_)) {
    return TaskResponse::kTaskDoesNotExist;
  }
  session_->accept(referenced, nullptr);
  deliver_held();
  return TaskResponse::kFunctionComplete;
}

/// Tasks that the function takes away: of its unit, and older than the request (RFC 7143 4.2.3.3).
bool ConnectionState::is_affected(const Slot& request, const Slot& task) const {
  if (task.kind_ != Slot::Kind::kScsi || !task.command_ || task.discarded_) {
    return false;
  }
  if (!task.immediate_ && !task.command_sn_.is_before(request.command_sn_)) {
    return false;
  }
  return !is_unit_function(request.task_management_.function) || task.command_->lun == request.task_management_.lun;
}

// Functions that end many tasks: first what they concern is complete, then the device server is asked, then what it
// still does comes to an end, then they are answered.

/// RFC 7143 4.2.3.3: commands before it must have come (step b, which the target resets need not wait for), and the
/// data of R2Ts that have been sent (step a; not with FastAbort, 4.2.3.4).
bool ConnectionState::is_incomplete(const Slot& request) {
  const CommandSn expected = session_->expected_command_sn();
  const std::uint32_t ahead = request.command_sn_.since(expected);
  if (request.immediate_ && ahead != 0 && ahead <= kCommandWindow) {
    return true;
  }
  if (session_->parameters().task_reporting == TaskReporting::kFastAbort) {
    return false;
  }
  return find_slot([&](const Slot& task) {
           return task.state_ == Slot::State::kRunning && task.r2t_count_ != 0 && task.r2ts_[0].sent &&
                  is_affected(request, task);
         }) != nullptr;
}

void ConnectionState::end_many_tasks(Slot& slot) {
  if (is_target_reset(slot.task_management_.function)) {
    session_->plug_until(slot.command_sn_);
    deliver_held();
  }
  if (is_incomplete(slot)) {
    fence(slot, kCommandOrderWait);
    return;
  }
  end_held_and_ask(slot);
}

void ConnectionState::end_held_and_ask(Slot& slot) {
  while (Slot* task = find_slot([&](const Slot& other) {
           const bool idle = other.state_ == Slot::State::kHeld || other.state_ == Slot::State::kSuspended ||
                             (other.state_ == Slot::State::kQueued && other.answer_after_data_);
           return idle && is_affected(slot, other);
         })) {
    end_idle_task(*task);
  }
  const bool is_of_unit = is_unit_function(slot.task_management_.function);
  session_->end_on_arrival(slot.command_sn_, is_of_unit ? std::optional(slot.task_management_.lun) : std::nullopt);
  ask_host(slot);
}

/// The initiator is told that these tasks are gone: they get no answer, and their tags are free.
void ConnectionState::discard_tasks(const Slot& request) {
  if (request.task_management_.function == TaskFunction::kAbortTask) {
    Slot* task = session_->find(request.task_management_.referenced_task_tag);
    if (task != nullptr && task->kind_ == Slot::Kind::kScsi && task->state_ == Slot::State::kRunning) {
      task->engine_->discard(*task);
    }
    return;
  }
  if (!ends_many_tasks(request.task_management_.function)) {
    return;
  }
  while (Slot* task = find_slot(
             [&](const Slot& other) { return other.state_ == Slot::State::kRunning && is_affected(request, other); })) {
    task->engine_->discard(*task);
  }
}

/// A running task loses its initiator. It completes later, or now if it waits for data.
void ConnectionState::discard(Slot& slot) {
  slot.discarded_ = true;
  if (slot.kind_ != Slot::Kind::kScsi) {
    return;
  }
  session_->remove(slot);
  session_->retire(slot);  // its place in the window is free, however long the backend takes
  uncount_data_in(slot);   // likewise
  ++session_->ending_;
  if (slot.unsolicited_open_ || slot.r2t_count_ != 0) {
    remember_aborted(slot.tag_);
  }
  forget_r2ts(slot);
  if (slot.waits_for_buffer_) {
    slot.waits_for_buffer_ = false;
    --waiting_for_buffer_;
  }
  if (!slot.is_remote()) {
    slot.command_->aborted = true;
  }
  host_.abort_command(slot);
  slot.finish_data_out(true);
}

/// QUERY TASK and QUERY TASK SET (RFC 7144 4.1): the device server has said that the unit is there; whether the task is
/// is known here.
TaskResponse ConnectionState::query(const Slot& request) {
  const TaskManagementRequest& asked = request.task_management_;
  const bool by_tag = asked.function == TaskFunction::kQueryTask;
  const Slot* found = find_slot([&](const Slot& task) {
    const bool is_there = task.state_ == Slot::State::kRunning || task.state_ == Slot::State::kHeld ||
                          task.state_ == Slot::State::kQueued || task.state_ == Slot::State::kSuspended;
    return task.kind_ == Slot::Kind::kScsi && is_there && !task.discarded_ && task.command_->lun == asked.lun &&
           (!by_tag || task.tag_ == asked.referenced_task_tag);
  });
  return found != nullptr ? TaskResponse::kFunctionSucceeded : TaskResponse::kFunctionComplete;
}

void ConnectionState::complete_task_management(CommandSlot& slot, TaskResponse response, std::uint32_t additional) {
  check(slot.state_ == Slot::State::kRunning && slot.kind_ == Slot::Kind::kTaskManagement,
        "a task management function completes once");
  --running_;
  if (abandoned_ || slot.discarded_ || closing_) {
    release(slot);
    finish_logout_if_idle();
    return;
  }
  if (slot.is_late_) {
    answer_late(slot);
    finish_logout_if_idle();
    return;
  }
  const TaskFunction function = slot.task_management_.function;
  const Slot* referenced = session_->find(slot.task_management_.referenced_task_tag);
  if (response == TaskResponse::kTaskDoesNotExist && function == TaskFunction::kAbortTask && referenced != nullptr &&
      referenced->state_ == Slot::State::kRunning) {
    response = TaskResponse::kFunctionComplete;  // on its way to the unit or back: its answer is withheld here
  }
  const bool done = response == TaskResponse::kFunctionComplete;
  if (done && (function == TaskFunction::kQueryTask || function == TaskFunction::kQueryTaskSet)) {
    response = query(slot);
  } else if (done) {
    discard_tasks(slot);
  }
  close_after_answers_ |= done && function == TaskFunction::kTargetColdReset;
  slot.task_response_ = response;
  slot.additional_information_ = additional;
  slot.was_asked_ = true;
  slot.ends_tasks_ = done && !close_after_answers_ && ends_many_tasks(function);
  if (done && !close_after_answers_ && waits(slot, false)) {
    fence(slot, slot.awaits_acknowledgements_ ? kAcknowledgementWait : kTaskEndWait);
  } else {
    queue_answer(slot);
  }
  finish_logout_if_idle();
}

void ConnectionState::answer_task_management(Slot& slot, TaskResponse response) {
  slot.task_response_ = response;
  queue_answer(slot);
}

}  // namespace lunaria::iscsi
