#pragma once

// Wire: the other end of a Connection without any opinion: it sends what the test says and notes what comes. For
// recovery and several connections, where a well-behaved Initiator would be in the way.

#include <cstring>
#include <string>
#include <vector>

#include "iscsi/connection.h"
#include "iscsi/testing/bed.h"

namespace lunaria::iscsi::testing {

/// A connection of its own with a scripted host, on a shard and a slot pool of the test.
class Wire final {
 public:
  Wire(FakeClock& clock, FakeShard& shard, SlotPool& slots, const NegotiationPreferences& preferences)
      : clock_(clock), shard_(shard) {
    grant_.preferences = preferences;
    host.grant = &grant_;
    host.clock = &clock;
    host.here = &shard;
    host.medium.resize(std::size_t{1} << 20);
    const ConnectionOptions options{
        .peer = *IpEndpoint::parse("192.0.2.1:40000"), .local = *IpEndpoint::parse("192.0.2.9:3260"), .timeouts = {}};
    connection = std::make_unique<Connection>(shard, slots, host, log_, options, clock.now());
    host.connection = connection.get();
  }
  Wire(const Wire&) = delete;
  Wire& operator=(const Wire&) = delete;
  ~Wire() { end(); }

  void end() {
    if (connection == nullptr) {
      return;
    }
    connection->abandon();
    host.run_held();
    shard_.run();
    check(connection->is_drained(), "every command ends after its connection");
    connection.reset();
  }

  /// Logs in with these keys ("Key=Value " each; a space stands for NUL); true when it succeeded.
  bool log_in(std::string keys, std::uint16_t tsih = 0, std::uint16_t cid = 0) {
    std::string text =
        "InitiatorName=iqn.2004-01.org.example:host TargetName=iqn.2004-01.org.example:disk "
        "SessionType=Normal " +
        std::move(keys);
    std::ranges::replace(text, ' ', '\0');
    Pdu pdu(Opcode::kLoginRequest, true);
    pdu.set<bhs::login::Transit>(true).set<bhs::login::CurrentStage>(std::uint8_t{1});
    pdu.set<bhs::login::NextStage>(std::uint8_t{3}).set<bhs::login::Isid>(std::uint64_t{0x8000'0000'0001});
    pdu.set<bhs::login::Tsih>(tsih).set<bhs::login::Cid>(cid).set<bhs::CmdSn>(command_sn);
    pdu.set_text(text);
    send(std::move(pdu));
    const std::vector<Pdu> answers = take();
    if (answers.size() != 1 || answers[0].get<bhs::login::Status>() != 0) {
      return false;
    }
    status_sn = answers[0].get<bhs::StatSn>() + 1;
    encoding = {.header_digest = text.contains("HeaderDigest=CRC32C"),
                .data_digest = text.contains("DataDigest=CRC32C")};
    stream_.set_digests(encoding.header_digest, encoding.data_digest);
    return true;
  }

