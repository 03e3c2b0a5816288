// ErrorRecoveryLevel 2: the tasks of a connection that failed wait for another one to take them over
// (RFC 7143 7.1.4.3, 7.2.2, 11.5.1 TASK REASSIGN).
#include <algorithm>
#include <utility>

#include "iscsi/connection_state.h"

namespace lunaria::iscsi {

/// What abandon() does, but commands stay: those that run go on, answers wait.
void ConnectionState::suspend(runtime::Instant now) {
  now_ = now;
  if (!closing_) {
    close_now(CloseReason::kDisconnected);
  }
  suspended_ = true;
  receiver_.release();
  if (incoming_.slot != nullptr) {
    unpin(*std::exchange(incoming_.slot, nullptr));
  }
  batch_.clear();
  first_answer_ = last_answer_ = first_sent_ = nullptr;
  notices_.clear();
  notices_sending_ = reject_count_ = rejects_sending_ = 0;
  *recovery_ = {};
  const SessionParameters& agreed = session_->parameters();
  recovery_deadline_ =
      now + std::chrono::seconds(agreed.default_time2wait) + std::chrono::seconds(agreed.default_time2retain);
  std::erase(session_->connections_, &facade_);
  session_->suspended_.push_back(&facade_);
  if (session_->logging_out_ == this) {
    session_->logging_out_ = nullptr;
  }
  while (Slot* slot = find_own_slot([](const Slot& other) {
           return !other.is_suspended_ && !other.discarded_ && other.state_ != Slot::State::kReturning;
         })) {
    suspend_slot(*slot);
  }
  tell_others_of_the_drop();
  finish_logout_if_idle();
  host_.wake();
}

void ConnectionState::suspend_slot(Slot& slot) {
  slot.in_resend_list_ = slot.in_batch_ = slot.resend_status_ = slot.resegments_ = slot.was_reassigned_ = false;
  if (slot.state_ == Slot::State::kHeld) {
    session_->unhold(slot);  // ExpCmdSN has not come to it: the initiator sends it again (RFC 7143 7.2.1)
    release(slot);
    return;
  }
  // A tag that is not known any more has been used again: its answer has arrived.
  const bool is_task = slot.kind_ == Slot::Kind::kScsi && slot.state_ != Slot::State::kReceiving && slot.in_tag_table_;
  if (!is_task) {
    if (slot.state_ == Slot::State::kRunning) {
      slot.discarded_ = true;
    } else {
      if (logout_ == &slot) {
        logout_ = nullptr;
      }
      if (slot.state_ == Slot::State::kRetained) {
        slot.state_ = Slot::State::kSending;  // it is in no list any more
      }
      release(slot);
    }
    return;
  }
  slot.is_suspended_ = true;
  uncount_data_in(slot);  // or what it waits with could hold up those who would take it over
  slot.unsolicited_open_ = slot.answer_after_data_ = false;
  forget_r2ts(slot);
  if (slot.waits_for_buffer_) {
    slot.waits_for_buffer_ = false;
    --waiting_for_buffer_;
  }
  if (slot.state_ != Slot::State::kRunning) {
    slot.state_ = Slot::State::kSuspended;
    slot.next_ = nullptr;
  }
}

/// RFC 7143 11.9.1, event 2.
void ConnectionState::tell_others_of_the_drop() {
  if (session_->connections_.empty()) {
    return;
  }
  const SessionParameters& agreed = session_->parameters();
  Notice notice = make_notice(AsyncEvent::kConnectionDropped);
  const bhs::Bytes header(notice.header);
  bhs::async_message::Parameter1::set(header, login_.result().cid);
  bhs::async_message::Parameter2::set(header, agreed.default_time2wait);
  bhs::async_message::Parameter3::set(header, agreed.default_time2retain);
  session_->connections_.front()->state_->add_notice(std::move(notice));
}

/// Nobody will take over what is left: there is nothing left, or the time is over.
bool ConnectionState::recovery_is_over() const {
  return recovery_over_ || (owned_ == 0 && !session_->connections_.empty());
}

void ConnectionState::reassign(Slot& request) {
  if (session_->parameters().error_recovery_level < 2) {
    answer_task_management(request, TaskResponse::kReassignmentNotSupported);
    return;
  }
  Slot* task = session_->find(request.task_management_.referenced_task_tag);
  if (task == nullptr || task->kind_ != Slot::Kind::kScsi || task->command_->lun != request.task_management_.lun) {
    answer_task_management(request, TaskResponse::kTaskDoesNotExist);
    return;
  }
  if (!task->is_suspended_) {
    answer_task_management(request, TaskResponse::kTaskStillAllegiant);
    return;
  }
  answer_task_management(request, TaskResponse::kFunctionComplete);
  // RFC 7143 11.5.6: a wrong reference number is ignored.
  const std::uint32_t reference = bhs::task_management_request::ExpDataSn::get(bhs::View(request.request_));
  if (reference <= task->data_in_sn_) {
    task->data_acknowledged_ = std::max(task->data_acknowledged_, reference);
  }
  ConnectionState& previous = *task->engine_;
  previous.give_away(*task);
  adopt(*task);
  if (previous.owned_ == 0) {
    previous.host_.wake();
  }
}

/// The task leaves this connection; what it holds goes with it.
void ConnectionState::give_away(Slot& task) {
  (task.previous_owned_ != nullptr ? task.previous_owned_->next_owned_ : first_owned_) = task.next_owned_;
  (task.next_owned_ != nullptr ? task.next_owned_->previous_owned_ : last_owned_) = task.previous_owned_;
  --owned_;
  running_ -= task.state_ == Slot::State::kRunning ? 1 : 0;
}

/// Goes on with it here: data from the reference number on and a status of this connection's, or R2Ts for what is
/// missing.
void ConnectionState::adopt(Slot& task) {
  task.engine_ = this;
  task.connection_ = &facade_;
  task.is_suspended_ = false;
  task.previous_owned_ = last_owned_;
  task.next_owned_ = nullptr;
  (last_owned_ != nullptr ? last_owned_->next_owned_ : first_owned_) = &task;
  last_owned_ = &task;
  ++owned_;
  if (task.state_ == Slot::State::kSuspended) {
    rewind(task, task.data_acknowledged_);
    task.has_status_sn_ = false;
    queue_answer(task);
    return;
  }
  ++running_;
  task.was_reassigned_ = true;
}

/// R2Ts go out after the response that says that the task is here; answers come after it anyway.
void ConnectionState::on_reassigned(const Slot& request) {
  Slot* task = session_->find(request.task_management_.referenced_task_tag);
  if (task == nullptr || task->engine_ != this || !std::exchange(task->was_reassigned_, false)) {
    return;
  }
  if (task->waiter_ != nullptr) {
    solicit(*task);
  }
}

}  // namespace lunaria::iscsi
