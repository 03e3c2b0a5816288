// Task management and logout (RFC 7143 11.5, 11.6, 11.14, 11.15).
#include <algorithm>
#include <utility>

#include "base/check.h"
#include "iscsi/connection_state.h"

namespace lunaria::iscsi {

namespace {

/// Whether the function concerns one logical unit; the rest concern the target.
bool is_unit_function(TaskFunction function) {
  return function == TaskFunction::kAbortTaskSet || function == TaskFunction::kClearTaskSet ||
         function == TaskFunction::kLogicalUnitReset;
}

}  // namespace

void ConnectionState::start_task_management(Slot& slot) {
  const bhs::View header(slot.request_);
  const auto function = static_cast<TaskFunction>(bhs::task_management_request::Function::get(header));
  slot.task_management_ = {.function = function,
                           .lun = scsi::Lun{bhs::Lun::get(header)},
                           .referenced_task_tag = bhs::task_management_request::ReferencedTaskTag::get(header)};
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
      discard_held(slot);
      slot.state_ = Slot::State::kRunning;
      ++running_;
      host_.manage_tasks(slot);
      return;
    case TaskFunction::kTaskReassign:
      answer_task_management(slot, TaskResponse::kReassignmentNotSupported);
      return;
    case TaskFunction::kClearAca:
    case TaskFunction::kQueryTask:
    case TaskFunction::kQueryTaskSet:
    case TaskFunction::kItNexusReset:
    case TaskFunction::kQueryAsynchronousEvent:
      break;
  }
  answer_task_management(slot, TaskResponse::kNotSupported);
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
  switch (task->state_) {
    case Slot::State::kHeld:
      session_->forget_held(*task);
      release(*task);
      answer_task_management(slot, TaskResponse::kFunctionComplete);
      return;
    case Slot::State::kRunning:
      slot.state_ = Slot::State::kRunning;
      ++running_;
      host_.manage_tasks(slot);
      return;
    case Slot::State::kQueued:
      if (task->answer_after_data_) {
        release(*task);
        answer_task_management(slot, TaskResponse::kFunctionComplete);
        return;
      }
      break;
    case Slot::State::kReceiving:
    case Slot::State::kSending:
    case Slot::State::kReturning:
    case Slot::State::kFree:
      break;
  }
  // Its status is on the way.
  answer_task_management(slot, TaskResponse::kTaskDoesNotExist);
}

/// RFC 7143 11.5.1: the command may have been lost; its CmdSN then counts as received, or nothing would follow.
TaskResponse ConnectionState::abort_unknown_task(const Slot& slot) {
  const CommandSn referenced(bhs::task_management_request::RefCmdSn::get(bhs::View(slot.request_)));
  const bool missing = session_->classify(referenced) != Session::Admission::kIgnore;
  if (!missing || !referenced.is_before(slot.command_sn_)) {
    return TaskResponse::kTaskDoesNotExist;
  }
  session_->accept(referenced, nullptr);
  while (Slot* next = session_->take_next_held()) {
    next->engine_->deliver(*next);
  }
  return TaskResponse::kFunctionComplete;
}

/// Tasks that the function takes away: of its unit, and older than the request (RFC 7143 4.2.3.3).
bool ConnectionState::is_affected(const Slot& request, const Slot& task) const {
  if (task.kind_ != Slot::Kind::kScsi || !task.command_) {
    return false;
  }
  if (!task.immediate_ && !task.command_sn_.is_before(request.command_sn_)) {
    return false;
  }
  return !is_unit_function(request.task_management_.function) || task.command_->lun == request.task_management_.lun;
}

void ConnectionState::discard_held(const Slot& request) {
  for (Slot* task = first_owned_; task != nullptr;) {
    Slot* next = task->next_owned_;
    if (task->state_ == Slot::State::kHeld && is_affected(request, *task)) {
      session_->forget_held(*task);
      release(*task);
    }
    task = next;
  }
}

/// The initiator is told that these tasks are gone: they get no answer, and their tags are free.
void ConnectionState::discard_tasks(const Slot& request) {
  if (request.task_management_.function == TaskFunction::kAbortTask) {
    Slot* task = session_->find(request.task_management_.referenced_task_tag);
    if (task != nullptr && task->kind_ == Slot::Kind::kScsi && task->state_ == Slot::State::kRunning) {
      discard(*task);
    }
    return;
  }
  for (Slot* task = first_owned_; task != nullptr;) {
    Slot* next = task->next_owned_;
    if (task->state_ == Slot::State::kRunning && is_affected(request, *task)) {
      discard(*task);
    }
    task = next;
  }
}

