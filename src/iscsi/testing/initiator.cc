#include "iscsi/testing/initiator.h"

#include <algorithm>

#include "base/check.h"
#include "iscsi/text_keys.h"

namespace lunaria::iscsi::testing {

namespace {

std::string pair(std::string_view name, std::string_view value) {
  std::string text(name);
  text.append("=").append(value).append(1, '\0');
  return text;
}

std::map<std::string, std::string> read_keys(const std::string& text) {
  std::map<std::string, std::string> keys;
  const auto parsed = parse_text(text);
  check(parsed.has_value(), "the target's text is well-formed");
  for (const TextKey& key : *parsed) {
    keys[std::string(key.name)] = key.value;
  }
  return keys;
}

}  // namespace

Initiator::Initiator(InitiatorOptions options) : options_(std::move(options)), tsih_(options_.tsih) {
  command_sn_ = options_.first_command_sn;
  next_tag_ = options_.first_tag;
  answers_ = options_.agreed;
  if (options_.tolerant) {
    stream_.tolerate_wrong_digests();
  }
}

bool Initiator::expect(bool condition, std::string_view expectation) {
  check(condition || options_.tolerant, expectation);
  if (!condition && !violation_) {
    violation_ = expectation;
  }
  return condition;
}

void Initiator::on_bytes(std::span<const std::byte> bytes) {
  stream_.feed(bytes);
  while (auto pdu = violation_ ? std::nullopt : stream_.next()) {
    receive(*pdu);
  }
}

void Initiator::receive(const Pdu& pdu) {
  if (!logged_in_ && pdu.opcode() == Opcode::kLoginResponse) {
    on_login_response(pdu);
  } else if (recovers_) {
    on_recoverable(pdu);
  } else {
    on_pdu(pdu);
  }
}

void Initiator::send(Pdu pdu, bool raw, Encoding encoding) {
  if (!raw) {
    pdu.set<bhs::ExpStatSn>(next_status_sn_);
    if (pdu.opcode() != Opcode::kDataOut && pdu.opcode() != Opcode::kSnackRequest) {
      pdu.set<bhs::CmdSn>(command_sn_);
      command_sn_ += pdu.get<bhs::Immediate>() ? 0 : 1;
    }
  }
  encoding.header_digest = encoding_.header_digest;
  encoding.data_digest = encoding_.data_digest;
  const Bytes wire = encode(std::move(pdu), encoding);
  output_.insert(output_.end(), wire.begin(), wire.end());
}

std::uint32_t Initiator::number(const std::string& key, std::uint32_t fallback) const {
  const auto found = answers_.find(key);
  return found == answers_.end() ? fallback : parse_number(found->second).value_or(fallback);
}

bool Initiator::flag(const std::string& key, bool fallback) const {
  const auto found = answers_.find(key);
  return found == answers_.end() ? fallback : found->second == "Yes";
}

// Login.

void Initiator::send_login(std::uint8_t current, std::uint8_t next, bool transit, const std::string& text) {
  Pdu pdu(Opcode::kLoginRequest, true);
  pdu.set<bhs::login::Transit>(transit).set<bhs::login::CurrentStage>(current);
  pdu.set<bhs::login::NextStage>(transit ? next : std::uint8_t{0});
  pdu.set<bhs::login::Isid>(options_.isid).set<bhs::login::Tsih>(options_.tsih).set<bhs::login::Cid>(options_.cid);
  pdu.set_text(text);
  send(std::move(pdu));
}

void Initiator::start_login() {
  login_started_ = true;
  std::string text = pair("InitiatorName", options_.initiator_name);
  text += options_.discovery ? pair("SessionType", "Discovery")
                             : pair("SessionType", "Normal") + pair("TargetName", options_.target_name);
  if (options_.security_stage) {
    text += pair("AuthMethod", options_.auth_method);
    send_login(0, 1, true, text);
    return;
  }
  for (const auto& [name, value] : options_.keys) {
    text += pair(name, value);
  }
  send_login(1, 3, true, text);
}

void Initiator::on_login_response(const Pdu& pdu) {
  next_status_sn_ = pdu.get<bhs::StatSn>() + 1;
  status_sn_known_ = true;
  const auto status = static_cast<LoginStatus>(pdu.get<bhs::login::Status>());
  const auto keys = read_keys(pdu.text());
  for (const auto& [name, value] : keys) {
    answers_[name] = value;
  }
  if (status != LoginStatus::kSuccess) {
    refusal_ = status;
    return;
  }
  max_command_sn_ = pdu.get<bhs::MaxCmdSn>();
  if (!pdu.get<bhs::login::Transit>() || pdu.get<bhs::login::NextStage>() != 3) {
    if (login_started_) {
      go_on(pdu.get<bhs::login::Transit>(), keys);
    }
    return;
  }
  logged_in_ = true;
  tsih_ = pdu.get<bhs::login::Tsih>();
  encoding_.header_digest = answers_["HeaderDigest"] == "CRC32C";
  encoding_.data_digest = answers_["DataDigest"] == "CRC32C";
  stream_.set_digests(encoding_.header_digest, encoding_.data_digest);
  expected_command_sn_ = CommandSn(pdu.get<bhs::ExpCmdSn>());
  recovers_ = options_.recovers && recovery_level() != 0;
  if (recovers_) {
    stream_.pass_damaged_data();
    sent_statuses_ = asked_statuses_ = StatusSn(next_status_sn_);
  }
}

void Initiator::go_on(bool transit, const std::map<std::string, std::string>& keys) {
  if (!transit) {
    on_chap(keys);
  } else {
    finish_chap(keys);
    send_operational();
  }
}

void Initiator::on_chap(const std::map<std::string, std::string>& keys) {
  if (!keys.contains("CHAP_C")) {
    send_login(0, 1, false, pair("CHAP_A", options_.chap_algorithms));
    return;
  }
  const auto number_of = [&keys](const char* key) { return parse_number(keys.at(key)).value_or(0); };
  algorithm_ = chap_algorithm(number_of("CHAP_A")).value();
  const auto challenge = parse_binary(keys.at("CHAP_C"), kChapChallengeSizeMax).value();
  const auto proof =
      chap_response(algorithm_, static_cast<std::uint8_t>(number_of("CHAP_I")), options_.chap_secret, challenge)
          .value();
  std::string text = pair("CHAP_N", options_.chap_name) + pair("CHAP_R", format_binary(proof));
  if (!options_.target_secret.empty()) {
    challenge_.assign(24, std::byte{0xC5});
    text += pair("CHAP_I", std::to_string(challenge_identifier_)) + pair("CHAP_C", format_binary(challenge_));
  }
  send_login(0, 1, true, text);
}

void Initiator::finish_chap(const std::map<std::string, std::string>& keys) {
  if (challenge_.empty() || !keys.contains("CHAP_R")) {
    return;
  }
  const auto expected = chap_response(algorithm_, challenge_identifier_, options_.target_secret, challenge_);
  target_is_proven_ = parse_binary(keys.at("CHAP_R"), kChapChallengeSizeMax) == expected;
}

void Initiator::send_operational() {
  std::string text;
  for (const auto& [name, value] : options_.keys) {
    text += pair(name, value);
  }
  send_login(1, 3, true, text);
}

// Requests.

std::uint32_t Initiator::send_command(const CommandRequest& request) {
  const std::uint32_t tag = next_tag_++;
  Task& task = tasks_[tag];
  task.request = request;
  task.is_command = true;
  task.command_sn = command_sn_;
  command_sn_ += request.immediate ? 0 : 1;
  open_.insert(tag);
  transmit(tag, task);
  return tag;
}

/// The command with the data that may come with it, as often as it takes.
void Initiator::transmit(std::uint32_t tag, const Task& task) {
  const CommandRequest& request = task.request;
  const Bytes& data = request.write_data;
  const bool write = !data.empty();
  const std::size_t segment_max = number("MaxRecvDataSegmentLength", 8192);
  const std::size_t first_burst =
      write ? std::min<std::size_t>(number("FirstBurstLength", 65536), data.size()) : std::size_t{0};
  const std::size_t immediate = flag("ImmediateData", true) ? std::min(first_burst, segment_max) : 0;
  const bool more = !flag("InitialR2T", true) && immediate < first_burst;

  Pdu pdu(Opcode::kScsiCommand, request.immediate);
  pdu.set<bhs::Final>(!more).set<bhs::scsi_command::Read>(request.read_length != 0);
  pdu.set<bhs::scsi_command::Write>(write).set<bhs::scsi_command::Attributes>(request.attribute);
  pdu.set<bhs::Lun>(request.lun).set<bhs::InitiatorTaskTag>(tag);
  pdu.set<bhs::scsi_command::ExpectedDataTransferLength>(write ? static_cast<std::uint32_t>(data.size())
                                                               : request.read_length);
  pdu.set<bhs::CmdSn>(task.command_sn).set<bhs::ExpStatSn>(next_status_sn_);
  std::copy_n(request.cdb.begin(), std::min<std::size_t>(request.cdb.size(), 16), pdu.header.begin() + 32);
  pdu.data.assign(data.begin(), data.begin() + static_cast<std::ptrdiff_t>(immediate));
  send(std::move(pdu), true);
  if (more) {
    send_data_out(tag, kReservedTag, request.lun, data, immediate, first_burst - immediate);
  }
}

void Initiator::send_data_out(std::uint32_t tag, std::uint32_t transfer_tag, std::uint64_t lun, const Bytes& data,
                              std::size_t offset, std::size_t length) {
  const std::size_t segment_max = number("MaxRecvDataSegmentLength", 8192);
  std::uint32_t data_sn = 0;
  const std::size_t end = offset + length;
  while (offset < end) {
    const std::size_t size = std::min(segment_max, end - offset);
    Pdu pdu(Opcode::kDataOut);
    pdu.set<bhs::Final>(offset + size == end).set<bhs::Lun>(lun).set<bhs::InitiatorTaskTag>(tag);
    pdu.set<bhs::TargetTransferTag>(transfer_tag).set<bhs::data_out::DataSn>(data_sn++);
    pdu.set<bhs::data_out::BufferOffset>(static_cast<std::uint32_t>(offset));
    pdu.data.assign(data.begin() + static_cast<std::ptrdiff_t>(offset),
                    data.begin() + static_cast<std::ptrdiff_t>(offset + size));
    send(std::move(pdu));
    offset += size;
  }
}

std::uint32_t Initiator::send_nop(std::string_view data) {
  const std::uint32_t tag = next_tag_++;
  tasks_[tag].text = true;
  open_.insert(tag);
  Pdu pdu(Opcode::kNopOut, true);
  pdu.set<bhs::InitiatorTaskTag>(tag).set<bhs::TargetTransferTag>(kReservedTag);
  pdu.set_text(data);
  send(std::move(pdu));
  return tag;
}

std::uint32_t Initiator::send_text(std::string_view text) {
  const std::uint32_t tag = next_tag_++;
  tasks_[tag].text = true;
  open_.insert(tag);
  Pdu pdu(Opcode::kTextRequest, true);
  pdu.set<bhs::InitiatorTaskTag>(tag).set<bhs::TargetTransferTag>(kReservedTag);
  pdu.set_text(text);
  send(std::move(pdu));
  return tag;
}

std::uint32_t Initiator::send_task_management(TaskFunction function, std::uint64_t lun, std::uint32_t referenced_tag,
                                              std::uint32_t referenced_sn, bool immediate) {
  const std::uint32_t tag = next_tag_++;
  tasks_[tag];
  open_.insert(tag);
  Pdu pdu(Opcode::kTaskManagementRequest, immediate);
  pdu.set<bhs::task_management_request::Function>(static_cast<std::uint8_t>(function));
  pdu.set<bhs::Lun>(lun).set<bhs::InitiatorTaskTag>(tag);
  pdu.set<bhs::task_management_request::ReferencedTaskTag>(referenced_tag);
  pdu.set<bhs::task_management_request::RefCmdSn>(referenced_sn);
  send(std::move(pdu));
  return tag;
}

std::uint32_t Initiator::send_logout(LogoutReason reason, std::optional<std::uint16_t> cid) {
  const std::uint32_t tag = next_tag_++;
  tasks_[tag];
  open_.insert(tag);
  Pdu pdu(Opcode::kLogoutRequest, true);
  pdu.set<bhs::logout_request::Reason>(static_cast<std::uint8_t>(reason)).set<bhs::InitiatorTaskTag>(tag);
  pdu.set<bhs::logout_request::Cid>(cid.value_or(options_.cid));
  send(std::move(pdu));
  return tag;
}

const Outcome* Initiator::outcome(std::uint32_t tag) const {
  const auto found = tasks_.find(tag);
  return found == tasks_.end() ? nullptr : &found->second.outcome;
}

// What comes in full feature phase.

bool Initiator::note_status(const Pdu& pdu) {
  ++next_status_sn_;
  return expect(pdu.get<bhs::StatSn>() + 1 == next_status_sn_, "StatSN advances by one per status");
}

void Initiator::on_pdu(const Pdu& pdu) {
  received_.push_back(pdu);
  note_window(pdu);
  const std::uint32_t tag = pdu.get<bhs::InitiatorTaskTag>();
  const Opcode opcode = pdu.opcode();
  if (opcode == Opcode::kReject) {
    note_status(pdu);
    rejects_.push_back(pdu.get<bhs::reject::Reason>());
    return;
  }
  if (opcode == Opcode::kAsyncMessage) {
    note_status(pdu);
    return;
  }
  if (opcode == Opcode::kNopIn && tag == kReservedTag) {
    expect(pdu.get<bhs::StatSn>() == next_status_sn_, "a NOP-In of the target's own uses no StatSN up");
    answer_probe(pdu);
    return;
  }
  const auto found = tasks_.find(tag);
  if (!expect(found != tasks_.end(), "answers have the tag of a request")) {
    return;
  }
  Task& task = found->second;
  if (!expect(!task.outcome.done, "a request is answered once")) {
    return;
  }
  switch (opcode) {
    case Opcode::kDataIn:
      on_data_in(pdu, task);
      return;
    case Opcode::kReadyToTransfer:
      on_r2t(pdu, task);
      return;
    case Opcode::kTextResponse:
      if (note_status(pdu)) {
        on_text(pdu, task);
      }
      return;
    default:
      if (note_status(pdu)) {
        finish(task, pdu);
      }
      return;
  }
}

void Initiator::on_data_in(const Pdu& pdu, Task& task) {
  const bool lawful =
      expect(pdu.get<bhs::data_in::DataSn>() == task.data_sn++, "DataSN counts") &&
      expect(pdu.get<bhs::data_in::BufferOffset>() == task.outcome.data.size(), "data comes in order") &&
      expect(pdu.data.size() <= number("MaxRecvDataSegmentLength", 8192) || !options_.keys.empty(),
             "segments are as long as we can take") &&
      expect(task.outcome.data.size() + pdu.data.size() <= task.request.read_length,
             "no more data than we have room for");
  if (!lawful) {
    return;
  }
  task.outcome.data.insert(task.outcome.data.end(), pdu.data.begin(), pdu.data.end());
  if (!pdu.get<bhs::data_in::StatusFollows>() || !note_status(pdu) ||
      !expect(pdu.get<bhs::Final>(), "the PDU with the status is the last")) {
    return;
  }
  task.outcome.done = true;
  take_status(task.outcome, pdu);
}

/// The status that a Data-In carries.
void Initiator::take_status(Outcome& outcome, const Pdu& pdu) {
  outcome.status = pdu.get<bhs::data_in::Status>();
  outcome.overflow = pdu.get<bhs::data_in::Overflow>();
  outcome.underflow = pdu.get<bhs::data_in::Underflow>();
  outcome.residual = pdu.get<bhs::data_in::ResidualCount>();
}

void Initiator::on_r2t(const Pdu& pdu, Task& task) {
  expect(pdu.get<bhs::StatSn>() == next_status_sn_, "an R2T uses no StatSN up");
  expect(pdu.get<bhs::ready_to_transfer::R2tSn>() == task.data_sn++, "R2TSN counts");
  answer_r2t(pdu, task);
}

void Initiator::answer_r2t(const Pdu& pdu, const Task& task) {
  const std::size_t offset = pdu.get<bhs::ready_to_transfer::BufferOffset>();
  const std::size_t length = pdu.get<bhs::ready_to_transfer::DesiredDataTransferLength>();
  expect(length != 0 && length <= number("MaxBurstLength", 262144), "an R2T asks for at most a burst");
  const bool exists = expect(offset + length <= task.request.write_data.size(), "an R2T asks for what there is");
  if (answer_r2ts_ && exists) {
    send_data_out(pdu.get<bhs::InitiatorTaskTag>(), pdu.get<bhs::TargetTransferTag>(), task.request.lun,
                  task.request.write_data, offset, length);
  }
}

void Initiator::on_text(const Pdu& pdu, Task& task) {
  task.outcome.data.insert(task.outcome.data.end(), pdu.data.begin(), pdu.data.end());
  task.outcome.done = pdu.get<bhs::Final>();
  if (task.outcome.done) {
    return;
  }
  Pdu more(Opcode::kTextRequest, true);
  more.set<bhs::InitiatorTaskTag>(pdu.get<bhs::InitiatorTaskTag>());
  more.set<bhs::TargetTransferTag>(pdu.get<bhs::TargetTransferTag>());
  send(std::move(more));
}

void Initiator::finish(Task& task, const Pdu& pdu) {
  Outcome& outcome = task.outcome;
  outcome.done = true;
  if (pdu.opcode() == Opcode::kScsiResponse) {
    expect(pdu.get<bhs::scsi_response::ExpDataSn>() == task.data_sn, "ExpDataSN counts Data-In and R2T");
  }
  take_response(outcome, pdu);
}

/// What an answer that ends a request says, without being a Data-In.
bool Initiator::take_response(Outcome& outcome, const Pdu& pdu) {
  if (pdu.opcode() == Opcode::kScsiResponse) {
    outcome.response = static_cast<std::uint8_t>(pdu.get<bhs::scsi_response::Response>());
    outcome.status = pdu.get<bhs::scsi_response::Status>();
    outcome.overflow = pdu.get<bhs::scsi_response::Overflow>();
    outcome.underflow = pdu.get<bhs::scsi_response::Underflow>();
    outcome.residual = pdu.get<bhs::scsi_response::ResidualCount>();
    if (pdu.data.size() > 2) {
      const std::size_t size = wire::BigEndian<std::uint16_t, 0>::get(std::span(pdu.data).first<2>());
      if (!expect(size + 2 <= pdu.data.size(), "the sense length is inside the segment")) {
        return false;
      }
      outcome.sense.assign(pdu.data.begin() + 2, pdu.data.begin() + 2 + static_cast<std::ptrdiff_t>(size));
    }
    return true;
  }
  if (pdu.opcode() == Opcode::kNopIn) {
    outcome.data = pdu.data;
    return true;
  }
  outcome.response = static_cast<std::uint8_t>(pdu.get<bhs::task_management_response::Response>());
  return true;
}

}  // namespace lunaria::iscsi::testing
