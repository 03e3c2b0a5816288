// Logout (RFC 7143 11.14, 11.15) and the way to ask for it.
#include <algorithm>
#include <utility>

#include "iscsi/connection_state.h"

namespace lunaria::iscsi {

void ConnectionState::start_logout(Slot& slot) {
  const bhs::View header(slot.request_);
  const auto reason = static_cast<LogoutReason>(bhs::logout_request::Reason::get(header));
  slot.state_ = Slot::State::kQueued;
  switch (reason) {
    case LogoutReason::kCloseSession:
      log_out_session(slot);
      return;
    case LogoutReason::kCloseConnection:
      log_out_connection(slot, bhs::logout_request::Cid::get(header));
      return;
    case LogoutReason::kRemoveForRecovery:
      remove_for_recovery(slot, bhs::logout_request::Cid::get(header));
      return;
  }
  incoming_.header = slot.request_;
  add_reject(RejectReason::kInvalidPduField);
  release(slot);
}

void ConnectionState::answer_logout(Slot& slot, LogoutResponse response) {
  slot.task_response_ = static_cast<TaskResponse>(response);
  queue_answer(slot);
}

void ConnectionState::log_out_session(Slot& slot) {
  if (session_->logging_out_ != nullptr) {
    release(slot);  // another connection has logged the session out already
    return;
  }
  const std::vector<Connection*> others = session_->connections_;
  for (Connection* other : others) {
    if (other != &facade_) {
      other->state_->end_tasks();
      other->state_->close_now(CloseReason::kSessionClosed);
    }
  }
  for (Connection* other : std::vector<Connection*>(session_->suspended_)) {
    other->state_->end_tasks();
  }
  log_out_after_tasks(slot, *this);
}

void ConnectionState::log_out_connection(Slot& slot, std::uint16_t cid) {
  Connection* found = session_->find_connection(cid);
  if (found == nullptr || found->state_->closing_) {
    answer_logout(slot, LogoutResponse::kConnectionNotFound);
    return;
  }
  ConnectionState& leaving = *found->state_;
  if (&leaving != this) {
    leaving.close_now(CloseReason::kLoggedOut);
  }
  log_out_after_tasks(slot, leaving);
}

/// RFC 7143 11.14.1: the connection ends, and its tasks may be reassigned as soon as this is answered.
void ConnectionState::remove_for_recovery(Slot& slot, std::uint16_t cid) {
  if (session_->parameters().error_recovery_level < 2) {
    answer_logout(slot, LogoutResponse::kRecoveryNotSupported);
    return;
  }
  Connection* active = session_->find_connection(cid);
  const auto has_cid = [cid](const Connection* other) { return other->login().cid == cid; };
  if (active == nullptr || active == &facade_) {
    const bool is_known = active == nullptr && std::ranges::any_of(session_->suspended_, has_cid);
    answer_logout(slot, is_known ? LogoutResponse::kClosed : LogoutResponse::kConnectionNotFound);
    return;
  }
  active->state_->close_now(CloseReason::kRemovedForRecovery);
  slot.task_response_ = static_cast<TaskResponse>(LogoutResponse::kClosed);
  logout_ = &slot;
  logout_awaits_ = cid;
  logout_deadline_ = now_ + options_.timeouts.logout;
  session_->logging_out_ = this;
}

/// Answers when the commands of `leaving`, or of the whole session, are over: nothing of them can happen after it.
void ConnectionState::log_out_after_tasks(Slot& slot, ConnectionState& leaving) {
  leaving.end_tasks();
  if (&leaving == this) {
    phase_ = Phase::kLoggingOut;
  }
  slot.task_response_ = static_cast<TaskResponse>(LogoutResponse::kClosed);
  logout_ = &slot;
  logout_deadline_ = now_ + options_.timeouts.logout;
  session_->logging_out_ = this;
  finish_logout_if_idle();
}

/// Every command of this connection loses its initiator.
void ConnectionState::end_tasks() {
  while (Slot* task = find_own_slot([](const Slot& slot) {
           return slot.kind_ == Slot::Kind::kScsi && !slot.discarded_ &&
                  (slot.state_ == Slot::State::kHeld || slot.state_ == Slot::State::kSuspended ||
                   slot.state_ == Slot::State::kRunning ||
                   (slot.state_ == Slot::State::kQueued && slot.answer_after_data_));
         })) {
    if (!end_idle_task(*task)) {
      discard(*task);
    }
  }
}

void ConnectionState::finish_logout_if_idle() {
  ConnectionState* waiting = session_->logging_out_;
  if (waiting == nullptr || waiting->abandoned_ || waiting->logout_ == nullptr) {
    return;
  }
  if (waiting->logout_awaits_) {
    if (session_->find_connection(*waiting->logout_awaits_) != nullptr) {
      return;
    }
    waiting->logout_awaits_.reset();
    waiting->logout_deadline_ = runtime::Instant::max();
    session_->logging_out_ = nullptr;
    waiting->queue_answer(*std::exchange(waiting->logout_, nullptr));
    return;
  }
  // What is running on the connection that leaves may also be a function that was asked of the host.
  const bool leaves = waiting->phase_ == Phase::kLoggingOut;
  if (session_->ending_ != 0 || (leaves && waiting->running_ != 0)) {
    return;
  }
  waiting->logout_deadline_ = runtime::Instant::max();
  session_->logging_out_ = nullptr;
  waiting->queue_answer(*std::exchange(waiting->logout_, nullptr));
}

void ConnectionState::request_logout(runtime::Duration grace, runtime::Instant now) {
  if (suspended_) {
    close(CloseReason::kRequested, now);
    return;
  }
  now_ = now;
  if (phase_ != Phase::kFullFeature || session_->type() == SessionType::kDiscovery) {
    close_soon(CloseReason::kRequested);
    return;
  }
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(grace).count();
  Notice notice = make_notice(AsyncEvent::kLogoutRequested);
  bhs::async_message::Parameter3::set(bhs::Bytes(notice.header),
                                      static_cast<std::uint16_t>(std::clamp<std::int64_t>(seconds, 0, 65535)));
  add_notice(std::move(notice));
  if (logout_ == nullptr) {
    logout_deadline_ = now + grace;
  }
  host_.wake();
}

}  // namespace lunaria::iscsi
