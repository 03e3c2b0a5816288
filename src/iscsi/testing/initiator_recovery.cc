// The initiator's part of ErrorRecoveryLevel 1 and 2: what is missing is asked for again (RFC 7143 7.1.4, 11.16), what
// did not arrive is sent again (7.2.1), what a failed connection leaves is taken over (7.2.2, 11.5.1).
#include <algorithm>
#include <utility>

#include "iscsi/testing/initiator.h"

namespace lunaria::iscsi::testing {

namespace {

/// Calls `ask(begin, length)` for every run of numbers in begin..end that `has` does not know.
template <class Has, class Ask>
void for_missing_runs(std::uint32_t begin, std::uint32_t end, Has has, Ask ask) {
  for (std::uint32_t at = begin; at != end;) {
    if (has(at)) {
      ++at;
      continue;
    }
    const std::uint32_t first = at;
    while (at != end && !has(at)) {
      ++at;
    }
    ask(first, at - first);
  }
}

}  // namespace

void Initiator::note_window(const Pdu& pdu) {
  if (const std::uint32_t max = pdu.get<bhs::MaxCmdSn>(); CommandSn(max).is_after(CommandSn(max_command_sn_))) {
    max_command_sn_ = max;
  }
  if (const CommandSn expected(pdu.get<bhs::ExpCmdSn>()); expected.is_after(expected_command_sn_)) {
    expected_command_sn_ = expected;
  }
}

void Initiator::answer_probe(const Pdu& pdu) {
  const std::uint32_t transfer_tag = pdu.get<bhs::TargetTransferTag>();
  if (transfer_tag == kReservedTag || !answer_probes_) {
    return;
  }
  Pdu answer(Opcode::kNopOut, true);
  answer.set<bhs::InitiatorTaskTag>(kReservedTag).set<bhs::TargetTransferTag>(transfer_tag);
  send(std::move(answer));
}

void Initiator::on_recoverable(const Pdu& pdu) {
  note_window(pdu);
  const std::uint32_t tag = pdu.get<bhs::InitiatorTaskTag>();
  const Opcode opcode = pdu.opcode();
  if (opcode == Opcode::kReject || opcode == Opcode::kAsyncMessage) {
    if (admit_status(pdu)) {
      if (opcode == Opcode::kReject) {
        recover_reject(pdu);
      }
      complete_status(pdu.get<bhs::StatSn>());
    }
    ask_for_statuses();
    return;
  }
  if (opcode == Opcode::kNopIn && tag == kReservedTag) {
    note_sent_statuses(StatusSn(pdu.get<bhs::StatSn>()));
    answer_probe(pdu);
    ask_for_statuses();
    return;
  }
  const auto found = tasks_.find(tag);
  if (!expect(found != tasks_.end(), "answers have the tag of a request")) {
    return;
  }
  Task& task = found->second;
  switch (opcode) {
    case Opcode::kDataIn:
      recover_data_in(pdu, task);
      break;
    case Opcode::kReadyToTransfer:
      recover_r2t(pdu, task);
      break;
    default:
      recover_response(pdu, task);
      break;
  }
  if (!task.outcome.done) {
    ask_for_data(tag, task);
  }
  ask_for_statuses();
}

// Statuses.

/// False for an answer that has come before, or whose data is damaged.
bool Initiator::admit_status(const Pdu& pdu) {
  const StatusSn sn(pdu.get<bhs::StatSn>());
  note_sent_statuses(sn + 1);
  if (pdu.is_damaged || sn.is_before(StatusSn(next_status_sn_))) {
    return false;
  }
  const Answered answer{.opcode = pdu.opcode(), .tag = pdu.get<bhs::InitiatorTaskTag>()};
  const auto [known, is_new] = statuses_.try_emplace(sn.value(), answer);
  expect(known->second.opcode == answer.opcode && known->second.tag == answer.tag, "a StatSN stands for one answer");
  return is_new;
}

void Initiator::note_sent_statuses(StatusSn end) {
  if (end.is_after(sent_statuses_)) {
    sent_statuses_ = end;
  }
}

/// ExpStatSN acknowledges answers in their order, and what they say counts in it: a function that has ended a task was
/// answered after all answers that are still missing (RFC 7143 4.2.3.3).
void Initiator::complete_status(std::uint32_t status_sn) {
  statuses_.at(status_sn).is_complete = true;
  for (auto next = statuses_.find(next_status_sn_); next != statuses_.end() && next->second.is_complete;
       next = statuses_.find(++next_status_sn_)) {
    if (const auto task = tasks_.find(next->second.tag); task != tasks_.end()) {
      task->second.outcome.done = true;
      open_.erase(next->second.tag);
    }
    statuses_.erase(next);
  }
}

void Initiator::ask_for_statuses() {
  const StatusSn first(next_status_sn_);
  if (asked_statuses_.is_before(first)) {
    asked_statuses_ = first;
  }
  if (!asked_statuses_.is_before(sent_statuses_)) {
    return;
  }
  for_missing_runs(
      asked_statuses_.value(), sent_statuses_.value(), [this](std::uint32_t sn) { return statuses_.contains(sn); },
      [this](std::uint32_t begin, std::uint32_t length) {
        send_snack(SnackType::kStatus, kReservedTag, begin, length);
      });
  asked_statuses_ = sent_statuses_;
}

void Initiator::send_snack(SnackType type, std::uint32_t tag, std::uint32_t begin, std::uint32_t length,
                           std::uint32_t snack_tag) {
  Pdu pdu(Opcode::kSnackRequest);
  pdu.set<bhs::snack_request::Type>(static_cast<std::uint8_t>(type)).set<bhs::InitiatorTaskTag>(tag);
  pdu.set<bhs::snack_request::SnackTag>(snack_tag);
  pdu.set<bhs::snack_request::BegRun>(begin).set<bhs::snack_request::RunLength>(length);
  if (const auto found = tasks_.find(tag); found != tasks_.end()) {
    pdu.set<bhs::Lun>(found->second.request.lun);
  }
  send(std::move(pdu));
}

/// What was known to be sent must be there to be sent again, until it is acknowledged. An R2T may have been replaced.
void Initiator::recover_reject(const Pdu& pdu) {
  rejects_.push_back(pdu.get<bhs::reject::Reason>());
  Pdu refused;
  if (!expect(pdu.data.size() >= bhs::kSize, "a Reject has the header of what it rejects")) {
    return;
  }
  std::copy_n(pdu.data.begin(), bhs::kSize, refused.header.begin());
  const std::uint32_t tag = refused.get<bhs::InitiatorTaskTag>();
  const auto found = tasks_.find(tag);
  const bool is_open = found != tasks_.end() && !found->second.outcome.done;
  if (rejects_.back() == RejectReason::kDataDigestError && refused.opcode() == Opcode::kScsiCommand && is_open) {
    transmit(tag, found->second);
    return;
  }
  if (refused.opcode() != Opcode::kSnackRequest) {
    return;
  }
  const std::uint32_t begin = refused.get<bhs::snack_request::BegRun>();
  switch (static_cast<SnackType>(refused.get<bhs::snack_request::Type>())) {
    case SnackType::kStatus:
      expect(StatusSn(begin).is_before(StatusSn(next_status_sn_)) || statuses_.contains(begin),
             "a status is sent again until it is acknowledged");
      break;
    case SnackType::kDataOrR2t:
      expect(!is_open || !found->second.request.write_data.empty() || found->second.data_sn > begin ||
                 found->second.recovery.pieces.contains(begin),
             "data is sent again until it is acknowledged");
      break;
    case SnackType::kDataAck:
    case SnackType::kResegmentedData:
      expect(!is_open, "data can be acknowledged when that was asked for");
      break;
  }
}

// Data-In.

void Initiator::recover_data_in(const Pdu& pdu, Task& task) {
  const std::uint32_t tag = pdu.get<bhs::InitiatorTaskTag>();
  const std::uint32_t data_sn = pdu.get<bhs::data_in::DataSn>();
  const bool has_status = pdu.get<bhs::data_in::StatusFollows>();
  const bool is_new_status = has_status && admit_status(pdu);
  task.note_sent(data_sn);
  if (pdu.is_damaged) {
    return;
  }
  if (task.outcome.done) {
    expect(!is_new_status, "a request is answered once");
    return;  // sent again
  }
  take_data(pdu, task);
  if (is_new_status && expect(pdu.get<bhs::Final>(), "the PDU with the status is the last") &&
      expect(!task.recovery.status_sn, "a request is answered once")) {
    task.recovery.status_sn = pdu.get<bhs::StatSn>();
    task.recovery.data_end = data_sn + 1;
    take_status(task.outcome, pdu);
  }
  if (pdu.get<bhs::data_in::Acknowledge>()) {
    task.recovery.ack_tag = pdu.get<bhs::TargetTransferTag>();
    task.recovery.ack_end = std::max(task.recovery.ack_end, data_sn + 1);
  }
  acknowledge_data(tag, task);
  finish_if_whole(tag, task);
}

void Initiator::take_data(const Pdu& pdu, Task& task) {
  InitiatorTask::Recovery& recovery = task.recovery;
  const InitiatorTask::Recovery::Piece piece{.offset = pdu.get<bhs::data_in::BufferOffset>(),
                                             .size = static_cast<std::uint32_t>(pdu.data.size())};
  Bytes& data = task.outcome.data;
  if (!expect(std::uint64_t{piece.offset} + piece.size <= task.request.read_length,
              "no more data than we have room for")) {
    return;
  }
  const auto [known, is_new] = recovery.pieces.try_emplace(pdu.get<bhs::data_in::DataSn>(), piece);
  if (!is_new) {
    expect(known->second.offset == piece.offset && known->second.size == piece.size &&
               std::equal(pdu.data.begin(), pdu.data.end(), data.begin() + piece.offset),
           "data that is sent again is the same");
    return;
  }
  data.resize(std::max<std::size_t>(data.size(), piece.offset + piece.size));
  std::ranges::copy(pdu.data, data.begin() + piece.offset);
  for (auto next = recovery.pieces.find(task.data_sn); next != recovery.pieces.end();
       next = recovery.pieces.find(task.data_sn)) {
    expect(next->second.offset == recovery.whole, "data comes in order of its numbers");
    recovery.whole += next->second.size;
    ++task.data_sn;
  }
}

/// RFC 7143 11.7.2: as soon as all of the burst is there.
void Initiator::acknowledge_data(std::uint32_t tag, Task& task) {
  InitiatorTask::Recovery& recovery = task.recovery;
  if (recovery.ack_tag == kReservedTag || task.data_sn < recovery.ack_end) {
    return;
  }
  send_snack(SnackType::kDataAck, tag, task.data_sn, 0, std::exchange(recovery.ack_tag, kReservedTag));
  recovery.has_acknowledged = true;
}

/// A status is no use, and must not be acknowledged, before its data is there (RFC 7143 4.2.2.2).
void Initiator::finish_if_whole(std::uint32_t tag, Task& task) {
  const InitiatorTask::Recovery& recovery = task.recovery;
  if (task.outcome.done || !recovery.status_sn || (recovery.data_end && task.data_sn < *recovery.data_end)) {
    return;
  }
  expect(!recovery.data_end || recovery.sent <= *recovery.data_end, "no data comes behind the end");
  task.outcome.done = true;
  open_.erase(tag);
  complete_status(*recovery.status_sn);
}

void Initiator::ask_for_data(std::uint32_t tag, Task& task) {
  InitiatorTask::Recovery& recovery = task.recovery;
  recovery.asked = std::max(recovery.asked, task.data_sn);
  if (recovery.asked >= recovery.sent) {
    return;
  }
  const bool writes = !task.request.write_data.empty();
  for_missing_runs(
      recovery.asked, recovery.sent,
      [&](std::uint32_t number) { return writes ? recovery.r2ts.contains(number) : recovery.pieces.contains(number); },
      [&](std::uint32_t begin, std::uint32_t length) { send_snack(SnackType::kDataOrR2t, tag, begin, length); });
  recovery.asked = recovery.sent;
}

// R2T and what ends a request.

void Initiator::recover_r2t(const Pdu& pdu, Task& task) {
  note_sent_statuses(StatusSn(pdu.get<bhs::StatSn>()));
  const std::uint32_t number = pdu.get<bhs::ready_to_transfer::R2tSn>();
  if (!task.recovery.r2ts.insert(number).second) {
    return;  // sent again
  }
  if (!expect(!task.outcome.done && !task.recovery.status_sn, "a request that is answered asks for no more data")) {
    return;
  }
  task.note_sent(number);
  while (task.recovery.r2ts.contains(task.data_sn)) {
    ++task.data_sn;
  }
  answer_r2t(pdu, task);
}

void Initiator::recover_response(const Pdu& pdu, Task& task) {
  const std::uint32_t tag = pdu.get<bhs::InitiatorTaskTag>();
  if (!admit_status(pdu)) {
    return;
  }
  if (!expect(!task.outcome.done && !task.recovery.status_sn, "a request is answered once")) {
    return;
  }
  take_response(task.outcome, pdu);
  task.recovery.status_sn = pdu.get<bhs::StatSn>();
  if (pdu.opcode() != Opcode::kScsiResponse) {
    complete_status(*task.recovery.status_sn);  // and with it the request, in its turn
    return;
  }
  const std::uint32_t count = pdu.get<bhs::scsi_response::ExpDataSn>();
  expect(count >= task.recovery.sent, "ExpDataSN counts Data-In and R2T");
  if (task.request.write_data.empty()) {
    task.recovery.data_end = count;
    task.recovery.sent = std::max(task.recovery.sent, count);
  }
  finish_if_whole(tag, task);
}

// When time has passed.

void Initiator::ask_again() {
  asked_statuses_ = StatusSn(next_status_sn_);
  ask_for_statuses();
  for (const std::uint32_t tag : open_) {
    Task& task = tasks_.at(tag);
    if (!task.is_command || task.is_abandoned) {
      continue;
    }
    task.recovery.asked = task.data_sn;
    ask_for_data(tag, task);
    const bool has_arrived = CommandSn(task.command_sn).is_before(expected_command_sn_);
    if (has_arrived && !task.request.write_data.empty() && !task.recovery.status_sn) {
      send_snack(SnackType::kDataOrR2t, tag, task.recovery.sent, 0);  // an R2T that nothing has told of
    }
  }
  send_nop("");
}

void Initiator::retry_commands(CommandSn expected) {
  for (const std::uint32_t tag : open_) {
    const Task& task = tasks_.at(tag);
    if (task.is_command && !task.request.immediate && !CommandSn(task.command_sn).is_before(expected)) {
      transmit(tag, task);
    }
  }
}

// Another connection.

InitiatorTask Initiator::take(std::uint32_t tag) {
  InitiatorTask task = std::move(tasks_.at(tag));
  tasks_.erase(tag);
  open_.erase(tag);
  return task;
}

void Initiator::retry(std::uint32_t tag, InitiatorTask task) {
  Task& own = tasks_[tag] = std::move(task);
  open_.insert(tag);
  transmit(tag, own);
}

std::uint32_t Initiator::reassign(std::uint32_t tag, InitiatorTask task, bool forgetful) {
  InitiatorTask::Recovery& recovery = task.recovery;
  if (task.request.write_data.empty()) {
    // RFC 7143 11.5.6: what is not acknowledged with this request comes again, perhaps cut in another way.
    task.data_sn = forgetful && !recovery.has_acknowledged ? 0 : task.data_sn;
    recovery.whole = 0;
    recovery.pieces.erase(recovery.pieces.lower_bound(task.data_sn), recovery.pieces.end());
    for (const auto& [number, piece] : recovery.pieces) {
      recovery.whole += piece.size;
    }
    task.outcome.data.resize(recovery.whole);
    recovery.has_acknowledged = recovery.has_acknowledged || task.data_sn != 0;
    recovery.sent = task.data_sn;
  }
  recovery.asked = task.data_sn;
  recovery.data_end.reset();
  recovery.status_sn.reset();
  recovery.ack_tag = kReservedTag;
  recovery.ack_end = 0;
  Task& own = tasks_[tag] = std::move(task);
  open_.insert(tag);
  return send_reassign(tag, own, own.request.write_data.empty() ? own.data_sn : 0);
}

std::uint32_t Initiator::reassign_again(std::uint32_t tag) {
  const Task& task = tasks_.at(tag);
  return send_reassign(tag, task, task.request.write_data.empty() ? task.data_sn : 0);
}

std::uint32_t Initiator::send_reassign(std::uint32_t tag, const Task& task, std::uint32_t reference) {
  namespace fields = bhs::task_management_request;
  const std::uint32_t function_tag = next_tag_++;
  tasks_[function_tag];
  open_.insert(function_tag);
  Pdu pdu(Opcode::kTaskManagementRequest, true);
  pdu.set<fields::Function>(static_cast<std::uint8_t>(TaskFunction::kTaskReassign));
  pdu.set<bhs::Lun>(task.request.lun).set<bhs::InitiatorTaskTag>(function_tag);
  pdu.set<fields::ReferencedTaskTag>(tag).set<fields::RefCmdSn>(task.command_sn).set<fields::ExpDataSn>(reference);
  send(std::move(pdu));
  return function_tag;
}

}  // namespace lunaria::iscsi::testing
