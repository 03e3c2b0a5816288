// What the target says of its own accord: asynchronous messages (RFC 7143 11.9) and NOP-In (11.19).
#include <algorithm>
#include <utility>

#include "iscsi/connection_state.h"

namespace lunaria::iscsi {

ConnectionState::Notice ConnectionState::make_notice(AsyncEvent event) const {
  Notice notice;
  const bhs::Bytes header(notice.header);
  bhs::OpcodeField::set(header, Opcode::kAsyncMessage);
  bhs::Final::set(header, true);
  bhs::InitiatorTaskTag::set(header, kReservedTag);
  bhs::async_message::Event::set(header, event);
  return notice;
}

void ConnectionState::add_notice(Notice notice) {
  notices_.push_back(std::move(notice));
  note_send();
}

void ConnectionState::offer_segment_length(std::uint32_t length, runtime::Duration within, runtime::Instant now) {
  now_ = now;
  if (phase_ != Phase::kFullFeature || closing_ || session_->type() == SessionType::kDiscovery) {
    return;
  }
  const KeyRow& row = *find_key("MaxRecvDataSegmentLength");
  length = std::clamp(length, row.min, row.max);
  const std::uint32_t logged_in = login_.result().connection.max_recv_data_segment_length;
  const std::uint32_t known = declared_segment_ != 0 ? declared_segment_ : logged_in;
  if (length == offered_segment_.value_or(known)) {
    return;
  }
  const bool was_asked = offered_segment_.has_value();
  offered_segment_ = length;
  if (was_asked) {
    return;
  }
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(within).count();
  Notice notice = make_notice(AsyncEvent::kNegotiationRequested);
  bhs::async_message::Parameter3::set(bhs::Bytes(notice.header),
                                      static_cast<std::uint16_t>(std::clamp<std::int64_t>(seconds, 0, 65535)));
  add_notice(std::move(notice));
}

void ConnectionState::report_event(scsi::Lun lun, const scsi::SenseBytes& sense) {
  if (phase_ != Phase::kFullFeature || closing_ || session_->type() == SessionType::kDiscovery ||
      notices_.size() >= kPendingNoticesMax) {
    return;
  }
  Notice notice = make_notice(AsyncEvent::kScsi);
  bhs::Lun::set(bhs::Bytes(notice.header), static_cast<std::uint64_t>(lun));
  const auto bytes = sense.bytes();
  notice.data = {std::byte{static_cast<std::uint8_t>(bytes.size() >> 8)},
                 std::byte{static_cast<std::uint8_t>(bytes.size())}};
  notice.data.insert(notice.data.end(), bytes.begin(), bytes.end());
  add_notice(std::move(notice));
}

/// RFC 7143 4.2.3.4 step d: another session has ended tasks of ours, and with FastAbort its initiator is told which
/// unit's. Once while it has not been sent, whatever the number of tasks.
void ConnectionState::note_task_termination(scsi::Lun lun) {
  if (abandoned_ || closing_ || session_->parameters().task_reporting != TaskReporting::kFastAbort) {
    return;
  }
  const auto lun_bits = static_cast<std::uint64_t>(lun);
  for (std::size_t i = notices_sending_; i < notices_.size(); ++i) {
    const bhs::View header(notices_[i].header);
    if (bhs::async_message::Event::get(header) == AsyncEvent::kTaskTermination && bhs::Lun::get(header) == lun_bits) {
      return;
    }
  }
  Notice notice = make_notice(AsyncEvent::kTaskTermination);
  bhs::Lun::set(bhs::Bytes(notice.header), lun_bits);
  add_notice(std::move(notice));
}

void ConnectionState::encode_notices() {
  while (notices_sending_ < notices_.size() && batch_.has_room()) {
    Notice& notice = notices_[notices_sending_++];
    const bhs::Bytes header = batch_.begin();
    std::ranges::copy(notice.header, header.begin());
    stamp(header);
    seal_numbered(header, notice.data);
  }
  encode_nop_in();
}

/// The transfer tag asks for an answer, the reserved one only tells of the window.
void ConnectionState::encode_nop_in() {
  const bool probe = std::exchange(probe_due_, false);
  const bool window = std::exchange(window_notice_due_, false);
  if ((!probe && !window) || !batch_.has_room()) {
    return;
  }
  const bhs::Bytes header = batch_.begin();
  bhs::OpcodeField::set(header, Opcode::kNopIn);
  bhs::Final::set(header, true);
  bhs::InitiatorTaskTag::set(header, kReservedTag);
  bhs::TargetTransferTag::set(header, probe ? next_transfer_tag_ : kReservedTag);
  next_transfer_tag_ = next_transfer_tag_ + 1 == kReservedTag ? 0 : next_transfer_tag_ + 1;
  bhs::StatSn::set(header, status_sn_.value());
  stamp_window(header);
  batch_.seal({});
}

}  // namespace lunaria::iscsi
