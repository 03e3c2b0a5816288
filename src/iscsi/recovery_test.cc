// ErrorRecoveryLevel 1 and 2: what is lost is asked for again, and what a failed connection leaves is taken over.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>

#include "iscsi/data_ranges.h"
#include "iscsi/testing/requests.h"
#include "iscsi/testing/wire.h"

namespace lunaria::iscsi {
namespace {

using namespace std::chrono_literals;
using testing::Bytes;
using testing::pattern;
using testing::Pdu;
using testing::read_blocks;
using testing::Wire;
using testing::write_blocks;

TEST(DataRanges, FindsWhatIsMissing) {
  DataRanges ranges;
  EXPECT_TRUE(ranges.add({.begin = 10, .end = 20}));
  EXPECT_TRUE(ranges.add({.begin = 30, .end = 40}));
  EXPECT_EQ(ranges.prefix(), 0U);
  EXPECT_EQ(ranges.first_gap(0, 100).end, 10U);
  EXPECT_EQ(ranges.first_gap(10, 100).begin, 20U);
  EXPECT_TRUE(ranges.add({.begin = 0, .end = 32}));
  EXPECT_EQ(ranges.prefix(), 40U);
  const DataRange rest = ranges.first_gap(5, 100);
  EXPECT_EQ(rest.begin, 40U);
  EXPECT_EQ(rest.end, 100U);
  const DataRange none = ranges.first_gap(5, 40);
  EXPECT_EQ(none.begin, none.end);
}

TEST(DataRanges, AreBounded) {
  DataRanges ranges;
  for (std::uint32_t i = 0; i < DataRanges::kRangesMax; ++i) {
    EXPECT_TRUE(ranges.add({.begin = 8 * i + 4, .end = 8 * i + 8}));
  }
  EXPECT_FALSE(ranges.add({.begin = 8 * 300, .end = 8 * 300 + 4}));
  EXPECT_TRUE(ranges.add({.begin = 0, .end = 4})) << "joins a neighbour";
}

class Recovery : public ::testing::Test {
 protected:
  static constexpr const char* kKeys =
      "DataDigest=CRC32C InitialR2T=Yes ImmediateData=No MaxRecvDataSegmentLength=1024 MaxBurstLength=4096 "
      "MaxConnections=4 ";

  Recovery() : shard(clock), slots(1024) {
    preferences.error_recovery_level = 2;
    preferences.max_connections = 4;
    preferences.default_time2wait = 2;
    leader.emplace(clock, shard, slots, preferences);
    leader->host.medium = pattern(leader->host.medium.size());
  }
  ~Recovery() override {
    leader->host.run_held();  // of tasks that the second has taken over, too
    joined.reset();
    leader->end();
    leader->host.session.reset();
    EXPECT_EQ(slots.in_use(), 0U);
    EXPECT_EQ(shard.buffers().bytes_in_use(), 0U);
  }

  Wire& log_in(int level) {
    EXPECT_TRUE(leader->log_in(kKeys + ("ErrorRecoveryLevel=" + std::to_string(level) + " ")));
    return *leader;
  }
  /// A further connection of the session.
  Wire& join() {
    joined.emplace(clock, shard, slots, preferences);
    joined->host.joins = leader->host.session.get();
    joined->command_sn = leader->command_sn;
    EXPECT_TRUE(joined->log_in("DataDigest=CRC32C MaxRecvDataSegmentLength=2048 ", 7, 1));
    return *joined;
  }

