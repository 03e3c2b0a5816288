// Requests that carry a CmdSN: their headers, their order, their start (RFC 7143 4.2.2, 11.3, 11.18).
#include <algorithm>
#include <cstring>
#include <utility>

#include "base/check.h"
#include "iscsi/connection_state.h"
#include "wire/reader.h"

namespace lunaria::iscsi {

namespace {

namespace fields = bhs::scsi_command;

// RFC 7143 11.4.7.2.
constexpr std::uint16_t kUnexpectedUnsolicitedData = 0x0C0C;
constexpr std::uint16_t kIncorrectAmountOfData = 0x0C0D;

/// SENSE data in fixed format for a command that the transport ends itself: ABORTED COMMAND.
scsi::SenseBytes aborted_command_sense(std::uint16_t additional) {
  scsi::SenseBytes sense;
  sense.size = 18;
  sense.storage[0] = std::byte{0x70};
  sense.storage[2] = std::byte{static_cast<std::uint8_t>(scsi::SenseKey::kAbortedCommand)};
  sense.storage[7] = std::byte{10};
  wire::BigEndian<std::uint16_t, 12>::set(std::span(sense.storage), additional);
  return sense;
}

struct AdditionalHeaders {
  std::span<const std::byte> extended_cdb;
  std::uint32_t read_length = 0;
};

/// RFC 7143 11.2.2: nullopt when a length leads out of the header.
std::optional<AdditionalHeaders> parse_additional(std::span<const std::byte> bytes) {
  AdditionalHeaders found;
  wire::Reader reader(bytes);
  while (reader.remaining() != 0) {
    const auto length = reader.take_big_endian<std::uint16_t>();
    const auto type = reader.take_big_endian<AhsType>();
    const auto specific = length && type ? reader.take(*length) : std::nullopt;
    if (!specific || specific->empty()) {
      return std::nullopt;
    }
    // The first specific byte is reserved in both; segments are padded to four bytes.
    if (*type == AhsType::kExtendedCdb) {
      found.extended_cdb = specific->subspan(1);
    } else if (*type == AhsType::kBidirectionalReadLength && specific->size() == 5) {
      found.read_length = wire::BigEndian<std::uint32_t, 1>::get(specific->first<5>());
    } else {
      return std::nullopt;
    }
    const std::size_t padding = (4 - (std::size_t{*length} + 3) % 4) % 4;
    if (!reader.take(std::min(padding, reader.remaining()))) {
      return std::nullopt;
    }
  }
  return found;
}

}  // namespace

/// Checks what all requests have in common and takes a slot with a buffer. Without a slot the header is dealt with
/// (true) or must come again (false).
bool ConnectionState::admit_request(const Header& header, Slot::Kind kind, std::size_t buffer_size, Slot*& slot) {
  const bool immediate = bhs::Immediate::get(header.basic);
  const CommandSn sn(bhs::CmdSn::get(header.basic));
  const std::uint32_t tag = bhs::InitiatorTaskTag::get(header.basic);
  slot = nullptr;
  if (tag == kReservedTag) {
    return format_error();
  }
  if (!immediate && session_->classify(sn) == Session::Admission::kIgnore) {
    return drop_data();  // RFC 7143 4.2.2.1: silently
  }
  if (immediate && session_->immediate_ >= kImmediateCommandsMax) {
    return reject(RejectReason::kTooManyImmediateCommands);
  }
  if (Slot* same = session_->find(tag)) {
    const bool is_answered = same->state_ == Slot::State::kRetained || same->state_ == Slot::State::kSending;
    if (!is_answered) {
      return reject(RejectReason::kTaskInProgress);
    }
    session_->remove(*same);  // kept only for its answer's sake; the initiator has it, or the tag would not be free
  }
  runtime::Buffer buffer;
  bool busy = false;
  if (buffer_size != 0) {
    buffer = shard_->buffers().try_allocate(buffer_size);
    if (!buffer) {
      busy = buffer_wanted_ && now_ >= paused_since_ + options_.timeouts.buffer;
      if (!busy) {
        return pause(Pause::kBuffer);
      }
    }
    buffer_wanted_ = false;
  }
  slot = take_slot(kind);
  if (slot == nullptr) {
    return pause(Pause::kSlot);
  }
  slot->immediate_ = immediate;
  count_immediate(*slot, true);
  slot->tag_ = tag;
  slot->command_sn_ = sn;
  session_->insert(*slot);
  if (buffer) {
    session_->data_out_bytes_ += buffer.memory().size();
    slot->data_ = std::move(buffer);
    slot->data_capacity_ = buffer_size;
  }
  slot->refused_ = busy;
  incoming_.purpose = Purpose::kRequest;
  incoming_.slot = slot;
  slot->pinned_ = true;
  return true;
}

bool ConnectionState::scsi_command_header(const Header& header) {
  if (session_->type() == SessionType::kDiscovery) {
    return reject(RejectReason::kProtocolError);
  }
  const bool write = fields::Write::get(header.basic);
  const bool final = bhs::Final::get(header.basic);
  if (fields::Attributes::get(header.basic) > 4 || (!write && (!final || header.data_length != 0))) {
    return format_error();
  }
  const std::size_t expected = fields::ExpectedDataTransferLength::get(header.basic);
  const bool needs_buffer = write && expected != 0 && (header.data_length != 0 || !final);
  Slot* slot = nullptr;
  const bool taken =
      admit_request(header, Slot::Kind::kScsi, needs_buffer ? std::min(expected, scsi::kTransferLengthMax) : 0, slot);
  if (slot == nullptr) {
    return taken;
  }
  const bool busy = slot->refused_;
  if (!fill_command(header, *slot)) {
    incoming_.slot = nullptr;
    slot->pinned_ = false;
    release(*slot);
    return format_error();
  }
  if (busy) {
    slot->command_->status = scsi::Status::kBusy;
  }
  slot->unsolicited_open_ = write && !final;
  check_unsolicited(header, *slot);
  receiver_.accept(slot->refused_ ? std::span<std::byte>() : slot->data_.memory().first(slot->data_capacity_));
  return true;
}

bool ConnectionState::fill_command(const Header& header, Slot& slot) {
  scsi::Command& command = *slot.command_;
  command.nexus = session_->nexus.get();
  command.lun = scsi::Lun{bhs::Lun::get(header.basic)};
  command.tag = slot.tag_;
  command.attribute = static_cast<scsi::TaskAttribute>(fields::Attributes::get(header.basic));
  command.priority = session_->parameters().protocol_level >= 2 ? fields::Priority::get(header.basic) : std::uint8_t{0};
  std::memcpy(command.cdb_bytes.data(), header.basic.data() + fields::kCdbOffset, fields::kCdbSize);
  command.cdb_length = fields::kCdbSize;
  const std::uint32_t expected = fields::ExpectedDataTransferLength::get(header.basic);
  const bool read = fields::Read::get(header.basic);
  const bool write = fields::Write::get(header.basic);
  command.data_out_length = write ? expected : 0;
  command.data_in_length = read && !write ? expected : 0;
  if (header.additional.empty()) {
    return true;
  }
  const auto additional = parse_additional(header.additional);
  if (!additional) {
    return false;
  }
  // A CDB longer than any that exists is cut: no device server takes what is left for a valid one.
  const std::size_t extension = std::min(additional->extended_cdb.size(), scsi::kCdbSizeMax - fields::kCdbSize);
  std::ranges::copy(additional->extended_cdb.first(extension), command.cdb_bytes.begin() + fields::kCdbSize);
  command.cdb_length = static_cast<std::uint8_t>(fields::kCdbSize + extension);
  if (read && write) {
    command.data_in_length = additional->read_length;
  }
  return true;
}

/// Immediate data and the promise of more against what was negotiated (RFC 7143 13.10, 13.11, 13.14). A command that
/// breaks it is answered by us, its data dropped.
void ConnectionState::check_unsolicited(const Header& header, Slot& slot) {
  if (slot.command_->data_out_length == 0 && header.data_length == 0) {
    return;
  }
  const SessionParameters& agreed = session_->parameters();
  const auto limit = std::min<std::uint64_t>(agreed.first_burst_length, slot.command_->data_out_length);
  if ((header.data_length != 0 && !agreed.immediate_data) || (slot.unsolicited_open_ && agreed.initial_r2t)) {
    refuse_command(slot, kUnexpectedUnsolicitedData);
  } else if (header.data_length > limit) {
    refuse_command(slot, kIncorrectAmountOfData);
  }
}

void ConnectionState::refuse_command(Slot& slot, std::uint16_t additional_sense) {
  slot.refused_ = true;
  slot.command_->status = scsi::Status::kCheckCondition;
  slot.command_->sense = aborted_command_sense(additional_sense);
}

bool ConnectionState::nop_out_header(const Header& header) {
  if (bhs::InitiatorTaskTag::get(header.basic) != kReservedTag) {
    return session_->type() == SessionType::kDiscovery ? reject(RejectReason::kProtocolError)
                                                       : control_header(header, Slot::Kind::kNop);
  }
  // An answer to our NOP-In, or nothing but a sign of life: both are immediate and want no answer (RFC 7143 11.18).
  return bhs::Immediate::get(header.basic) ? drop_data() : format_error();
}

bool ConnectionState::control_header(const Header& header, Slot::Kind kind) {
  if (kind == Slot::Kind::kTaskManagement || kind == Slot::Kind::kLogout) {
    if (header.data_length != 0 || !bhs::Final::get(header.basic)) {
      return format_error();
    }
    if (kind == Slot::Kind::kTaskManagement && session_->type() == SessionType::kDiscovery) {
      return reject(RejectReason::kProtocolError);
    }
  }
  if (kind == Slot::Kind::kText && text_in_progress_) {
    return pause(Pause::kText);
  }
  if (kind == Slot::Kind::kText && header.data_length > kTextRequestSizeMax) {
    return reject(RejectReason::kOutOfResources);
  }
  const std::size_t wanted = kind == Slot::Kind::kNop
                                 ? std::min(header.data_length, login_.result().connection.max_send_data_segment_length)
                                 : header.data_length;
  Slot* slot = nullptr;
  const bool taken = admit_request(header, kind, wanted, slot);
  if (slot == nullptr) {
    return taken;
  }
  std::ranges::copy(header.basic, slot->request_.begin());
  if (kind == Slot::Kind::kText) {
    text_in_progress_ = true;
  }
  receiver_.accept(slot->refused_ ? std::span<std::byte>() : slot->data_.memory().first(slot->data_capacity_));
  return true;
}

/// The PDU is whole: its turn, later, or never.
void ConnectionState::request_complete(Slot& slot) {
  if (slot.kind_ == Slot::Kind::kScsi) {
    ++counters_.commands;
    slot.data_received_ = incoming_.data_length;
    if (tolerant_) {
      slot.arrived_.clear();
      static_cast<void>(slot.arrived_.add({.begin = 0, .end = incoming_.data_length}));  // the first always fits
    }
  } else if (slot.refused_) {
    add_reject(RejectReason::kOutOfResources);
    release(slot);
    return;
  }
  if (slot.immediate_) {
    deliver(slot);
    return;
  }
  switch (session_->classify(slot.command_sn_)) {
    case Session::Admission::kIgnore:
      release(slot);
      return;
    case Session::Admission::kAhead:
      slot.state_ = Slot::State::kHeld;
      session_->accept(slot.command_sn_, &slot);
      return;
    case Session::Admission::kInOrder:
      if (!session_->has_room(slot, session_bytes_max())) {
        slot.state_ = Slot::State::kHeld;
        session_->hold_back(slot);
        return;
      }
      session_->accept(slot.command_sn_, &slot);
      deliver(slot);
      break;
  }
  deliver_held();
}

/// What a session may hold, see kSessionBytesMax.
std::size_t ConnectionState::session_bytes_max() const {
  return std::min(kSessionBytesMax, shard_->buffers().budget() / 4);
}

/// The data-in of a command is with the kernel, or nobody will send it.
void ConnectionState::uncount_data_in(Slot& slot) {
  session_->data_in_bytes_ -= std::exchange(slot.data_in_counted_, 0U);
}

/// Starts what waited for earlier CmdSNs or for memory, on whatever connection it came.
void ConnectionState::deliver_held() {
  while (Slot* next = session_->take_next_held(session_bytes_max())) {
    next->engine_->deliver(*next);
  }
  if (session_->first_fenced_ != nullptr) {
    check_fences();
  }
}

void ConnectionState::deliver(Slot& slot) {
  switch (slot.kind_) {
    case Slot::Kind::kScsi:
      start_scsi(slot);
      return;
    case Slot::Kind::kTaskManagement:
      start_task_management(slot);
      return;
    case Slot::Kind::kNop:
      queue_answer(slot);
      return;
    case Slot::Kind::kText:
      start_text(slot);
      return;
    case Slot::Kind::kLogout:
      start_logout(slot);
      return;
  }
}

void ConnectionState::start_scsi(Slot& slot) {
  if (phase_ != Phase::kFullFeature) {
    release(slot);  // behind a logout
    return;
  }
  if (!session_->ended_.empty() && session_->ends_on_arrival(slot)) [[unlikely]] {
    release(slot);
    return;
  }
  if (slot.refused_) {
    slot.state_ = Slot::State::kQueued;
    if (slot.unsolicited_open_) {
      slot.answer_after_data_ = true;
    } else {
      queue_answer(slot);
    }
    return;
  }
  slot.state_ = Slot::State::kRunning;
  ++running_;
  slot.data_in_counted_ = static_cast<std::uint32_t>(slot.data_in_announced());
  session_->data_in_bytes_ += slot.data_in_counted_;
  note_start(slot);
  host_.start_command(slot);
}

void ConnectionState::complete(CommandSlot& slot) {
  check(slot.state_ == Slot::State::kRunning && slot.kind_ == Slot::Kind::kScsi, "a command completes once");
  --running_;
  const bool silent = slot.command_->aborted && slot.command_->status != scsi::Status::kTaskAborted;
  if (abandoned_ || slot.discarded_ || silent || (closing_ && !suspended_)) {
    if (silent) {
      remember_aborted(slot.tag_);
    }
    if (slot.discarded_) {
      --session_->ending_;
    } else if (silent) {
      note_task_termination(slot.command_->lun);
    }
    release(slot);
    if (session_->ending_ == 0 && session_->first_fenced_ != nullptr) {
      check_fences();
    }
  } else if (suspended_) {
    slot.state_ = Slot::State::kSuspended;
  } else if (slot.unsolicited_open_) {
    slot.state_ = Slot::State::kQueued;
    slot.answer_after_data_ = true;
  } else {
    queue_answer(slot);
  }
  finish_logout_if_idle();
}

}  // namespace lunaria::iscsi
