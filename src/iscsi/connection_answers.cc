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
  slot.next_ = nullptr;
  (last_answer_ != nullptr ? last_answer_->next_ : first_answer_) = &slot;
  last_answer_ = &slot;
  note_send();
}

bool ConnectionState::wants_send() const {
  if (!batch_.empty()) {
    return true;
  }
  if (abandoned_) {
    return false;
  }
  if (login_reply_) {
    return phase_ != Phase::kEstablishing && !login_reply_held_;
  }
  return first_answer_ != nullptr || first_r2t_ != nullptr || reject_count_ != 0 || probe_due_ || window_notice_due_ ||
         !notices_.empty();
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
    session_->remove(slot);
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
    return;
  }
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
    release(*slot);
    if (logged_out) {
      close_now(CloseReason::kLoggedOut);
    }
    slot = next;
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

void ConnectionState::stamp_window(bhs::Bytes header) {
  const runtime::BufferPool& pool = shard_->buffers();
  const CommandSn max = session_->advertise_max(pool.bytes_in_use() > pool.budget() / 4 * 3);
  bhs::ExpCmdSn::set(header, session_->expected_command_sn().value());
  bhs::MaxCmdSn::set(header, max.value());
}

void ConnectionState::stamp(bhs::Bytes header) {
  bhs::StatSn::set(header, status_sn_.value());
  ++status_sn_;
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
    batch_.seal(pending.header);
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
  const bool status_sent = slot.data_in_sn_ != 0 && slot.command_->status == scsi::Status::kGood;
  if (!status_sent) {
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

bool ConnectionState::encode_data_in(Slot& slot) {
  const scsi::Command& command = *slot.command_;
  const auto data = std::span<const std::byte>(command.data_in.memory()).first(command.data_in_size);
  const std::uint32_t burst_max = session_->parameters().max_burst_length;
  const std::uint32_t segment_max = login_.result().connection.max_send_data_segment_length;
  while (slot.data_in_sent_ < data.size()) {
    if (!batch_.has_room()) {
      return false;
    }
    const auto left = static_cast<std::uint32_t>(data.size()) - slot.data_in_sent_;
    const std::uint32_t burst_left = burst_max - slot.data_in_sent_ % burst_max;
    const std::uint32_t size = std::min({left, burst_left, segment_max});
    const bool last = size == left;
    const bhs::Bytes header = batch_.begin();
    bhs::OpcodeField::set(header, Opcode::kDataIn);
    bhs::Final::set(header, last || size == burst_left);
    bhs::InitiatorTaskTag::set(header, slot.tag_);
    bhs::TargetTransferTag::set(header, kReservedTag);
    bhs::data_in::DataSn::set(header, slot.data_in_sn_++);
    bhs::data_in::BufferOffset::set(header, slot.data_in_sent_);
    if (last && command.status == scsi::Status::kGood) {
      const Residual residual = residual_of(command);
      bhs::data_in::StatusFollows::set(header, true);
      bhs::data_in::Overflow::set(header, residual.overflow);
      bhs::data_in::Underflow::set(header, residual.underflow);
      bhs::data_in::Status::set(header, static_cast<std::uint8_t>(command.status));
      bhs::data_in::ResidualCount::set(header, residual.count);
      session_->retire(slot);
      stamp(header);
    } else {
      stamp_window(header);
    }
    batch_.seal(data.subspan(slot.data_in_sent_, size));
    slot.data_in_sent_ += size;
  }
  return true;
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
  stamp(header);
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
  batch_.seal(data);
}

}  // namespace lunaria::iscsi