  testing::FakeClock clock;
  testing::FakeShard shard;
  SlotPool slots;
  NegotiationPreferences preferences;
  std::optional<Wire> leader;
  std::optional<Wire> joined;
};

/// But for ExpCmdSN and MaxCmdSN, which are as of now.
void expect_same(Pdu again, Pdu before) {
  for (Pdu* pdu : {&again, &before}) {
    pdu->set<bhs::ExpCmdSn>(0U).set<bhs::MaxCmdSn>(0U);
  }
  EXPECT_TRUE(std::ranges::equal(again.header, before.header));
  EXPECT_EQ(again.data, before.data);
}

TEST_F(Recovery, SendsDataAgain) {
  Wire& wire = log_in(1);
  wire.send(wire.command(5, read_blocks(0, 16)));
  const auto sent = wire.take();
  ASSERT_EQ(sent.size(), 8U);
  EXPECT_TRUE(sent[3].get<bhs::data_in::Acknowledge>()) << "the end of a burst";
  wire.send(wire.snack(SnackType::kDataOrR2t, 5, 2, 3));
  const auto again = wire.take();
  ASSERT_EQ(again.size(), 3U);
  for (std::size_t i = 0; i < 3; ++i) {
    expect_same(again[i], sent[i + 2]);
  }
  wire.send(wire.snack(SnackType::kDataOrR2t, 5, 6, 0));
  EXPECT_EQ(wire.take().size(), 2U) << "run length 0: all from there on";
}

TEST_F(Recovery, SendsAgainWhatIsAskedForWhileSomethingElseIsSentAgain) {
  Wire& wire = log_in(1);
  wire.send(wire.command(5, read_blocks(0, 16)));
  const auto sent = wire.take();
  ASSERT_EQ(sent.size(), 8U);
  wire.deliver(wire.snack(SnackType::kDataOrR2t, 5, 2, 1), wire.encoding);
  ASSERT_FALSE(wire.connection->gather(clock.now()).empty());
  wire.deliver(wire.snack(SnackType::kDataOrR2t, 5, 6, 1), wire.encoding);
  const auto again = wire.take();
  ASSERT_EQ(again.size(), 2U);
  expect_same(again[0], sent[2]);
  expect_same(again[1], sent[6]);
}

TEST_F(Recovery, RejectsRunsThatWereNeverSentOrAreAcknowledged) {
  Wire& wire = log_in(1);
  wire.send(wire.command(5, read_blocks(0, 16)));
  const auto sent = wire.take();
  const std::uint32_t ack_tag = sent[3].get<bhs::TargetTransferTag>();
  const auto is_rejected = [&](const Pdu& pdu, RejectReason reason) {
    wire.send(pdu);
    const auto answers = wire.take();
    return answers.size() == 1 && answers[0].opcode() == Opcode::kReject &&
           answers[0].get<bhs::reject::Reason>() == reason;
  };
  EXPECT_TRUE(is_rejected(wire.snack(SnackType::kDataOrR2t, 5, 8, 1), RejectReason::kSnackReject));
  EXPECT_TRUE(is_rejected(wire.snack(SnackType::kDataOrR2t, 5, 0, 9), RejectReason::kSnackReject));
  EXPECT_TRUE(is_rejected(wire.snack(SnackType::kDataOrR2t, 5, 0, 0xFFFF'FFFF), RejectReason::kSnackReject));
  EXPECT_TRUE(is_rejected(wire.snack(SnackType::kDataOrR2t, 6, 0, 1), RejectReason::kSnackReject));
  EXPECT_TRUE(is_rejected(wire.snack(SnackType::kDataAck, 5, 4, 0, 99), RejectReason::kInvalidDataAck));
  EXPECT_TRUE(is_rejected(wire.snack(SnackType::kDataAck, 5, 9, 0, ack_tag), RejectReason::kInvalidDataAck));
  wire.send(wire.snack(SnackType::kDataAck, 5, 4, 0, ack_tag));
  EXPECT_TRUE(wire.take().empty());
  EXPECT_TRUE(is_rejected(wire.snack(SnackType::kDataOrR2t, 5, 3, 1), RejectReason::kSnackReject));
  wire.status_sn = sent[7].get<bhs::StatSn>() + 1;
  EXPECT_TRUE(is_rejected(wire.snack(SnackType::kDataOrR2t, 5, 4, 1), RejectReason::kSnackReject)) << "it is over";
}

TEST_F(Recovery, SendsEveryKindOfStatusAgain) {
  Wire& wire = log_in(1);
  wire.send(wire.command(5, read_blocks(0, 2)));
  testing::CommandRequest bad = read_blocks(0, 1);
  bad.cdb[0] = std::byte{0xFF};
  wire.send(wire.command(6, bad));
  wire.send(wire.function(TaskFunction::kAbortTask, 7, 99));
  wire.send(wire.snack(SnackType::kStatus, 1, 0, 0));  // a tag where none belongs: rejected, with a StatSN of its own
  const auto sent = wire.take();
  ASSERT_EQ(sent.size(), 4U);
  wire.send(wire.snack(SnackType::kStatus, kReservedTag, sent[0].get<bhs::StatSn>(), 4));
  auto again = wire.take();
  ASSERT_EQ(again.size(), 4U);
  for (const Pdu& before : sent) {
    const auto same = std::ranges::find_if(again, [&](const Pdu& pdu) {
      return pdu.get<bhs::StatSn>() == before.get<bhs::StatSn>() && pdu.opcode() == before.opcode();
    });
    ASSERT_NE(same, again.end());
    expect_same(*same, before);
  }
}

TEST_F(Recovery, CutsDataAnewForAnotherSegmentLength) {
  Wire& wire = log_in(1);
  wire.send(wire.command(5, read_blocks(0, 8)));
  const auto sent = wire.take();
  ASSERT_EQ(sent.size(), 4U);
  Pdu text(Opcode::kTextRequest, true);
  text.set<bhs::InitiatorTaskTag>(9U).set<bhs::TargetTransferTag>(kReservedTag);
  text.set<bhs::CmdSn>(wire.command_sn).set<bhs::ExpStatSn>(wire.status_sn);
  text.set_text(std::string_view("MaxRecvDataSegmentLength=512\0", 29));
  wire.send(text);
  wire.take();
  wire.send(wire.snack(SnackType::kDataOrR2t, 5, 0, 0));
  EXPECT_EQ(wire.take().at(0).opcode(), Opcode::kReject) << "an R-Data SNACK is asked for";
  wire.send(wire.snack(SnackType::kResegmentedData, 5, 0, 0, 0x77));
  const auto again = wire.take();
  ASSERT_EQ(again.size(), 9U);
  Bytes data;
  for (std::uint32_t i = 0; i < 8; ++i) {
    EXPECT_EQ(again[i].get<bhs::data_in::DataSn>(), i);
    EXPECT_FALSE(again[i].get<bhs::data_in::StatusFollows>());
    data.insert(data.end(), again[i].data.begin(), again[i].data.end());
  }
  EXPECT_TRUE(std::ranges::equal(data, std::span(wire.host.medium).first(4096)));
  EXPECT_EQ(again[8].opcode(), Opcode::kScsiResponse);
  EXPECT_EQ(again[8].get<bhs::scsi_response::SnackTag>(), 0x77U);
  EXPECT_EQ(again[8].get<bhs::StatSn>(), sent[3].get<bhs::StatSn>());
}

/// Starts a write of 4096 bytes that is solicited whole; returns the R2T.
Pdu start_write(Wire& wire, const Bytes& data) {
  wire.send(wire.command(5, write_blocks(8, data)));
  auto answers = wire.take();
  EXPECT_EQ(answers.size(), 1U);
  EXPECT_EQ(answers[0].opcode(), Opcode::kReadyToTransfer);
  return answers[0];
}

void expect_written(Wire& wire, const Bytes& data) {
  const auto answers = wire.take();
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_EQ(answers[0].opcode(), Opcode::kScsiResponse);
  EXPECT_EQ(answers[0].get<bhs::scsi_response::Status>(), 0);
  EXPECT_TRUE(std::ranges::equal(data, std::span(wire.host.medium).subspan(8 * 512, data.size())));
}

TEST_F(Recovery, SendsAnR2tAgain) {
  Wire& wire = log_in(1);
  const Bytes data = pattern(4096, 9);
  const Pdu r2t = start_write(wire, data);
  wire.send(wire.snack(SnackType::kDataOrR2t, 5, 0, 1));
  const auto again = wire.take();
  ASSERT_EQ(again.size(), 1U);
  expect_same(again[0], r2t);
  wire.send(wire.data_out(r2t, data, 0, 4096, 0, true));
  expect_written(wire, data);
}

TEST_F(Recovery, DoesNotAskAgainForDataOfATaskThatOthersHaveAborted) {
  Wire& wire = log_in(1);
  start_write(wire, pattern(4096, 9));
  CommandSlot& slot = *wire.host.last_started;
  slot.command().aborted = true;
  slot.command().status = scsi::Status::kTaskAborted;
  slot.on_abort();
  shard.run();
  wire.send(wire.snack(SnackType::kDataOrR2t, 5, 0, 1));
  const auto answers = wire.take();
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_EQ(answers[0].opcode(), Opcode::kScsiResponse);
  EXPECT_EQ(answers[0].get<bhs::scsi_response::Status>(), static_cast<std::uint8_t>(scsi::Status::kTaskAborted));
}

TEST_F(Recovery, AsksAgainForDataWithAWrongDigest) {
  Wire& wire = log_in(1);
  const Bytes data = pattern(4096, 9);
  const Pdu r2t = start_write(wire, data);
  testing::Encoding broken = wire.encoding;
  broken.break_data_digest = true;
  wire.send(wire.data_out(r2t, data, 0, 1024, 0, false));
  wire.send(wire.data_out(r2t, data, 1024, 1024, 1, false), broken);
  wire.send(wire.data_out(r2t, data, 2048, 2048, 2, true));
  const auto answers = wire.take();
  ASSERT_EQ(answers.size(), 2U);
  EXPECT_EQ(answers[0].get<bhs::reject::Reason>(), RejectReason::kDataDigestError);
  const Pdu& recovery = answers[1];
  EXPECT_EQ(recovery.opcode(), Opcode::kReadyToTransfer);
  EXPECT_EQ(recovery.get<bhs::ready_to_transfer::R2tSn>(), 1U);
  EXPECT_EQ(recovery.get<bhs::ready_to_transfer::BufferOffset>(), 1024U);
  EXPECT_EQ(recovery.get<bhs::ready_to_transfer::DesiredDataTransferLength>(), 1024U);
  wire.send(wire.data_out(recovery, data, 1024, 1024, 0, true));
  expect_written(wire, data);
}

TEST_F(Recovery, AsksAgainForDataThatDidNotCome) {
  Wire& wire = log_in(1);
  const Bytes data = pattern(4096, 9);
  const Pdu r2t = start_write(wire, data);
  wire.send(wire.data_out(r2t, data, 0, 1024, 0, false));
  wire.send(wire.data_out(r2t, data, 0, 1024, 0, false));  // twice: dropped
  wire.send(wire.data_out(r2t, data, 3072, 1024, 3, true));
  const auto answers = wire.take();
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_EQ(answers[0].get<bhs::ready_to_transfer::BufferOffset>(), 1024U);
  EXPECT_EQ(answers[0].get<bhs::ready_to_transfer::DesiredDataTransferLength>(), 2048U);
  wire.send(wire.data_out(r2t, data, 1024, 1024, 1, false));  // for an R2T that has ended: dropped
  wire.send(wire.data_out(answers[0], data, 1024, 2048, 0, true));
  expect_written(wire, data);
}

TEST_F(Recovery, AsksAgainWhenASequenceDoesNotEnd) {
  Wire& wire = log_in(1);
  const Bytes data = pattern(4096, 9);
  const Pdu r2t = start_write(wire, data);
  wire.send(wire.data_out(r2t, data, 0, 1024, 0, false));
  for (int i = 0; i < 3; ++i) {
    wire.advance(14s);
    wire.acknowledge();
  }
  wire.take();
  wire.advance(18s);
  std::vector<Pdu> answers = wire.take();
  std::erase_if(answers, [](const Pdu& pdu) { return pdu.opcode() != Opcode::kReadyToTransfer; });
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_EQ(answers[0].get<bhs::ready_to_transfer::BufferOffset>(), 1024U);
  wire.send(wire.data_out(answers[0], data, 1024, 3072, 0, true));
  std::vector<Pdu> end = wire.take();
  std::erase_if(end, [](const Pdu& pdu) { return pdu.opcode() != Opcode::kScsiResponse; });
  EXPECT_EQ(end.size(), 1U);
}

TEST_F(Recovery, TakesACommandAgainWhoseDataWasWrong) {
  EXPECT_TRUE(leader->log_in("DataDigest=CRC32C InitialR2T=Yes ImmediateData=Yes ErrorRecoveryLevel=1 "));
  Wire& wire = *leader;
  const Bytes data = pattern(512, 3);
  Pdu pdu = wire.command(5, write_blocks(8, data));
  pdu.data = data;
  testing::Encoding broken = wire.encoding;
  broken.break_data_digest = true;
  wire.send(pdu, broken);
  EXPECT_EQ(wire.take().at(0).get<bhs::reject::Reason>(), RejectReason::kDataDigestError);
  EXPECT_FALSE(wire.connection->close_reason());
  wire.send(wire.command(6, read_blocks(0, 1)));
  EXPECT_TRUE(wire.take().empty()) << "waits for the CmdSN before it";
  wire.send(pdu);
  EXPECT_EQ(wire.take().size(), 2U);
  EXPECT_TRUE(std::ranges::equal(data, std::span(wire.host.medium).subspan(8 * 512, 512)));
}

TEST_F(Recovery, KeepsABoundedAmountAndAsksForAcknowledgement) {
  Wire& wire = log_in(1);
  std::size_t asked = 0;
  for (std::uint32_t i = 0; i < 1000; ++i) {
    wire.send(wire.command(100 + i % 200, read_blocks(0, 2)));
    for (const Pdu& pdu : wire.take()) {
      asked += pdu.opcode() == Opcode::kNopIn ? 1 : 0;
    }
  }
  EXPECT_EQ(asked, 1U) << "once, until there is an answer";
  EXPECT_LE(slots.in_use(), kRetainedAnswersMax);
  EXPECT_FALSE(wire.connection->close_reason());
  wire.status_sn += 1000;
  wire.acknowledge();
  EXPECT_EQ(slots.in_use(), 0U);
}

TEST_F(Recovery, KeepsNothingWhileSlotsAreShort) {
  SlotPool few(32);
  Wire wire(clock, shard, few, preferences);
  EXPECT_TRUE(wire.log_in(std::string(kKeys) + "ErrorRecoveryLevel=1 "));
  for (std::uint32_t i = 0; i < 200; ++i) {
    wire.send(wire.command(100 + i, read_blocks(0, 2)));
    EXPECT_EQ(wire.take().back().get<bhs::InitiatorTaskTag>(), 100 + i);
    EXPECT_LE(few.in_use(), 16U);
  }
}

TEST_F(Recovery, TakesDataInAnyOrderWhereThatWasAgreed) {
  EXPECT_TRUE(
      leader->log_in("InitialR2T=Yes ImmediateData=No MaxBurstLength=2048 MaxOutstandingR2T=4 "
                     "DataPDUInOrder=No DataSequenceInOrder=No "));
  Wire& wire = *leader;
  const Bytes data = pattern(4096, 9);
  wire.send(wire.command(5, write_blocks(8, data)));
  const auto r2ts = wire.take();
  ASSERT_EQ(r2ts.size(), 2U);
  wire.send(wire.data_out(r2ts[1], data, 3072, 1024, 0, false));
  wire.send(wire.data_out(r2ts[0], data, 0, 2048, 0, true));
  wire.send(wire.data_out(r2ts[1], data, 2048, 1024, 1, true));
  expect_written(wire, data);
}

TEST_F(Recovery, GapsAreFatalAtLevelZero) {
  EXPECT_TRUE(leader->log_in("InitialR2T=Yes ImmediateData=No DataPDUInOrder=No DataSequenceInOrder=No "));
  Wire& wire = *leader;
  const Bytes data = pattern(4096, 9);
  const Pdu r2t = start_write(wire, data);
  wire.send(wire.data_out(r2t, data, 2048, 2048, 0, false));
  wire.send(wire.data_out(r2t, data, 2048, 2048, 1, true));
  EXPECT_EQ(wire.connection->close_reason(), CloseReason::kProtocolError) << "half of it twice, half not at all";
}

// Level 2.

std::uint8_t response(std::vector<Pdu>& answers) {
  EXPECT_FALSE(answers.empty());
  EXPECT_EQ(answers.at(0).opcode(), Opcode::kTaskManagementResponse);
  const auto value = static_cast<std::uint8_t>(answers.at(0).get<bhs::task_management_response::Response>());
  answers.erase(answers.begin());
  return value;
}

TEST_F(Recovery, ReassignsAReadThatWasHalfReceived) {
  Wire& wire = log_in(2);
  wire.send(wire.command(5, read_blocks(0, 8)));
  EXPECT_EQ(wire.take().size(), 4U);
  wire.connection->suspend(clock.now());
  Wire& other = join();
  other.send(other.function(TaskFunction::kTaskReassign, 50, 5, 2));
  auto answers = other.take();
  EXPECT_EQ(response(answers), 0);
  ASSERT_EQ(answers.size(), 1U) << "the other 2048 bytes in one of this connection's segments";
  EXPECT_EQ(answers[0].get<bhs::data_in::DataSn>(), 2U);
  EXPECT_EQ(answers[0].get<bhs::data_in::BufferOffset>(), 2048U);
  EXPECT_EQ(answers[0].data.size(), 2048U);
  EXPECT_TRUE(answers[0].get<bhs::data_in::StatusFollows>());
  EXPECT_TRUE(wire.connection->recovery_is_over()) << "nothing is left there";
}

TEST_F(Recovery, ReassignsCommandsThatStillRun) {
  Wire& wire = log_in(2);
  wire.host.hold_commands = true;
  wire.send(wire.command(5, read_blocks(0, 1)));
  wire.send(wire.command(6, read_blocks(1, 1)));
  wire.connection->suspend(clock.now());
  Wire& other = join();
  other.send(other.function(TaskFunction::kTaskReassign, 50, 5));
  auto answers = other.take();
  EXPECT_EQ(response(answers), 0);
  EXPECT_TRUE(answers.empty());
  wire.host.run_held();
  answers = other.take();
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_EQ(answers[0].get<bhs::InitiatorTaskTag>(), 5U);
  other.send(other.function(TaskFunction::kTaskReassign, 51, 6));
  answers = other.take();
  EXPECT_EQ(response(answers), 0);
  EXPECT_EQ(answers.size(), 1U) << "it had ended meanwhile";
}

TEST_F(Recovery, ReassignsAWriteAndAsksForWhatIsMissing) {
  Wire& wire = log_in(2);
  const Bytes data = pattern(4096, 9);
  const Pdu r2t = start_write(wire, data);
  wire.send(wire.data_out(r2t, data, 0, 1024, 0, false));
  wire.connection->suspend(clock.now());
  Wire& other = join();
  other.send(other.function(TaskFunction::kTaskReassign, 50, 5));
  auto answers = other.take();
  EXPECT_EQ(response(answers), 0);
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_EQ(answers[0].get<bhs::ready_to_transfer::BufferOffset>(), 1024U);
  other.send(other.data_out(answers[0], data, 1024, 3072, 0, true));
  answers = other.take();
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_EQ(answers[0].opcode(), Opcode::kScsiResponse);
  EXPECT_TRUE(std::ranges::equal(data, std::span(wire.host.medium).subspan(8 * 512, data.size())));
}

TEST_F(Recovery, RefusesToReassignWhatIsNotThereOrNotLost) {
  Wire& wire = log_in(2);
  wire.host.hold_commands = true;
  wire.send(wire.command(5, read_blocks(0, 1)));
  Wire& other = join();
  other.send(other.function(TaskFunction::kTaskReassign, 50, 5));
  auto answers = other.take();
  EXPECT_EQ(response(answers), static_cast<std::uint8_t>(TaskResponse::kTaskStillAllegiant));
  other.send(other.function(TaskFunction::kTaskReassign, 51, 99));
  answers = other.take();
  EXPECT_EQ(response(answers), static_cast<std::uint8_t>(TaskResponse::kTaskDoesNotExist));
}

TEST_F(Recovery, IsNotOfferedBelowLevelTwo) {
  Wire& wire = log_in(1);
  wire.send(wire.function(TaskFunction::kTaskReassign, 50, 5));
  auto answers = wire.take();
  EXPECT_EQ(response(answers), static_cast<std::uint8_t>(TaskResponse::kReassignmentNotSupported));
}

TEST_F(Recovery, TellsOtherConnectionsOfAFailure) {
  Wire& wire = log_in(2);
  Wire& other = join();
  wire.connection->suspend(clock.now());
  const auto answers = other.take();
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_EQ(answers[0].opcode(), Opcode::kAsyncMessage);
  EXPECT_EQ(answers[0].get<bhs::async_message::Event>(), AsyncEvent::kConnectionDropped);
  EXPECT_EQ(answers[0].get<bhs::async_message::Parameter2>(), 2);
  EXPECT_EQ(answers[0].get<bhs::async_message::Parameter3>(), 20);
}

TEST_F(Recovery, IsOverAfterTime2WaitAndTime2Retain) {
  Wire& wire = log_in(2);
  wire.host.hold_commands = true;
  wire.send(wire.command(5, read_blocks(0, 1)));
  wire.connection->suspend(clock.now());
  wire.advance(21s);
  EXPECT_FALSE(wire.connection->recovery_is_over());
  wire.advance(1s);
  EXPECT_TRUE(wire.connection->recovery_is_over());
}

TEST_F(Recovery, LogsAnotherConnectionOutForRecovery) {
  Wire& wire = log_in(2);
  wire.host.hold_commands = true;
  wire.send(wire.command(5, read_blocks(0, 1)));
  Wire& other = join();
  Pdu logout(Opcode::kLogoutRequest, true);
  logout.set<bhs::logout_request::Reason>(std::uint8_t{2}).set<bhs::logout_request::Cid>(std::uint16_t{0});
  logout.set<bhs::InitiatorTaskTag>(60U).set<bhs::CmdSn>(other.command_sn);
  other.send(logout);
  EXPECT_TRUE(other.take().empty()) << "not before it is gone";
  EXPECT_EQ(wire.connection->close_reason(), CloseReason::kRemovedForRecovery);
  wire.connection->suspend(clock.now());
  auto answers = other.take();
  std::erase_if(answers, [](const Pdu& pdu) { return pdu.opcode() != Opcode::kLogoutResponse; });
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_EQ(answers[0].get<bhs::logout_response::Response>(), LogoutResponse::kClosed);
  other.send(other.function(TaskFunction::kTaskReassign, 50, 5));
  answers = other.take();
  EXPECT_EQ(response(answers), 0);
}

}  // namespace
}  // namespace lunaria::iscsi
