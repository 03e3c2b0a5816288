// ErrorRecoveryLevel 1: answers are kept until they are acknowledged, and sent again when a SNACK asks for them
// (RFC 7143 7.1, 11.16).
#include <algorithm>
#include <utility>

#include "iscsi/connection_state.h"

namespace lunaria::iscsi {

namespace fields = bhs::snack_request;

// Keeping.

/// ExpStatSN of any PDU: what came before it need not be kept.
void ConnectionState::acknowledge(StatusSn expected) {
  if (expected.is_after(status_sn_) || !expected.is_after(recovery_->acknowledged)) {
    return;
  }
  recovery_->acknowledged = expected;
  recovery_->acknowledgement_asked = false;
  forget_acknowledged();
}

void ConnectionState::forget_acknowledged() {
  const auto next = [this] {
    Slot* slot = recovery_->first_retained;
    while (slot != nullptr &&
           (slot->in_batch_ || slot->in_resend_list_ || !slot->status_sn_.is_before(recovery_->acknowledged))) {
      slot = slot->next_;
    }
    return slot;
  };
  while (Slot* slot = next()) {
    release(*slot);
  }
  auto& numbered = recovery_->numbered;
  while (!recovery_->numbered_in_batch && !numbered.empty() &&
         numbered.front().status_sn.is_before(recovery_->acknowledged)) {
    recovery_->numbered_bytes -= numbered.front().data.size();
    numbered.pop_front();
  }
}

/// The answer has been sent. Bounded: the oldest ones go when there are too many, and can then not be sent again.
void ConnectionState::retain(Slot& slot) {
  if (std::exchange(slot.resegments_, false)) {
    rewind(slot, slot.data_acknowledged_);
    queue_answer(slot);
    return;
  }
  slot.state_ = Slot::State::kRetained;
  slot.next_ = nullptr;
  (recovery_->last_retained != nullptr ? recovery_->last_retained->next_ : recovery_->first_retained) = &slot;
  recovery_->last_retained = &slot;
  ++recovery_->retained_count;
  recovery_->retained_bytes += slot.command_->data_in_size;
  const auto oldest = [this] {
    Slot* other = recovery_->first_retained;
    while (other != nullptr && (other->in_batch_ || other->in_resend_list_)) {
      other = other->next_;
    }
    return other;
  };
  const runtime::BufferPool& pool = shard_->buffers();
  while (recovery_->retained_count > kRetainedAnswersMax || recovery_->retained_bytes > kRetainedBytesMax ||
         (recovery_->retained_count != 0 && slots_->is_short()) ||
         (recovery_->retained_bytes != 0 && pool.bytes_in_use() > pool.budget() / 2)) {
    Slot* other = oldest();
    if (other == nullptr) {
      break;
    }
    release(*other);
  }
  const bool is_much =
      recovery_->retained_count > kRetainedAnswersMax / 2 || recovery_->retained_bytes > kRetainedBytesMax / 2;
  if (is_much && !recovery_->acknowledgement_asked) {
    recovery_->acknowledgement_asked = true;
    probe_due_ = true;
    note_send();
  }
}

/// Takes a slot that is being released out of the lists of this file.
void ConnectionState::forget_retained(Slot& slot) {
  const auto unlink = [&slot](Slot*& first, Slot*& last, Slot* Slot::* next) {
    Slot* previous = nullptr;
    for (Slot* other = first; other != nullptr; previous = other, other = other->*next) {
      if (other == &slot) {
        (previous != nullptr ? previous->*next : first) = slot.*next;
        if (last == &slot) {
          last = previous;
        }
        return;
      }
    }
  };
  if (slot.state_ == Slot::State::kRetained) {
    unlink(recovery_->first_retained, recovery_->last_retained, &Slot::next_);
    --recovery_->retained_count;
    recovery_->retained_bytes -= slot.command_->data_in_size;
    slot.next_ = nullptr;
  }
  if (std::exchange(slot.in_resend_list_, false)) {
    unlink(recovery_->first_resend, recovery_->last_resend, &Slot::next_resend_);
  }
}

/// Ends a PDU that has used up a StatSN and is no SCSI answer.
void ConnectionState::seal_numbered(bhs::Bytes header, std::span<const std::byte> data) {
  batch_.seal(data);
  if (recovery_ == nullptr) {
    return;
  }
  Recovery::Numbered kept{
      .status_sn = StatusSn(bhs::StatSn::get(header)), .header = {}, .data = {data.begin(), data.end()}};
  std::ranges::copy(header, kept.header.begin());
  recovery_->numbered_bytes += data.size();
  recovery_->numbered.push_back(std::move(kept));
  while (!recovery_->numbered_in_batch && recovery_->numbered.size() > 1 &&
         (recovery_->numbered.size() > kRetainedAnswersMax || recovery_->numbered_bytes > kRetainedNumberedBytesMax)) {
    recovery_->numbered_bytes -= recovery_->numbered.front().data.size();
    recovery_->numbered.pop_front();
  }
}

// Asking again.

bool ConnectionState::snack_header(const Header& header) {
  if (recovery_ == nullptr) {
    return reject(RejectReason::kSnackReject);  // RFC 7143 11.16: level 0 has none
  }
  if (header.data_length != 0 || !bhs::Final::get(header.basic)) {
    return format_error();
  }
  switch (static_cast<SnackType>(fields::Type::get(header.basic))) {
    case SnackType::kDataOrR2t: {
      Slot* slot = find_snacked(header.basic);
      const bool writes = slot != nullptr && slot->command_->data_out_length != 0;
      const bool found = slot != nullptr && (writes ? snack_r2t(*slot, header.basic) : snack_data(*slot, header.basic));
      return found ? drop_data() : reject(RejectReason::kSnackReject);
    }
    case SnackType::kStatus:
      return snack_status(header.basic) ? drop_data() : reject(RejectReason::kSnackReject);
    case SnackType::kDataAck:
      return snack_acknowledgement(header.basic) ? drop_data() : reject(RejectReason::kInvalidDataAck);
    case SnackType::kResegmentedData:
      return snack_resegmented(header.basic) ? drop_data() : reject(RejectReason::kSnackReject);
  }
  return reject(RejectReason::kInvalidPduField);
}

ConnectionState::Slot* ConnectionState::find_snacked(bhs::View header) const {
  Slot* slot = session_->find(bhs::InitiatorTaskTag::get(header));
  const bool is_ours = slot != nullptr && slot->engine_ == this && slot->kind_ == Slot::Kind::kScsi && slot->command_;
  return is_ours && !slot->discarded_ ? slot : nullptr;
}

namespace {

/// BegRun and RunLength within 0..`sent`; no run when they lead out of it. RunLength 0 is all there is.
std::optional<DataRange> run_of(bhs::View header, std::uint32_t sent) {
  const std::uint32_t begin = fields::BegRun::get(header);
  const std::uint32_t length = fields::RunLength::get(header);
  const std::uint64_t end = length == 0 ? sent : std::uint64_t{begin} + length;
  if (begin >= sent || end > sent) {
    return std::nullopt;
  }
  return DataRange{.begin = begin, .end = static_cast<std::uint32_t>(end)};
}

}  // namespace

bool ConnectionState::snack_r2t(Slot& slot, bhs::View header) {
  const auto run = run_of(header, slot.r2t_sn_);
  if (!run) {
    return false;
  }
  bool found = false;
  for (Slot::ReadyToTransfer& wanted : std::span(slot.r2ts_).first(slot.r2t_count_)) {
    if (wanted.r2t_sn >= run->begin && wanted.r2t_sn < run->end) {
      wanted.sent = false;
      found = true;
    }
  }
  if (found) {
    queue_r2ts(slot);
  }
  return found;
}

bool ConnectionState::snack_data(Slot& slot, bhs::View header) {
  const auto run = run_of(header, slot.data_in_sn_);
  const std::uint32_t segment_max = login_.result().connection.max_send_data_segment_length;
  // RFC 7143 11.16.3: with another segment length only an R-Data SNACK will do.
  if (!run || run->begin < slot.data_acknowledged_ || run->begin < slot.data_base_sn_ ||
      slot.data_segment_ != segment_max) {
    return false;
  }
  const bool waits = slot.in_resend_list_ && slot.resend_sn_ != slot.resend_end_;
  const std::uint32_t begin = waits ? std::min(slot.resend_sn_, run->begin) : run->begin;
  slot.resend_end_ = waits ? std::max(slot.resend_end_, run->end) : run->end;
  slot.resend_sn_ = begin;
  slot.resend_offset_ = offset_of(slot, begin);
  queue_resend(slot);
  return true;
}

bool ConnectionState::snack_status(bhs::View header) {
  const StatusSn begin(fields::BegRun::get(header));
  const std::uint32_t kept = status_sn_.since(recovery_->acknowledged);
  const std::uint32_t first = begin.since(recovery_->acknowledged);
  const std::uint32_t length = fields::RunLength::get(header);
  const std::uint64_t end = length == 0 ? kept : std::uint64_t{first} + length;
  if (bhs::InitiatorTaskTag::get(header) != kReservedTag || first >= kept || end > kept) {
    return false;
  }
  const auto is_asked_for = [&](StatusSn sn) {
    const std::uint32_t at = sn.since(recovery_->acknowledged);
    return at >= first && at < end;
  };
  std::size_t found = 0;
  for (Slot* slot = recovery_->first_retained; slot != nullptr; slot = slot->next_) {
    if (is_asked_for(slot->status_sn_)) {
      ask_for_status(*slot);
      ++found;
    }
  }
  for (Slot* slot = first_sent_; slot != nullptr; slot = slot->next_) {
    found += slot->has_status_sn_ && is_asked_for(slot->status_sn_) ? 1 : 0;  // is on its way for the first time
  }
  for (Recovery::Numbered& numbered : recovery_->numbered) {
    if (is_asked_for(numbered.status_sn)) {
      numbered.send_again = recovery_->numbered_due = true;
      ++found;
    }
  }
  note_send();
  return found >= end - first;
}

/// A status that was folded into the last Data-In is sent again with it, for its DataSN is not known to be missed.
void ConnectionState::ask_for_status(Slot& slot) {
  if (folds_status(slot) && slot.data_in_sn_ > slot.data_base_sn_) {
    const bool waits = slot.in_resend_list_ && slot.resend_sn_ != slot.resend_end_;
    if (!waits) {
      slot.resend_sn_ = slot.data_in_sn_ - 1;
      slot.resend_offset_ = offset_of(slot, slot.resend_sn_);
    }
    slot.resend_end_ = slot.data_in_sn_;
  } else {
    slot.resend_status_ = true;
  }
  queue_resend(slot);
}

bool ConnectionState::snack_acknowledgement(bhs::View header) {
  Slot* slot = find_snacked(header);
  const std::uint32_t begin = fields::BegRun::get(header);
  if (slot == nullptr || fields::RunLength::get(header) != 0 || slot->data_ack_tag_ == kReservedTag ||
      fields::SnackTag::get(header) != slot->data_ack_tag_ || begin > slot->data_in_sn_) {
    return false;
  }
  slot->data_acknowledged_ = std::max(slot->data_acknowledged_, begin);
  return true;
}

/// RFC 7143 11.16.3: all that is not acknowledged is cut anew, and a response with the SNACK tag ends it.
bool ConnectionState::snack_resegmented(bhs::View header) {
  Slot* slot = find_snacked(header);
  const std::uint32_t tag = fields::SnackTag::get(header);
  if (slot == nullptr || slot->command_->data_out_length != 0 || tag == kReservedTag || tag == 0 ||
      fields::BegRun::get(header) != 0 || fields::RunLength::get(header) != 0) {
    return false;
  }
  slot->snack_tag_ = tag;
  if (slot->state_ == Slot::State::kQueued) {
    rewind(*slot, slot->data_acknowledged_);
  } else if (slot->state_ == Slot::State::kSending || slot->in_batch_) {
    slot->resegments_ = true;  // when the batch has gone
  } else if (slot->state_ == Slot::State::kRetained) {
    forget_retained(*slot);
    rewind(*slot, slot->data_acknowledged_);
    queue_answer(*slot);
  }
  return true;
}

// Sending again.

/// Data from this DataSN on is cut anew, by the segment length that holds now.
void ConnectionState::rewind(Slot& slot, std::uint32_t data_sn) {
  const std::uint32_t offset = offset_of(slot, data_sn);
  slot.data_in_sn_ = slot.data_base_sn_ = data_sn;
  slot.data_in_sent_ = slot.data_base_offset_ = offset;
  slot.data_segment_ = login_.result().connection.max_send_data_segment_length;
  slot.status_is_encoded_ = false;
}

/// Where the data of a DataSN begins.
std::uint32_t ConnectionState::offset_of(const Slot& slot, std::uint32_t data_sn) const {
  std::uint32_t offset = slot.data_base_offset_;
  for (std::uint32_t sn = slot.data_base_sn_; sn < data_sn && offset < slot.command_->data_in_size; ++sn) {
    offset += piece_at(slot, offset).size;
  }
  return offset;
}

void ConnectionState::queue_resend(Slot& slot) {
  if (!slot.in_resend_list_) {
    if (slot.in_batch_) {
      return;  // when what is being sent again has gone
    }
    slot.in_resend_list_ = true;
    slot.next_resend_ = nullptr;
    (recovery_->last_resend != nullptr ? recovery_->last_resend->next_resend_ : recovery_->first_resend) = &slot;
    recovery_->last_resend = &slot;
  }
  note_send();
}

void ConnectionState::encode_resends() {
  while (Slot* slot = recovery_->first_resend) {
    while (slot->resend_sn_ != slot->resend_end_) {
      if (!batch_.has_room()) {
        return;
      }
      const DataPiece piece = piece_at(*slot, slot->resend_offset_);
      encode_piece(*slot, piece, slot->resend_sn_++);
      slot->resend_offset_ += piece.size;
    }
    if (slot->resend_status_) {
      if (!batch_.has_room()) {
        return;
      }
      slot->resend_status_ = false;
      encode_scsi_response(*slot);
    }
    recovery_->first_resend = slot->next_resend_;
    if (recovery_->first_resend == nullptr) {
      recovery_->last_resend = nullptr;
    }
    slot->in_resend_list_ = false;
    slot->in_batch_ = true;
    slot->next_resend_ = recovery_->first_resent;
    recovery_->first_resent = slot;
  }
  if (!recovery_->numbered_due) {
    return;
  }
  for (Recovery::Numbered& numbered : recovery_->numbered) {
    if (!numbered.send_again) {
      continue;
    }
    if (!batch_.has_room()) {
      return;
    }
    numbered.send_again = false;
    const bhs::Bytes header = batch_.begin();
    std::ranges::copy(numbered.header, header.begin());
    stamp_window(header);
    batch_.seal(numbered.data);
    recovery_->numbered_in_batch = true;
  }
  recovery_->numbered_due = false;
}

/// What was sent again has gone; what has been acknowledged meanwhile may go too.
void ConnectionState::finish_resends() {
  recovery_->numbered_in_batch = false;
  while (Slot* slot = recovery_->first_resent) {
    recovery_->first_resent = slot->next_resend_;
    slot->in_batch_ = false;
    if (slot->resegments_ && slot->state_ == Slot::State::kRetained) {
      slot->resegments_ = false;
      forget_retained(*slot);
      rewind(*slot, slot->data_acknowledged_);
      queue_answer(*slot);
    } else if (slot->resend_sn_ != slot->resend_end_ || slot->resend_status_) {
      queue_resend(*slot);  // was asked for meanwhile
    }
  }
  forget_acknowledged();
}

}  // namespace lunaria::iscsi