/// A running task loses its initiator. It completes later, or now if it waits for data.
void ConnectionState::discard(Slot& slot) {
  slot.discarded_ = true;
  if (slot.kind_ != Slot::Kind::kScsi) {
    return;
  }
  session_->remove(slot);
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
  slot.finish_data_out(true);
}

void ConnectionState::complete_task_management(CommandSlot& slot, TaskResponse response) {
  check(slot.state_ == Slot::State::kRunning && slot.kind_ == Slot::Kind::kTaskManagement,
        "a task management function completes once");
  --running_;
  if (abandoned_ || slot.discarded_ || closing_) {
    release(slot);
    finish_logout_if_idle();
    return;
  }
  if (response == TaskResponse::kTaskDoesNotExist && slot.task_management_.function == TaskFunction::kAbortTask &&
      session_->find(slot.task_management_.referenced_task_tag) != nullptr) {
    response = TaskResponse::kFunctionComplete;  // on its way to the unit or back: its answer is withheld here
  }
  const bool done = response == TaskResponse::kFunctionComplete;
  if (done) {
    discard_tasks(slot);
  }
  close_after_answers_ |= done && slot.task_management_.function == TaskFunction::kTargetColdReset;
  answer_task_management(slot, response);
  finish_logout_if_idle();
}

void ConnectionState::answer_task_management(Slot& slot, TaskResponse response) {
  slot.task_response_ = response;
  queue_answer(slot);
}

void ConnectionState::start_logout(Slot& slot) {
  const bhs::View header(slot.request_);
  const auto reason = static_cast<LogoutReason>(bhs::logout_request::Reason::get(header));
  slot.state_ = Slot::State::kQueued;
  if (reason == LogoutReason::kRemoveForRecovery) {
    slot.task_response_ = static_cast<TaskResponse>(LogoutResponse::kRecoveryNotSupported);
    queue_answer(slot);
    return;
  }
  if (reason != LogoutReason::kCloseSession && reason != LogoutReason::kCloseConnection) {
    incoming_.header = slot.request_;
    add_reject(RejectReason::kInvalidPduField);
    release(slot);
    return;
  }
  if (reason == LogoutReason::kCloseConnection && bhs::logout_request::Cid::get(header) != login_.result().cid) {
    slot.task_response_ = static_cast<TaskResponse>(LogoutResponse::kConnectionNotFound);
    queue_answer(slot);
    return;
  }
  slot.task_response_ = static_cast<TaskResponse>(LogoutResponse::kClosed);
  phase_ = Phase::kLoggingOut;
  logout_ = &slot;
  logout_deadline_ = now_ + options_.timeouts.logout;
  for (Slot* task = first_owned_; task != nullptr;) {
    Slot* next = task->next_owned_;
    if (task->state_ == Slot::State::kHeld) {
      session_->forget_held(*task);
      release(*task);
    } else if (task->state_ == Slot::State::kRunning) {
      discard(*task);
    } else if (task->state_ == Slot::State::kQueued && task->answer_after_data_) {
      release(*task);
    }
    task = next;
  }
  finish_logout_if_idle();
}

/// The logout is answered when the commands are over, so that nothing of this session can happen after it.
void ConnectionState::finish_logout_if_idle() {
  if (logout_ != nullptr && running_ == 0 && !abandoned_) {
    logout_deadline_ = runtime::Instant::max();
    queue_answer(*std::exchange(logout_, nullptr));
  }
}

void ConnectionState::request_logout(runtime::Duration grace, runtime::Instant now) {
  now_ = now;
  if (phase_ != Phase::kFullFeature || session_->type() == SessionType::kDiscovery) {
    close_soon(CloseReason::kRequested);
    return;
  }
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(grace).count();
  logout_request_seconds_ = static_cast<std::uint16_t>(std::clamp<std::int64_t>(seconds, 0, 65535));
  logout_request_due_ = true;
  logout_deadline_ = now + grace;
  note_send();
  host_.wake();
}

}  // namespace lunaria::iscsi
