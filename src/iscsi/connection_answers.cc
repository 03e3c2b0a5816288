// What is sent: answers in the order in which they became ready, solicitations and notices before them.
#include <algorithm>
#include <cstring>
#include <utility>

#include "iscsi/connection_state.h"

namespace lunaria::iscsi {

void ConnectionState::note_send() {
  if (!send_noted_) {
    send_noted_ = true;
    host_.wake();
  }
}

void ConnectionState::queue_answer(Slot& slot) {
  slot.state_ = Slot::State::kQueued;
  count_immediate(slot, false);
  slot.data_segment_ = login_.result().connection.max_send_data_segment_length;
  slot.next_ = nullptr;
  (last_answer_ != nullptr ? last_answer_->next_ : first_answer_) = &slot;
  last_answer_ = &slot;
  note_send();
}

bool ConnectionState::wants_send() const {
  if (!batch_.empty()) {
    return true;
  }
  if (abandoned_ || suspended_) {
    return false;
  }
  if (login_reply_) {
    return phase_ != Phase::kEstablishing && !login_reply_held_;
  }
  return first_answer_ != nullptr || first_r2t_ != nullptr || reject_count_ != 0 || probe_due_ || window_notice_due_ ||
         !notices_.empty() || (recovery_ != nullptr && (recovery_->first_resend != nullptr || recovery_->numbered_due));
}

std::span<const iovec> ConnectionState::gather(runtime::Instant now) {
  if (batch_.empty() && wants_send()) {
    now_ = now;
    send_noted_ = false;
    send_progress_ = now;
    encode();
  }
  return batch_.vectors();
}

void ConnectionState::encode() {
  if (login_reply_) {
    encode_login_reply();
    return;
  }
  encode_rejects();
  encode_notices();
  encode_r2ts();
  if (recovery_ != nullptr) {
    encode_resends();
  }
  while (first_answer_ != nullptr && batch_.has_room()) {
    Slot& slot = *first_answer_;
    if (!encode_answer(slot)) {
      return;
    }
    first_answer_ = slot.next_;
    if (first_answer_ == nullptr) {
      last_answer_ = nullptr;
    }
    // The initiator may use the tag again as soon as it has the answer, which may be before we hear of it.
    // With recovery it is still asked for by its tag.
    if (recovery_ == nullptr || slot.kind_ != Slot::Kind::kScsi) {
      session_->remove(slot);
    }
    slot.state_ = Slot::State::kSending;
    slot.next_ = first_sent_;
    first_sent_ = &slot;
  }
}

void ConnectionState::on_sent(std::size_t count, runtime::Instant now) {
  now_ = now;
  send_progress_ = now;
  counters_.bytes_sent += count;
  const std::size_t pdus = batch_.pdu_count();
  if (!batch_.sent(count)) {
    keep_unsent();
    return;
  }
  batch_has_lent_ = false;
  counters_.pdus_sent += pdus;
  first_reject_ = (first_reject_ + rejects_sending_) % kPendingRejectsMax;
  reject_count_ -= std::exchange(rejects_sending_, 0);
  while (notices_sending_ != 0) {
    notices_.pop_front();
    --notices_sending_;
  }
  Slot* slot = std::exchange(first_sent_, nullptr);
  while (slot != nullptr) {
    Slot* next = slot->next_;
    const bool logged_out = slot->kind_ == Slot::Kind::kLogout && phase_ == Phase::kLoggingOut &&
                            slot->task_response_ == static_cast<TaskResponse>(LogoutResponse::kClosed);
    uncount_data_in(*slot);
    if (recovery_ != nullptr && slot->kind_ == Slot::Kind::kScsi) {
      retain(*slot);
    } else {
      release(*slot);
    }
    if (logged_out) {
      close_now(CloseReason::kLoggedOut);
    }
    slot = next;
  }
  if (recovery_ != nullptr) {
    finish_resends();
  }
  if (session_ != nullptr && session_->held_count_ != 0) {
    deliver_held();
  }
  if (session_ != nullptr && session_->first_fenced_ != nullptr) [[unlikely]] {
    check_fences();
  }
  if (close_after_answers_ && first_answer_ == nullptr) {
    close_soon(CloseReason::kRequested);
  }
  if (login_reply_sending_) {
    login_reply_sending_ = false;
    login_reply_.reset();
    process();
  }
  if (pause_ == Pause::kReject) {
    resume();
  }
  host_.wake();
}

/// The rest of the batch has to wait, and the volume may change meanwhile what it has lent.
void ConnectionState::keep_unsent() {
  if (!std::exchange(batch_has_lent_, false)) {
    return;
  }
  const auto keep = [this](Slot& slot) {
    if (!slot.command_ || !slot.command_->data_in_loan.is_lent()) {
      return;
    }
    scsi::Command& command = *slot.command_;
    if (batch_.relocate(command.data_in_loan.bytes(), command.data_in.memory())) {
      command.data_in_loan.take_copy();
    }
  };
  for (Slot* slot = first_sent_; slot != nullptr; slot = slot->next_) {
    keep(*slot);
  }
  if (first_answer_ != nullptr) {  // which may be partly encoded
    keep(*first_answer_);
  }
}

void ConnectionState::stamp_window(bhs::Bytes header) {
  const runtime::BufferPool& pool = shard_->buffers();
  const bool is_short = pool.bytes_in_use() > pool.budget() / 4 * 3 || session_->data_out_bytes_ > session_bytes_max();
  const CommandSn max = session_->advertise_max(is_short);
  bhs::ExpCmdSn::set(header, session_->expected_command_sn().value());
  bhs::MaxCmdSn::set(header, max.value());
}

void ConnectionState::stamp(bhs::Bytes header) {
  bhs::StatSn::set(header, status_sn_.value());
  ++status_sn_;
  stamp_window(header);
}

/// An answer that is sent again keeps its StatSN.
void ConnectionState::stamp_answer(Slot& slot, bhs::Bytes header) {
  if (!slot.has_status_sn_) {
    slot.has_status_sn_ = true;
    slot.status_sn_ = status_sn_;
    ++status_sn_;
  }
  bhs::StatSn::set(header, slot.status_sn_.value());
  stamp_window(header);
}

void ConnectionState::encode_rejects() {
  while (rejects_sending_ < reject_count_ && batch_.has_room()) {
    const PendingReject& pending = rejects_[(first_reject_ + rejects_sending_) % kPendingRejectsMax];
    ++rejects_sending_;
    const bhs::Bytes header = batch_.begin();
    bhs::OpcodeField::set(header, Opcode::kReject);
    bhs::Final::set(header, true);
    bhs::reject::Reason::set(header, pending.reason);
    bhs::InitiatorTaskTag::set(header, kReservedTag);
    stamp(header);
    seal_numbered(header, pending.header);
  }
}

/// False when the batch is full before the answer's end; it goes on in the next batch.
bool ConnectionState::encode_answer(Slot& slot) {
  if (slot.kind_ == Slot::Kind::kText) {
    session_->retire(slot);
    encode_text(slot);
    return true;
  }
  if (slot.kind_ != Slot::Kind::kScsi) {
    session_->retire(slot);
    encode_control_answer(slot);
    return true;
  }
  if (!encode_data_in(slot)) {
    return false;
  }
  if (!slot.status_is_encoded_) {
    if (!batch_.has_room()) {
      return false;
    }
    session_->retire(slot);
    encode_scsi_response(slot);
  }
  return true;
}

namespace {

struct Residual {
  bool overflow = false;
  bool underflow = false;
  std::uint32_t count = 0;
};

/// RFC 7143 11.4.5: against what the initiator has announced, in the direction of the command.
Residual residual_of(const scsi::Command& command) {
  const bool writes = command.data_out_length != 0;
  const std::uint64_t announced = writes ? command.data_out_length : command.data_in_length;
  const std::uint64_t wanted = command.transfer_length;
  const std::uint64_t moved = writes ? std::min(announced, wanted) : std::uint64_t{command.data_in_size};
  const auto clamp = [](std::uint64_t count) {
    return static_cast<std::uint32_t>(std::min<std::uint64_t>(count, 0xFFFF'FFFF));
  };
  if (wanted > announced) {
    return {.overflow = true, .count = clamp(wanted - announced)};
  }
  return {.underflow = moved < announced, .count = clamp(announced - moved)};
}

}  // namespace

/// What the PDU at this offset carries: bounded by the burst and by what the initiator takes in one PDU.
ConnectionState::DataPiece ConnectionState::piece_at(const Slot& slot, std::uint32_t offset) const {
  const std::uint32_t burst_max = session_->parameters().max_burst_length;
  const auto left = static_cast<std::uint32_t>(slot.command_->data_in_size) - offset;
  const std::uint32_t burst_left = burst_max - offset % burst_max;
  const std::uint32_t size = std::min({left, burst_left, slot.data_segment_});
  return {.offset = offset, .size = size, .ends_burst = size == burst_left, .is_last = size == left};
}

bool ConnectionState::encode_data_in(Slot& slot) {
  while (slot.data_in_sent_ < slot.command_->data_in_size) {
    if (!batch_.has_room()) {
      return false;
    }
    const DataPiece piece = piece_at(slot, slot.data_in_sent_);
    encode_piece(slot, piece, slot.data_in_sn_++);
    slot.data_in_sent_ += piece.size;
  }
  return true;
}

void ConnectionState::encode_piece(Slot& slot, const DataPiece& piece, std::uint32_t data_sn) {
  const scsi::Command& command = *slot.command_;
  const bhs::Bytes header = batch_.begin();
  bhs::OpcodeField::set(header, Opcode::kDataIn);
  bhs::Final::set(header, piece.is_last || piece.ends_burst);
  bhs::InitiatorTaskTag::set(header, slot.tag_);
  bhs::TargetTransferTag::set(header, kReservedTag);
  bhs::data_in::DataSn::set(header, data_sn);
  bhs::data_in::BufferOffset::set(header, piece.offset);
  if (piece.is_last && folds_status(slot)) {
    const Residual residual = residual_of(command);
    bhs::data_in::StatusFollows::set(header, true);
    bhs::data_in::Overflow::set(header, residual.overflow);
    bhs::data_in::Underflow::set(header, residual.underflow);
    bhs::data_in::Status::set(header, static_cast<std::uint8_t>(command.status));
    bhs::data_in::ResidualCount::set(header, residual.count);
    session_->retire(slot);
    slot.status_is_encoded_ = true;
    stamp_answer(slot, header);
  } else {
    if (recovery_ != nullptr && piece.ends_burst && !piece.is_last) {
      // RFC 7143 11.7.2: the initiator says that it has the burst, and need not ask for it again.
      if (slot.data_ack_tag_ == kReservedTag) {
        slot.data_ack_tag_ = next_transfer_tag_;
        next_transfer_tag_ = next_transfer_tag_ + 1 == kReservedTag ? 0 : next_transfer_tag_ + 1;
      }
      bhs::data_in::Acknowledge::set(header, true);
      bhs::TargetTransferTag::set(header, slot.data_ack_tag_);
      bhs::Lun::set(header, static_cast<std::uint64_t>(command.lun));
    }
    stamp_window(header);
  }
  batch_has_lent_ = batch_has_lent_ || command.data_in_loan.is_lent();
  batch_.seal(command.data_in_bytes().subspan(piece.offset, piece.size));
}

void ConnectionState::encode_scsi_response(Slot& slot) {
  const scsi::Command& command = *slot.command_;
  const Residual residual = residual_of(command);
  const bhs::Bytes header = batch_.begin();
  bhs::OpcodeField::set(header, Opcode::kScsiResponse);
  bhs::Final::set(header, true);
  bhs::scsi_response::Overflow::set(header, residual.overflow);
  bhs::scsi_response::Underflow::set(header, residual.underflow);
  bhs::scsi_response::Response::set(header, ScsiResponseCode::kCompletedAtTarget);
  bhs::scsi_response::Status::set(header, static_cast<std::uint8_t>(command.status));
  bhs::InitiatorTaskTag::set(header, slot.tag_);
  bhs::scsi_response::ExpDataSn::set(header, slot.data_in_sn_ + slot.r2t_sn_);
  bhs::scsi_response::ResidualCount::set(header, residual.count);
  bhs::scsi_response::SnackTag::set(header, slot.snack_tag_);
  stamp_answer(slot, header);
  const auto sense = command.sense.bytes();
  if (sense.empty()) {
    batch_.seal({});
    return;
  }
  const auto segment = std::span(slot.sense_segment_);
  wire::BigEndian<std::uint16_t, 0>::set(segment.first<2>(), static_cast<std::uint16_t>(sense.size()));
  std::ranges::copy(sense, segment.begin() + 2);
  batch_.seal(segment.first(2 + sense.size()));
}

void ConnectionState::encode_control_answer(Slot& slot) {
  const bhs::Bytes header = batch_.begin();
  bhs::Final::set(header, true);
  bhs::InitiatorTaskTag::set(header, slot.tag_);
  stamp(header);
  std::span<const std::byte> data;
  switch (slot.kind_) {
    case Slot::Kind::kNop:
      bhs::OpcodeField::set(header, Opcode::kNopIn);
      bhs::Lun::set(header, bhs::Lun::get(bhs::View(slot.request_)));
      bhs::TargetTransferTag::set(header, kReservedTag);
      data = std::span<const std::byte>(slot.data_.memory()).first(slot.data_capacity_);
      break;
    case Slot::Kind::kTaskManagement:
      bhs::OpcodeField::set(header, Opcode::kTaskManagementResponse);
      bhs::task_management_response::Response::set(header, slot.task_response_);
      bhs::task_management_response::AdditionalInformation::set(header, slot.additional_information_);
      if (slot.task_management_.function == TaskFunction::kTaskReassign) {
        on_reassigned(slot);
      }
      break;
    case Slot::Kind::kLogout:
      bhs::OpcodeField::set(header, Opcode::kLogoutResponse);
      bhs::logout_response::Response::set(header, static_cast<LogoutResponse>(slot.task_response_));
      bhs::logout_response::Time2Wait::set(header, session_->parameters().default_time2wait);
      bhs::logout_response::Time2Retain::set(header, session_->parameters().default_time2retain);
      break;
    case Slot::Kind::kScsi:
    case Slot::Kind::kText:
      break;
  }
  seal_numbered(header, data);
}

}  // namespace lunaria::iscsi
