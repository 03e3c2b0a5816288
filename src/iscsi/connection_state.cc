// Receiving, slots, rejects and the end of a connection. See connection_state.h.
#include "iscsi/connection_state.h"

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace lunaria::iscsi {

ConnectionState::ConnectionState(Connection& facade, runtime::Shard& shard, SlotPool& slots, Host& host, Log& log,
                                 const ConnectionOptions& options, runtime::Instant now)
    : facade_(facade),
      shard_(&shard),
      slots_(&slots),
      host_(host),
      log_(log),
      options_(options),
      login_(host, shard.random(), options.peer, options.local),
      now_(now),
      began_(now),
      last_received_(now),
      send_progress_(now),
      data_out_progress_(now) {}

ConnectionState::~ConnectionState() {
  check(owned_ == 0, "a connection is drained before it goes");
  check(session_ == nullptr || abandoned_, "a connection is abandoned before it goes");
}

// Receiving.

bool ConnectionState::may_process() const {
  if (closing_ || abandoned_ || pause_ != Pause::kNone || login_reply_) {
    return false;
  }
  return phase_ == Phase::kLogin || phase_ == Phase::kFullFeature;
}

bool ConnectionState::receive_paused() const {
  return !may_process();
}

std::span<std::byte> ConnectionState::receive_memory() {
  // A connection that logs in may still move to another shard, whose pool is another.
  return receiver_.memory(phase_ == Phase::kFullFeature ? &shard_->buffers() : nullptr);
}

void ConnectionState::on_received(std::size_t count, runtime::Instant now) {
  now_ = now;
  last_received_ = now;
  probing_ = false;
  counters_.bytes_received += count;
  receiver_.received(count);
  process();
}

void ConnectionState::process() {
  if (processing_) {
    return;
  }
  processing_ = true;
  bool more = true;
  while (more && may_process()) {
    switch (receiver_.next()) {
      case PduReceiver::Event::kNeedMore:
        more = false;
        break;
      case PduReceiver::Event::kHeader:
        more = on_header();
        break;
      case PduReceiver::Event::kHeaderDigestError:
        // RFC 7143 7.8: what follows cannot be found, so the connection is lost.
        close_now(CloseReason::kHeaderDigestError);
        break;
      case PduReceiver::Event::kPdu:
        on_pdu(true);
        break;
      case PduReceiver::Event::kDataDigestError:
        on_pdu(false);
        break;
    }
  }
  processing_ = false;
}

void ConnectionState::resume() {
  if (pause_ == Pause::kNone) {
    return;
  }
  pause_ = Pause::kNone;
  process();
  if (pause_ == Pause::kNone) {
    host_.wake();
  }
}

bool ConnectionState::pause(Pause why) {
  if (why == Pause::kBuffer && !buffer_wanted_) {
    buffer_wanted_ = true;
    paused_since_ = now_;
    retry_at_ = now_ + kBufferRetryInterval;
  }
  if (why == Pause::kSlot) {
    retry_at_ = now_ + kBufferRetryInterval;
  }
  pause_ = why;
  return false;
}

/// Returns whether the header was taken; if not, it comes again after resume().
bool ConnectionState::on_header() {
  const Header header = receiver_.header();
  incoming_ = {};
  incoming_.data_length = header.data_length;
  std::ranges::copy(header.basic, incoming_.header.begin());
  if (phase_ == Phase::kLogin) {
    return login_header(header);
  }
  if (recovery_ != nullptr) {
    acknowledge(StatusSn(bhs::ExpStatSn::get(header.basic)));
  }
  if (unacknowledged_) [[unlikely]] {
    note_acknowledgement(StatusSn(bhs::ExpStatSn::get(header.basic)));
  }
  if (reject_count_ == kPendingRejectsMax) {
    return pause(Pause::kReject);
  }
  if (header.data_length > login_.result().connection.max_recv_data_segment_length) {
    return format_error();
  }
  const Opcode opcode = bhs::OpcodeField::get(header.basic);
  if (opcode != Opcode::kScsiCommand && !header.additional.empty()) {
    return format_error();
  }
  switch (opcode) {
    case Opcode::kScsiCommand:
      return scsi_command_header(header);
    case Opcode::kDataOut:
      return data_out_header(header);
    case Opcode::kNopOut:
      return nop_out_header(header);
    case Opcode::kTaskManagementRequest:
      return control_header(header, Slot::Kind::kTaskManagement);
    case Opcode::kTextRequest:
      return control_header(header, Slot::Kind::kText);
    case Opcode::kLogoutRequest:
      return control_header(header, Slot::Kind::kLogout);
    case Opcode::kSnackRequest:
      return snack_header(header);
    case Opcode::kLoginRequest:
      return reject(RejectReason::kProtocolError);
    default:
      return reject(RejectReason::kCommandNotSupported);
  }
}

void ConnectionState::on_pdu(bool data_is_good) {
  ++counters_.pdus_received;
  Slot* slot = std::exchange(incoming_.slot, nullptr);
  if (slot != nullptr && unpin(*slot)) {
    return;  // was given up while its data came
  }
  if (!data_is_good) {
    // RFC 7143 7.8: the PDU is rejected and dropped; at level 0 nobody will ask for it again. A command with its
    // immediate data is sent again by the initiator, other data is asked for again by us.
    add_reject(RejectReason::kDataDigestError);
    if (slot != nullptr && incoming_.purpose == Purpose::kRequest) {
      release(*slot);
    }
    if (recovery_ == nullptr) {
      close_soon(CloseReason::kDataDigestError);
    } else if (incoming_.purpose == Purpose::kDataOut) {
      tolerant_data_out_complete(*slot, false);
    }
    return;
  }
  switch (incoming_.purpose) {
    case Purpose::kDrop:
      return;
    case Purpose::kLogin:
      login_complete();
      return;
    case Purpose::kRequest:
      request_complete(*slot);
      return;
    case Purpose::kDataOut:
      tolerant_ ? tolerant_data_out_complete(*slot, true) : data_out_complete(*slot);
      return;
  }
}

bool ConnectionState::drop_data() {
  incoming_.purpose = Purpose::kDrop;
  receiver_.accept({});
  return true;
}

// Rejects.

void ConnectionState::add_reject(RejectReason reason) {
  ++counters_.rejects;
  if (reject_count_ == kPendingRejectsMax) {
    return;  // only when closing: on_header pauses before
  }
  rejects_[(first_reject_ + reject_count_) % kPendingRejectsMax] = {.header = incoming_.header, .reason = reason};
  ++reject_count_;
  note_send();
}

bool ConnectionState::reject(RejectReason reason) {
  add_reject(reason);
  return drop_data();
}

// RFC 7143 7.7: a header that contradicts the standard ends the session.
bool ConnectionState::format_error() {
  reject(RejectReason::kInvalidPduField);
  close_soon(CloseReason::kFormatError);
  return true;
}

// RFC 7143 7.9: without recovery, data that is missing or out of order ends the session.
bool ConnectionState::sequence_error() {
  reject(RejectReason::kProtocolError);
  close_soon(CloseReason::kProtocolError);
  return true;
}

// Slots.

ConnectionState::Slot* ConnectionState::take_slot(Slot::Kind kind) {
  if (owned_ >= kSlotsPerConnectionMax) {
    return nullptr;
  }
  Slot* slot = slots_->take();
  if (slot == nullptr) {
    return nullptr;
  }
  slot->prepare(*this, facade_, *session_, *shard_, kind);
  slot->previous_owned_ = last_owned_;
  slot->next_owned_ = nullptr;
  (last_owned_ != nullptr ? last_owned_->next_owned_ : first_owned_) = slot;
  last_owned_ = slot;
  ++owned_;
  return slot;
}

/// Immediate commands are bounded by number, from their header until their answer is ready (RFC 7143 4.2.2.1).
void ConnectionState::count_immediate(Slot& slot, bool in_progress) {
  if (slot.immediate_ && slot.counts_as_immediate_ != in_progress) {
    slot.counts_as_immediate_ = in_progress;
    session_->immediate_ += in_progress ? 1U : ~0U;
  }
}

/// The PDU that was placed in the slot's memory has ended; true when that was all the slot was kept for.
bool ConnectionState::unpin(Slot& slot) {
  slot.pinned_ = false;
  if (!slot.release_when_unpinned_) {
    return false;
  }
  slot.release_when_unpinned_ = false;
  release(slot);
  return true;
}

/// The request is over for us. Its memory goes back at once, or when what still uses it has ended.
void ConnectionState::release(Slot& slot) {
  session_->remove(slot);
  session_->retire(slot);
  if (slot.unsolicited_open_ || slot.r2t_count_ != 0) {
    remember_aborted(slot.tag_);
  }
  forget_r2ts(slot);
  if (slot.state_ == Slot::State::kFenced) {
    session_->remove_fenced(slot);
  }
  if (recovery_ != nullptr) {
    forget_retained(slot);
  }
  if (slot.waits_for_buffer_) {
    slot.waits_for_buffer_ = false;
    --waiting_for_buffer_;
  }
  if (slot.pinned_) {
    slot.release_when_unpinned_ = true;
    return;
  }
  slot.state_ = Slot::State::kReturning;
  if (slot.return_buffer()) {
    finish_release(slot);
  }
}

void ConnectionState::finish_release(Slot& slot) noexcept {
  const bool had_buffer = static_cast<bool>(slot.data_);
  if (had_buffer) {
    session_->data_out_bytes_ -= slot.data_.memory().size();
    slot.data_.reset();
  }
  slot.command_.reset();
  uncount_data_in(slot);
  count_immediate(slot, false);
  if (slot.kind_ == Slot::Kind::kText) {
    text_in_progress_ = false;
  }
  (slot.previous_owned_ != nullptr ? slot.previous_owned_->next_owned_ : first_owned_) = slot.next_owned_;
  (slot.next_owned_ != nullptr ? slot.next_owned_->previous_owned_ : last_owned_) = slot.previous_owned_;
  --owned_;
  slots_->give_back(slot);
  if (abandoned_) {
    if (owned_ == 0) {
      host_.wake();
    }
    return;
  }
  if (session_->window_has_grown() && first_answer_ == nullptr) {
    window_notice_due_ = true;
    note_send();
  }
  if (pause_ == Pause::kSlot || pause_ == Pause::kText || (had_buffer && pause_ == Pause::kBuffer)) {
    resume();
  }
  if (had_buffer && waiting_for_buffer_ != 0) {
    retry_buffers();
  }
  if (session_->held_count_ != 0) {
    deliver_held();
  }
}

void ConnectionState::remember_aborted(std::uint32_t tag) {
  aborted_tags_[aborted_count_++ % aborted_tags_.size()] = tag;
}

bool ConnectionState::was_aborted(std::uint32_t tag) const {
  const auto known = std::span(aborted_tags_).first(std::min(aborted_count_, aborted_tags_.size()));
  return std::ranges::find(known, tag) != known.end();
}

void ConnectionState::retry_buffers() {
  for (Slot* slot = first_owned_; slot != nullptr && waiting_for_buffer_ != 0; slot = slot->next_owned_) {
    if (slot->waits_for_buffer_ && give_buffer(*slot)) {
      slot->waits_for_buffer_ = false;
      --waiting_for_buffer_;
      pump_r2t(*slot);
    }
  }
}

// The end.

void ConnectionState::close(CloseReason reason, runtime::Instant now) {
  now_ = now;
  if (suspended_) {
    recovery_over_ = true;
    host_.wake();
    return;
  }
  if (reason == CloseReason::kRequested && phase_ == Phase::kFullFeature && !closing_ &&
      session_->type() == SessionType::kNormal) {
    Notice notice = make_notice(AsyncEvent::kSessionDropped);
    bhs::async_message::Parameter2::set(bhs::Bytes(notice.header), session_->parameters().default_time2wait);
    add_notice(std::move(notice));
  }
  close_soon(reason);
}

/// What is queued is still sent, within Timeouts::close.
void ConnectionState::close_soon(CloseReason reason) {
  if (closing_) {
    return;
  }
  closing_ = reason;
  close_deadline_ = now_ + options_.timeouts.close;
  log_.info("iscsi.connection.closing", {{"peer", options_.peer.to_string()},
                                         {"initiator", login_.result().initiator_name},
                                         {"reason", to_string(reason)}});
  host_.wake();
}

void ConnectionState::close_now(CloseReason reason) {
  close_soon(reason);
  close_at_once_ = true;
}

std::optional<CloseReason> ConnectionState::close_reason() const {
  if (closing_ && !close_at_once_ && wants_send()) {
    return std::nullopt;
  }
  return closing_;
}

void ConnectionState::abandon() {
  if (abandoned_) {
    return;
  }
  if (!closing_) {
    close_now(CloseReason::kDisconnected);
  }
  abandoned_ = true;
  receiver_.release();
  if (incoming_.slot != nullptr) {
    Slot& slot = *std::exchange(incoming_.slot, nullptr);
    unpin(slot);
  }
  batch_.clear();
  first_answer_ = last_answer_ = first_sent_ = nullptr;
  if (recovery_ != nullptr) {
    recovery_->first_resent = nullptr;
  }
  if (session_ != nullptr) {
    abandon_slots();
    std::erase(session_->connections_, &facade_);
    std::erase(session_->suspended_, &facade_);
    if (session_->logging_out_ == this) {
      session_->logging_out_ = nullptr;
    }
    finish_logout_if_idle();
    // Without their CmdSNs what other connections have sent could wait for ever.
    if (!session_->connections_.empty()) {
      session_->connections_.front()->state_->deliver_held();
    }
  }
  host_.wake();
}

void ConnectionState::abandon_slots() {
  while (Slot* slot = find_own_slot([](const Slot& other) {
           const bool is_ending = other.state_ == Slot::State::kRunning && other.discarded_;
           return !is_ending && other.state_ != Slot::State::kReturning;
         })) {
    if (slot->state_ == Slot::State::kRunning) {
      discard(*slot);
      continue;
    }
    if (slot->state_ == Slot::State::kHeld) {
      session_->forget_held(*slot);
    }
    release(*slot);
  }
}

bool ConnectionState::is_drained() const {
  return abandoned_ && owned_ == 0;
}

}  // namespace lunaria::iscsi
