// What task management functions wait for before the device server is asked, and before they are answered (RFC 7143
// 4.2.3.3): commands and data that they concern, the end of the tasks, and what other connections still have to bring.
#include <algorithm>

#include "iscsi/connection_state.h"

namespace lunaria::iscsi {

/// The function waits, until check_fences() finds that it need not, or for so long.
void ConnectionState::fence(Slot& slot, runtime::Duration wait) {
  slot.state_ = Slot::State::kFenced;
  slot.fenced_until_ = now_ + wait;
  session_->add_fenced(slot);
  fence_deadline_ = std::min(fence_deadline_, slot.fenced_until_);
  host_.wake();
}

/// Goes on with functions of any connection of the session that wait for nothing any more, or have waited enough.
void ConnectionState::check_fences() {
  Slot* slot = session_->first_fenced_;
  while (slot != nullptr) {
    ConnectionState& owner = *slot->engine_;
    const bool is_late = owner.now_ >= slot->fenced_until_;
    if (owner.waits(*slot, is_late)) {
      slot = slot->next_;
      continue;
    }
    session_->remove_fenced(*slot);
    if (slot->was_asked_) {
      owner.queue_answer(*slot);
    } else {
      owner.end_held_and_ask(*slot);
    }
    slot = session_->first_fenced_;  // anything may have happened to the list
  }
}

/// `is_late`: it has waited as long as it may for what it waited for so far.
bool ConnectionState::waits(Slot& slot, bool is_late) {
  if (!slot.was_asked_) {
    return !is_late && is_incomplete(slot);
  }
  if (!slot.awaits_acknowledgements_ && session_->ending_ != 0 && !is_late) {
    return true;
  }
  if (!slot.ends_tasks_ || !waits_for_acknowledgements(slot)) {
    return false;
  }
  if (!slot.awaits_acknowledgements_) {
    slot.awaits_acknowledgements_ = true;
    slot.fenced_until_ = now_ + kAcknowledgementWait;
    fence_deadline_ = std::min(fence_deadline_, slot.fenced_until_);
    return true;
  }
  if (is_late) {
    drop_unacknowledged();
  }
  return !is_late;
}

/// RFC 7143 4.2.3.3 step d of the target: answers of the tasks that have ended may be on their way on other
/// connections. The function is answered when the initiator has them. Each of those connections asks for an
/// acknowledgement.
bool ConnectionState::waits_for_acknowledgements(Slot& slot) {
  const auto is_other = [this](const Connection* connection) { return connection->state_.get() != this; };
  if (!slot.has_marked_) {
    const bool has_answers_left =
        find_slot([&](const Slot& task) {
          return task.engine_ != this && task.state_ == Slot::State::kQueued && is_affected(slot, task);
        }) != nullptr;
    if (has_answers_left) {
      return std::ranges::any_of(session_->connections_, is_other);
    }
    slot.has_marked_ = true;
    for (Connection* connection : session_->connections_) {
      if (is_other(connection)) {
        connection->state_->ask_for_acknowledgement();
      }
    }
  }
  return std::ranges::any_of(session_->connections_, [&](const Connection* connection) {
    return is_other(connection) && connection->state_->unacknowledged_.has_value();
  });
}

void ConnectionState::ask_for_acknowledgement() {
  if (closing_) {
    return;
  }
  unacknowledged_ = status_sn_;
  probe_due_ = true;
  note_send();
}

/// A PDU of this connection says what its initiator has.
void ConnectionState::note_acknowledgement(StatusSn expected) {
  if (!expected.is_before(*unacknowledged_)) {
    unacknowledged_.reset();
    check_fences();
  }
}

/// An initiator that reads nothing for so long is not there any more, as far as we can tell.
void ConnectionState::drop_unacknowledged() {
  for (Connection* connection : session_->connections_) {
    ConnectionState& state = *connection->state_;
    if (&state != this && state.unacknowledged_) {
      state.unacknowledged_.reset();
      state.close_now(CloseReason::kStalled);
    }
  }
}

void ConnectionState::on_fence_deadline() {
  check_fences();
  fence_deadline_ = runtime::Instant::max();
  for (Slot* slot = session_->first_fenced_; slot != nullptr; slot = slot->next_) {
    if (slot->engine_ == this) {
      fence_deadline_ = std::min(fence_deadline_, slot->fenced_until_);
    }
  }
}

}  // namespace lunaria::iscsi
