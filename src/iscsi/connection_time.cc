// Deadlines: see Timeouts for what they mean.
#include <algorithm>

#include "iscsi/connection_state.h"

namespace lunaria::iscsi {

using runtime::Instant;

Instant ConnectionState::next_deadline() const {
  const Timeouts& timeouts = options_.timeouts;
  if (suspended_) {
    return abandoned_ || recovery_over_ ? Instant::max() : recovery_deadline_;
  }
  if (closing_) {
    return abandoned_ || close_at_once_ ? Instant::max() : close_deadline_;
  }
  Instant next = Instant::max();
  const auto consider = [&next](Instant instant) { next = std::min(next, instant); };
  if (login_reply_held_) {
    consider(refusal_at_);
  }
  if (phase_ == Phase::kLogin || phase_ == Phase::kEstablishing) {
    consider(began_ + timeouts.login);
  }
  if (!batch_.empty()) {
    consider(send_progress_ + timeouts.stall);
  }
  if (!receiver_.is_between_pdus() && !receive_paused()) {
    consider(last_received_ + timeouts.stall);
  }
  if (r2ts_open_ != 0) {
    consider(data_out_progress_ + timeouts.data_out);
  }
  if (wants_memory()) {
    consider(retry_at_);
  }
  consider(logout_deadline_);
  consider(fence_deadline_);
  consider(command_deadline_);
  if (phase_ == Phase::kFullFeature && login_.result().probe_when_idle && pause_ == Pause::kNone) {
    consider(probing_ ? probe_sent_ + timeouts.probe_answer : last_received_ + timeouts.idle_probe);
  }
  return next;
}

void ConnectionState::on_deadline(Instant now) {
  now_ = now;
  const Timeouts& timeouts = options_.timeouts;
  if (suspended_) {
    recovery_over_ |= now >= recovery_deadline_;
    host_.wake();
    return;
  }
  if (closing_) {
    if (now >= close_deadline_) {
      close_at_once_ = true;
      host_.wake();
    }
    return;
  }
  if (login_reply_held_ && now >= refusal_at_) {
    send_login_reply();
    return;
  }
  if ((phase_ == Phase::kLogin || phase_ == Phase::kEstablishing) && now >= began_ + timeouts.login) {
    close_now(CloseReason::kLoginTimeout);
    return;
  }
  const bool send_stalled = !batch_.empty() && now >= send_progress_ + timeouts.stall;
  const bool receive_stalled =
      !receiver_.is_between_pdus() && !receive_paused() && now >= last_received_ + timeouts.stall;
  const bool data_stalled = r2ts_open_ != 0 && now >= data_out_progress_ + timeouts.data_out && !solicit_again();
  if (send_stalled || receive_stalled || data_stalled) {
    close_now(CloseReason::kStalled);
    return;
  }
  if (wants_memory() && now >= retry_at_) {
    retry_at_ = now + kBufferRetryInterval;
    retry_buffers();
    if (pause_ == Pause::kBuffer || pause_ == Pause::kSlot) {
      resume();
    }
  }
  if (now >= fence_deadline_) {
    on_fence_deadline();
  }
  if (now >= command_deadline_) {
    end_late_commands();
  }
  if (now >= logout_deadline_) {
    logout_deadline_ = Instant::max();
    if (logout_ != nullptr) {
      session_->logging_out_ = nullptr;
      logout_awaits_.reset();
      queue_answer(*std::exchange(logout_, nullptr));
    } else {
      close_now(CloseReason::kRequested);
    }
    return;
  }
  probe_or_give_up();
}

void ConnectionState::probe_or_give_up() {
  const Timeouts& timeouts = options_.timeouts;
  if (phase_ != Phase::kFullFeature || !login_.result().probe_when_idle || pause_ != Pause::kNone) {
    return;
  }
  if (probing_) {
    if (now_ >= probe_sent_ + timeouts.probe_answer) {
      close_now(session_->type() == SessionType::kDiscovery ? CloseReason::kDiscoveryDone
                                                            : CloseReason::kProbeUnanswered);
    }
    return;
  }
  if (now_ < last_received_ + timeouts.idle_probe) {
    return;
  }
  probing_ = true;
  probe_sent_ = now_;
  // A discovery session takes no NOP-In (RFC 7143 4.3): it is only given time.
  if (session_->type() == SessionType::kNormal) {
    probe_due_ = true;
    note_send();
  }
}

}  // namespace lunaria::iscsi