  /// A command with the next CmdSN; ExpStatSN is what the test has set.
  Pdu command(std::uint32_t tag, const CommandRequest& request) {
    Pdu pdu(Opcode::kScsiCommand);
    const bool writes = !request.write_data.empty();
    pdu.set<bhs::scsi_command::Read>(request.read_length != 0).set<bhs::scsi_command::Write>(writes);
    pdu.set<bhs::scsi_command::Attributes>(std::uint8_t{1}).set<bhs::Lun>(request.lun);
    pdu.set<bhs::scsi_command::ExpectedDataTransferLength>(
        writes ? static_cast<std::uint32_t>(request.write_data.size()) : request.read_length);
    pdu.set<bhs::InitiatorTaskTag>(tag).set<bhs::CmdSn>(command_sn++).set<bhs::ExpStatSn>(status_sn);
    std::ranges::copy(request.cdb, pdu.header.begin() + 32);
    return pdu;
  }
  Pdu data_out(const Pdu& r2t, const Bytes& data, std::uint32_t offset, std::uint32_t size, std::uint32_t data_sn,
               bool final) const {
    Pdu pdu(Opcode::kDataOut);
    pdu.set<bhs::Final>(final).set<bhs::InitiatorTaskTag>(r2t.get<bhs::InitiatorTaskTag>());
    pdu.set<bhs::TargetTransferTag>(r2t.get<bhs::TargetTransferTag>()).set<bhs::ExpStatSn>(status_sn);
    pdu.set<bhs::data_out::DataSn>(data_sn).set<bhs::data_out::BufferOffset>(offset);
    pdu.data.assign(data.begin() + offset, data.begin() + offset + size);
    return pdu;
  }
  Pdu snack(SnackType type, std::uint32_t tag, std::uint32_t begin, std::uint32_t length,
            std::uint32_t snack_tag = kReservedTag) const {
    Pdu pdu(Opcode::kSnackRequest);
    pdu.set<bhs::snack_request::Type>(static_cast<std::uint8_t>(type)).set<bhs::InitiatorTaskTag>(tag);
    pdu.set<bhs::snack_request::SnackTag>(snack_tag).set<bhs::ExpStatSn>(status_sn);
    pdu.set<bhs::snack_request::BegRun>(begin).set<bhs::snack_request::RunLength>(length);
    return pdu;
  }
  Pdu function(TaskFunction function, std::uint32_t tag, std::uint32_t referenced, std::uint32_t data_sn = 0) const {
    Pdu pdu(Opcode::kTaskManagementRequest, true);
    pdu.set<bhs::task_management_request::Function>(static_cast<std::uint8_t>(function));
    pdu.set<bhs::InitiatorTaskTag>(tag).set<bhs::task_management_request::ReferencedTaskTag>(referenced);
    pdu.set<bhs::task_management_request::ExpDataSn>(data_sn).set<bhs::CmdSn>(command_sn);
    pdu.set<bhs::ExpStatSn>(status_sn);
    return pdu;
  }
  /// Acknowledges every status before `status_sn` and says nothing else.
  void acknowledge() {
    Pdu pdu(Opcode::kNopOut, true);
    pdu.set<bhs::InitiatorTaskTag>(kReservedTag).set<bhs::TargetTransferTag>(kReservedTag);
    pdu.set<bhs::CmdSn>(command_sn).set<bhs::ExpStatSn>(status_sn);
    send(std::move(pdu));
  }

  void send(Pdu pdu) { send(std::move(pdu), encoding); }
  void send(Pdu pdu, const Encoding& with) {
    deliver(std::move(pdu), with);
    pump();
  }
  /// Without taking what the target has to send.
  void deliver(Pdu pdu, const Encoding& with) {
    const Bytes bytes = encode(std::move(pdu), with);
    std::span<const std::byte> rest(bytes);
    while (!rest.empty() && !connection->receive_paused()) {
      const auto memory = connection->receive_memory();
      const std::size_t count = std::min(memory.size(), rest.size());
      std::memcpy(memory.data(), rest.data(), count);
      rest = rest.subspan(count);
      connection->on_received(count, clock_.now());
    }
  }
  /// Takes what the target has to send.
  void pump() {
    shard_.run();
    while (connection->wants_send()) {
      std::size_t sent = 0;
      for (const iovec& vector : connection->gather(clock_.now())) {
        stream_.feed({static_cast<const std::byte*>(vector.iov_base), vector.iov_len});
        sent += vector.iov_len;
      }
      connection->on_sent(sent, clock_.now());
      shard_.run();
    }
    while (auto pdu = stream_.next()) {
      answers_.push_back(std::move(*pdu));
    }
  }
  /// What has come since the last call.
  std::vector<Pdu> take() {
    pump();
    return std::exchange(answers_, {});
  }
  /// Moves time on.
  void advance(runtime::Duration by) {
    clock_.advance(by);
    if (connection->next_deadline() <= clock_.now()) {
      connection->on_deadline(clock_.now());
    }
    pump();
  }

  FakeHost host;
  std::unique_ptr<Connection> connection;
  std::uint32_t command_sn = 1;
  std::uint32_t status_sn = 0;  ///< ExpStatSN of what is sent
  Encoding encoding;

 private:
  FakeClock& clock_;
  FakeShard& shard_;
  MemoryLog log_;
  LoginGrant grant_;
  PduStream stream_;
  std::vector<Pdu> answers_;
};

}  // namespace lunaria::iscsi::testing
