// Data from the initiator: unsolicited and solicited Data-Out, R2T (RFC 7143 4.2.5.2, 11.7, 11.8).
#include <algorithm>

#include "base/check.h"
#include "iscsi/connection_state.h"

namespace lunaria::iscsi {

bool ConnectionState::data_out_header(const Header& header) {
  const std::uint32_t tag = bhs::InitiatorTaskTag::get(header.basic);
  Slot* slot = session_->find(tag);
  if (slot == nullptr || slot->kind_ != Slot::Kind::kScsi || slot->engine_ != this) {
    // Data for a task that was aborted is still on its way for a while (RFC 7143 4.2.3.3).
    return was_aborted(tag) ? drop_data() : reject(RejectReason::kProtocolError);
  }
  if (tolerant_) {
    return tolerant_data_out_header(header, *slot);
  }
  const bool unsolicited = bhs::TargetTransferTag::get(header.basic) == kReservedTag;
  if (!(unsolicited ? check_unsolicited_data(header, *slot) : check_solicited_data(header, *slot))) {
    return sequence_error();
  }
  incoming_.purpose = Purpose::kDataOut;
  incoming_.slot = slot;
  slot->pinned_ = true;
  const std::size_t offset = std::min<std::size_t>(slot->data_received_, slot->data_capacity_);
  receiver_.accept(slot->refused_ ? std::span<std::byte>()
                                  : slot->data_.memory().subspan(offset, slot->data_capacity_ - offset));
  return true;
}

/// DataPDUInOrder=Yes: each PDU goes on where the one before has ended, up to the first burst.
bool ConnectionState::check_unsolicited_data(const Header& header, const Slot& slot) const {
  if (!slot.unsolicited_open_) {
    return false;
  }
  if (slot.refused_) {
    return true;  // only its end matters
  }
  const auto limit = std::min<std::uint64_t>(session_->parameters().first_burst_length, slot.command_->data_out_length);
  const std::uint64_t end = std::uint64_t{slot.data_received_} + header.data_length;
  const bool final = bhs::Final::get(header.basic);
  return bhs::data_out::BufferOffset::get(header.basic) == slot.data_received_ &&
         bhs::data_out::DataSn::get(header.basic) == slot.unsolicited_sn_ &&
         (final ? end <= limit : end < limit && header.data_length != 0);
}

/// DataSequenceInOrder=Yes: the oldest R2T is answered first. The last PDU of a sequence, and only it, has the F bit.
bool ConnectionState::check_solicited_data(const Header& header, const Slot& slot) const {
  if (slot.r2t_count_ == 0) {
    return false;
  }
  const Slot::ReadyToTransfer& wanted = slot.r2ts_[0];
  const std::uint64_t end = std::uint64_t{wanted.received} + header.data_length;
  const bool final = bhs::Final::get(header.basic);
  return wanted.sent && bhs::TargetTransferTag::get(header.basic) == wanted.target_transfer_tag &&
         bhs::data_out::BufferOffset::get(header.basic) == wanted.offset + wanted.received &&
         bhs::data_out::DataSn::get(header.basic) == wanted.data_sn &&
         (final ? end == wanted.length : end < wanted.length && header.data_length != 0);
}

void ConnectionState::data_out_complete(Slot& slot) {
  const bhs::View header(incoming_.header);
  const bool final = bhs::Final::get(header);
  data_out_progress_ = now_;
  slot.data_received_ += incoming_.data_length;
  if (bhs::TargetTransferTag::get(header) == kReservedTag) {
    ++slot.unsolicited_sn_;
    slot.unsolicited_open_ = !final;
  } else {
    Slot::ReadyToTransfer& wanted = slot.r2ts_[0];
    wanted.received += incoming_.data_length;
    ++wanted.data_sn;
    if (final) {
      std::shift_left(slot.r2ts_.begin(), slot.r2ts_.begin() + slot.r2t_count_, 1);
      --slot.r2t_count_;
      --r2ts_open_;
      if (session_->first_fenced_ != nullptr) {
        const std::uint32_t tag = slot.tag_;
        check_fences();  // a function may have waited for just this, and have ended the task
        if (session_->find(tag) != &slot) {
          return;
        }
      }
    }
  }
  go_on_after_data(slot);
}

void ConnectionState::go_on_after_data(Slot& slot) {
  if (slot.answer_after_data_) {
    if (!slot.unsolicited_open_) {
      slot.answer_after_data_ = false;
      queue_answer(slot);
    }
    return;
  }
  if (slot.waiter_ == nullptr) {
    return;
  }
  if (slot.data_received_ >= slot.data_wanted_) {
    slot.finish_data_out(false);
    return;
  }
  pump_r2t(slot);
}

bool ConnectionState::submit_data_out(CommandSlot& slot, scsi::DataOutRequest& request) noexcept {
  if (slot.discarded_) {
    if (!slot.is_remote()) {
      slot.command_->aborted = true;
    }
    return true;
  }
  check(request.length <= slot.command_->data_out_length && request.length <= scsi::kTransferLengthMax,
        "a command asks for no more than the initiator will send and a buffer holds");
  if (request.length <= slot.data_received_) {
    return true;
  }
  slot.waiter_ = &request;
  slot.data_wanted_ = static_cast<std::uint32_t>(request.length);
  if (!suspended_) {
    solicit(slot);
  }
  return false;
}

/// Memory first, then R2Ts.
void ConnectionState::solicit(Slot& slot) {
  if (!slot.data_ && !give_buffer(slot)) {
    slot.waits_for_buffer_ = true;
    if (++waiting_for_buffer_ == 1) {
      retry_at_ = now_ + kBufferRetryInterval;
      host_.wake();
    }
    return;
  }
  pump_r2t(slot);
}

/// Memory for a command that sends only what is asked for; it can wait without holding up others.
bool ConnectionState::give_buffer(Slot& slot) {
  const std::size_t size = std::min<std::size_t>(slot.command_->data_out_length, scsi::kTransferLengthMax);
  if (session_->data_out_bytes_ != 0 && session_->data_out_bytes_ + size > session_bytes_max()) {
    return false;
  }
  slot.data_ = shard_->buffers().try_allocate(size);
  if (!slot.data_) {
    return false;
  }
  slot.data_capacity_ = size;
  session_->data_out_bytes_ += slot.data_.memory().size();
  return true;
}

/// Solicits what is missing, one burst per R2T, as many at a time as was agreed.
void ConnectionState::pump_r2t(Slot& slot) {
  if (slot.waiter_ == nullptr || !slot.data_ || slot.unsolicited_open_ || slot.was_reassigned_) {
    return;
  }
  if (tolerant_) {
    pump_missing(slot);
    return;
  }
  if (slot.r2t_count_ == 0) {
    slot.data_solicited_ = slot.data_received_;
  }
  const SessionParameters& agreed = session_->parameters();
  const std::size_t outstanding_max = std::min<std::size_t>(agreed.max_outstanding_r2t, kOutstandingR2tMax);
  bool added = false;
  while (slot.r2t_count_ < outstanding_max && slot.data_solicited_ < slot.data_wanted_) {
    const std::uint32_t length = std::min(agreed.max_burst_length, slot.data_wanted_ - slot.data_solicited_);
    add_r2t(slot, slot.data_solicited_, length);
    slot.data_solicited_ += length;
    added = true;
  }
  if (added) {
    queue_r2ts(slot);
  }
}

void ConnectionState::add_r2t(Slot& slot, std::uint32_t offset, std::uint32_t length) {
  slot.r2ts_[slot.r2t_count_++] = {.target_transfer_tag = next_transfer_tag_, .offset = offset, .length = length};
  next_transfer_tag_ = next_transfer_tag_ + 1 == kReservedTag ? 0 : next_transfer_tag_ + 1;
  ++r2ts_open_;
}

void ConnectionState::queue_r2ts(Slot& slot) {
  if (slot.in_r2t_list_) {
    return;
  }
  slot.in_r2t_list_ = true;
  slot.next_r2t_ = nullptr;
  (last_r2t_ != nullptr ? last_r2t_->next_r2t_ : first_r2t_) = &slot;
  last_r2t_ = &slot;
  data_out_progress_ = now_;
  note_send();
}

void ConnectionState::encode_r2ts() {
  while (first_r2t_ != nullptr) {
    Slot& slot = *first_r2t_;
    for (Slot::ReadyToTransfer& wanted : std::span(slot.r2ts_).first(slot.r2t_count_)) {
      if (wanted.sent || slot.state_ != Slot::State::kRunning) {
        continue;  // or others have aborted the task, and its answer is on its way
      }
      if (!batch_.has_room()) {
        return;
      }
      if (wanted.r2t_sn == kReservedTag) {
        wanted.r2t_sn = slot.r2t_sn_++;
      }
      const bhs::Bytes header = batch_.begin();
      bhs::OpcodeField::set(header, Opcode::kReadyToTransfer);
      bhs::Final::set(header, true);
      bhs::Lun::set(header, static_cast<std::uint64_t>(slot.command_->lun));
      bhs::InitiatorTaskTag::set(header, slot.tag_);
      bhs::TargetTransferTag::set(header, wanted.target_transfer_tag);
      bhs::StatSn::set(header, status_sn_.value());  // told, not used up (RFC 7143 11.8.3)
      stamp_window(header);
      bhs::ready_to_transfer::R2tSn::set(header, wanted.r2t_sn);
      bhs::ready_to_transfer::BufferOffset::set(header, wanted.offset);
      bhs::ready_to_transfer::DesiredDataTransferLength::set(header, wanted.length);
      batch_.seal({});
      wanted.sent = true;
    }
    slot.in_r2t_list_ = false;
    first_r2t_ = slot.next_r2t_;
  }
  last_r2t_ = nullptr;
}

void ConnectionState::forget_r2ts(Slot& slot) {
  r2ts_open_ -= slot.r2t_count_;
  slot.r2t_count_ = 0;
  if (!slot.in_r2t_list_) {
    return;
  }
  slot.in_r2t_list_ = false;
  Slot* previous = nullptr;
  for (Slot* other = first_r2t_; other != &slot; other = other->next_r2t_) {
    previous = other;
  }
  (previous != nullptr ? previous->next_r2t_ : first_r2t_) = slot.next_r2t_;
  if (last_r2t_ == &slot) {
    last_r2t_ = previous;
  }
}

}  // namespace lunaria::iscsi
