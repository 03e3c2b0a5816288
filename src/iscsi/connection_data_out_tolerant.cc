// Data-Out that may come in any order or be lost on the way: with DataPDUInOrder=No, DataSequenceInOrder=No or
// ErrorRecoveryLevel above 0 (RFC 7143 7.8, 7.9, 13.18, 13.19). What is missing when a sequence ends is asked for
// again.
#include <algorithm>

#include "iscsi/connection_state.h"

namespace lunaria::iscsi {

namespace fields = bhs::data_out;

namespace {

/// A DataSN that has come already, wrap included.
bool is_earlier(std::uint32_t sn, std::uint32_t expected) {
  return sn != expected && expected - sn < 0x8000'0000U;
}

}  // namespace

CommandSlot::ReadyToTransfer* ConnectionState::find_r2t(Slot& slot, std::uint32_t transfer_tag) {
  for (Slot::ReadyToTransfer& wanted : std::span(slot.r2ts_).first(slot.r2t_count_)) {
    if (wanted.sent && wanted.target_transfer_tag == transfer_tag) {
      return &wanted;
    }
  }
  return nullptr;
}

bool ConnectionState::tolerant_data_out_header(const Header& header, Slot& slot) {
  const bool recovers = recovery_ != nullptr;
  const std::uint32_t transfer_tag = bhs::TargetTransferTag::get(header.basic);
  const bool unsolicited = transfer_tag == kReservedTag;
  const Slot::ReadyToTransfer* wanted = unsolicited ? nullptr : find_r2t(slot, transfer_tag);
  if (unsolicited ? !slot.unsolicited_open_ : wanted == nullptr) {
    return recovers ? drop_data() : sequence_error();  // of a sequence that has ended or was asked for anew
  }
  const SessionParameters& agreed = session_->parameters();
  const std::uint64_t limit = unsolicited
                                  ? std::min<std::uint64_t>(agreed.first_burst_length, slot.command_->data_out_length)
                                  : std::uint64_t{wanted->offset} + wanted->length;
  const std::uint32_t offset = fields::BufferOffset::get(header.basic);
  const std::uint64_t end = std::uint64_t{offset} + header.data_length;
  const bool final = bhs::Final::get(header.basic);
  if (!slot.refused_ &&
      (offset < (unsolicited ? 0 : wanted->offset) || end > limit || (header.data_length == 0 && !final))) {
    return sequence_error();
  }
  const std::uint32_t expected = unsolicited ? slot.unsolicited_sn_ : wanted->data_sn;
  const std::uint32_t sn = fields::DataSn::get(header.basic);
  if (sn != expected && !slot.refused_) {
    if (!recovers) {
      return sequence_error();
    }
    if (is_earlier(sn, expected)) {
      return drop_data();
    }
  }
  if (!recovers && agreed.data_pdu_in_order && !slot.refused_ &&
      offset != (unsolicited ? slot.data_received_ : wanted->offset + wanted->received)) {
    return sequence_error();
  }
  incoming_.purpose = Purpose::kDataOut;
  incoming_.slot = &slot;
  slot.pinned_ = true;
  const std::size_t at = std::min<std::size_t>(offset, slot.data_capacity_);
  receiver_.accept(slot.refused_ ? std::span<std::byte>() : slot.data_.memory().subspan(at, slot.data_capacity_ - at));
  return true;
}

/// `good`: the data is what was sent. Otherwise only its header counts, which has a digest of its own.
void ConnectionState::tolerant_data_out_complete(Slot& slot, bool good) {
  const bhs::View header(incoming_.header);
  const std::uint32_t transfer_tag = bhs::TargetTransferTag::get(header);
  const bool unsolicited = transfer_tag == kReservedTag;
  const std::uint32_t offset = fields::BufferOffset::get(header);
  const std::uint32_t sn = fields::DataSn::get(header);
  data_out_progress_ = now_;
  data_out_retries_ = 0;
  if (good && !slot.refused_ && !slot.arrived_.add({.begin = offset, .end = offset + incoming_.data_length})) {
    add_reject(RejectReason::kOutOfResources);
    close_soon(CloseReason::kProtocolError);
    return;
  }
  slot.data_received_ = slot.arrived_.prefix();
  const bool final = bhs::Final::get(header);
  if (unsolicited) {
    slot.unsolicited_sn_ = sn + 1;
    slot.unsolicited_open_ = !final;
  } else if (Slot::ReadyToTransfer* wanted = find_r2t(slot, transfer_tag)) {
    wanted->data_sn = sn + 1;
    wanted->received += incoming_.data_length;
    const std::uint32_t last = wanted->offset + wanted->length;
    const bool is_whole = slot.arrived_.first_gap(wanted->offset, last).begin >= last;
    if (final && !is_whole && recovery_ == nullptr) {
      add_reject(RejectReason::kProtocolError);
      close_soon(CloseReason::kProtocolError);
      return;
    }
    if (final) {
      std::shift_left(wanted, slot.r2ts_.data() + slot.r2t_count_, 1);
      --slot.r2t_count_;
      --r2ts_open_;
    }
  }
  go_on_after_data(slot);
}

/// Solicits what has not arrived and is not on its way, lowest offset first.
void ConnectionState::pump_missing(Slot& slot) {
  const SessionParameters& agreed = session_->parameters();
  const bool one_by_one = agreed.error_recovery_level != 0 && agreed.data_sequence_in_order;  // RFC 7143 13.19
  const std::size_t outstanding_max =
      one_by_one ? 1 : std::min<std::size_t>(agreed.max_outstanding_r2t, kOutstandingR2tMax);
  std::uint32_t from = 0;
  bool added = false;
  while (slot.r2t_count_ < outstanding_max) {
    const DataRange gap = slot.arrived_.first_gap(from, slot.data_wanted_);
    if (gap.begin >= gap.end) {
      break;
    }
    std::uint32_t end = gap.end;
    const Slot::ReadyToTransfer* covering = nullptr;
    for (const Slot::ReadyToTransfer& open : std::span(slot.r2ts_).first(slot.r2t_count_)) {
      if (open.offset <= gap.begin && gap.begin < open.offset + open.length) {
        covering = &open;
      } else if (open.offset > gap.begin) {
        end = std::min(end, open.offset);
      }
    }
    if (covering != nullptr) {
      from = covering->offset + covering->length;
      continue;
    }
    add_r2t(slot, gap.begin, std::min(agreed.max_burst_length, end - gap.begin));
    from = gap.begin;
    added = true;
  }
  if (added) {
    queue_r2ts(slot);
  }
}

/// RFC 7143 7.1.4.1: a sequence that does not end in time is asked for again, a few times.
bool ConnectionState::solicit_again() {
  if (recovery_ == nullptr || data_out_retries_ == kDataOutRetriesMax) {
    return false;
  }
  ++data_out_retries_;
  data_out_progress_ = now_;
  for (Slot* slot = first_owned_; slot != nullptr; slot = slot->next_owned_) {
    if (slot->r2t_count_ != 0) {
      forget_r2ts(*slot);
      pump_r2t(*slot);
    }
  }
  return true;
}

}  // namespace lunaria::iscsi
