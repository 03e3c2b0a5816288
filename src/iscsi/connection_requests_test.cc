// Requests beside commands: pings, text, logout, task management.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "iscsi/connection_state.h"
#include "iscsi/testing/bed.h"
#include "iscsi/testing/requests.h"
#include "iscsi/testing/steps.h"

namespace lunaria::iscsi {
namespace {

using namespace std::chrono_literals;
using testing::BedOptions;
using testing::Bytes;
using testing::count;
using testing::Outcome;
using testing::pattern;
using testing::Pdu;
using testing::read_blocks;
using testing::set_key;
using testing::TestBed;
using testing::write_blocks;

// Pings, text, logout.

TEST(Nop, EchoesItsData) {
  TestBed bed;
  bed.log_in();
  const auto plain = bed.initiator.send_nop("");
  const auto data = bed.initiator.send_nop("are you there?!");
  bed.pump();
  EXPECT_TRUE(bed.initiator.outcome(plain)->done);
  EXPECT_EQ(testing::to_text(bed.initiator.outcome(data)->data), "are you there?!");
}

TEST(Nop, EchoesNoMoreThanTheInitiatorTakes) {
  BedOptions options;
  set_key(options, "MaxRecvDataSegmentLength", "512");
  TestBed bed(options);
  bed.log_in();
  const auto tag = bed.initiator.send_nop(std::string(2000, 'n'));
  bed.pump();
  EXPECT_EQ(testing::to_text(bed.initiator.outcome(tag)->data), std::string(512, 'n'));
}

TEST(Nop, AnswersABurstOfPings) {
  TestBed bed;
  bed.log_in();
  for (int i = 0; i < 500; ++i) {
    bed.initiator.send_nop("");
  }
  bed.pump();
  EXPECT_EQ(count(bed, Opcode::kNopIn), 500U);
  EXPECT_TRUE(bed.initiator.rejects().empty());
}

DiscoveredTarget target(const std::string& name, std::size_t addresses = 1) {
  DiscoveredTarget found{.name = name, .addresses = {}};
  for (std::size_t i = 0; i < addresses; ++i) {
    found.addresses.push_back({*IpEndpoint::parse("[2001:db8::1]:3260"), static_cast<std::uint16_t>(i + 1)});
  }
  return found;
}

std::string send_targets(TestBed& bed, const std::string& value) {
  const auto tag = bed.initiator.send_text("SendTargets=" + value + std::string(1, '\0'));
  bed.pump();
  const Outcome& outcome = *bed.initiator.outcome(tag);
  EXPECT_TRUE(outcome.done);
  std::string text = testing::to_text(outcome.data);
  std::ranges::replace(text, '\0', ' ');
  return text;
}

TEST(SendTargets, ListsEveryTargetInDiscovery) {
  BedOptions options;
  options.initiator.discovery = true;
  TestBed bed(options);
  bed.host.targets = {target("iqn.x:a", 2), target("iqn.x:b")};
  bed.log_in();
  ASSERT_TRUE(bed.initiator.is_logged_in());
  EXPECT_EQ(send_targets(bed, "All"),
            "TargetName=iqn.x:a TargetAddress=[2001:db8::1]:3260,1 TargetAddress=[2001:db8::1]:3260,2 "
            "TargetName=iqn.x:b TargetAddress=[2001:db8::1]:3260,1 ");
  EXPECT_EQ(send_targets(bed, "IQN.X:B"), "TargetName=iqn.x:b TargetAddress=[2001:db8::1]:3260,1 ");
  EXPECT_EQ(send_targets(bed, "iqn.x:none"), "");
  EXPECT_EQ(send_targets(bed, ""), "SendTargets=Reject ");
}

TEST(SendTargets, TellsANormalSessionOfItsOwnTarget) {
  TestBed bed;
  bed.host.targets = {target("iqn.2004-01.org.example:disk"), target("iqn.x:b")};
  bed.log_in();
  EXPECT_EQ(send_targets(bed, ""), "TargetName=iqn.2004-01.org.example:disk TargetAddress=[2001:db8::1]:3260,1 ");
  EXPECT_EQ(send_targets(bed, "All"), "SendTargets=Reject ");
}

TEST(SendTargets, GoesOnInFurtherResponsesWhenItIsLong) {
  BedOptions options;
  options.initiator.discovery = true;
  options.initiator.keys = {{"MaxRecvDataSegmentLength", "512"}};
  TestBed bed(options);
  std::string expected;
  for (int i = 0; i < 200; ++i) {
    bed.host.targets.push_back(target("iqn.x:" + std::to_string(i)));
    expected += "TargetName=iqn.x:" + std::to_string(i) + " TargetAddress=[2001:db8::1]:3260,1 ";
  }
  bed.log_in();
  EXPECT_EQ(send_targets(bed, "All"), expected);
  for (const Pdu& pdu : bed.initiator.received()) {
    EXPECT_LE(pdu.data.size(), 512U);
    EXPECT_NE(pdu.get<bhs::Final>(), pdu.get<bhs::text::Continue>());
  }
}

TEST(Text, AnswersKeysInFullFeaturePhase) {
  TestBed bed;
  bed.log_in();
  const std::pair<std::string, std::string> rows[] = {
      {"MaxBurstLength=512", "MaxBurstLength=Reject "},
      {"X-a=1", "X-a=NotUnderstood "},
      {"InitiatorAlias=me", ""},
      {"MaxRecvDataSegmentLength=1024", ""},
      {"MaxRecvDataSegmentLength=1", "MaxRecvDataSegmentLength=Reject "},
  };
  for (const auto& [request, expected] : rows) {
    const auto tag = bed.initiator.send_text(request + std::string(1, '\0'));
    bed.pump();
    std::string text = testing::to_text(bed.initiator.outcome(tag)->data);
    std::ranges::replace(text, '\0', ' ');
    EXPECT_EQ(text, expected) << request;
  }
  EXPECT_EQ(bed.connection->login().connection.max_send_data_segment_length, 1024U);
}

TEST(Text, GathersARequestOverPdus) {
  TestBed bed;
  bed.host.targets = {target("iqn.2004-01.org.example:disk")};
  bed.log_in();
  Pdu first(Opcode::kTextRequest, true);
  first.set<bhs::Final>(false).set<bhs::text::Continue>(true).set<bhs::InitiatorTaskTag>(bed.initiator.next_tag());
  first.set<bhs::TargetTransferTag>(kReservedTag).set_text("SendTar");
  // The kit answers an answer that is not final with an empty request; this one is to carry the rest instead.
  bed.stop_sending = true;
  bed.initiator.send(first);
  bed.pump();
  const auto vectors = bed.connection->gather(bed.clock.now());
  ASSERT_EQ(vectors.size(), 1U);
  const bhs::View answer(static_cast<const std::byte*>(vectors[0].iov_base), 48);
  EXPECT_FALSE(bhs::Final::get(answer));
  const std::uint32_t transfer_tag = bhs::TargetTransferTag::get(answer);
  EXPECT_NE(transfer_tag, kReservedTag);
  bed.connection->on_sent(48, bed.clock.now());
  Pdu second(Opcode::kTextRequest, true);
  second.set<bhs::InitiatorTaskTag>(bed.initiator.next_tag()).set<bhs::TargetTransferTag>(transfer_tag);
  second.set_text(std::string("gets=\0", 6));
  bed.initiator.send(second);
  bed.pump();
  const auto rest = bed.connection->gather(bed.clock.now());
  ASSERT_GE(rest.size(), 2U);
  EXPECT_EQ(std::memcmp(rest[1].iov_base, "TargetName=", 11), 0);
}

TEST(Logout, EndsTheConnection) {
  for (const LogoutReason reason : {LogoutReason::kCloseSession, LogoutReason::kCloseConnection}) {
    TestBed bed;
    bed.log_in();
    const auto tag = bed.initiator.send_logout(reason);
    bed.pump();
    EXPECT_EQ(bed.initiator.outcome(tag)->response, static_cast<std::uint8_t>(LogoutResponse::kClosed));
    EXPECT_EQ(bed.connection->close_reason(), CloseReason::kLoggedOut);
  }
}

TEST(Logout, IsAnsweredAfterTheLastCommand) {
  TestBed bed;
  bed.log_in();
  bed.host.hold_commands = true;
  const auto command = bed.initiator.send_command(read_blocks(0, 1));
  const auto tag = bed.initiator.send_logout();
  bed.pump();
  EXPECT_FALSE(bed.initiator.outcome(tag)->done);
  bed.host.run_held();
  bed.pump();
  EXPECT_TRUE(bed.initiator.outcome(tag)->done);
  EXPECT_FALSE(bed.initiator.outcome(command)->done) << "a logout ends what is not done";
}

TEST(Logout, DoesNotWaitForeverForCommands) {
  TestBed bed;
  bed.log_in();
  bed.host.hold_commands = true;
  bed.initiator.send_command(read_blocks(0, 1));
  const auto tag = bed.initiator.send_logout();
  bed.pump();
  bed.advance(10s);
  EXPECT_TRUE(bed.initiator.outcome(tag)->done);
  EXPECT_EQ(bed.connection->close_reason(), CloseReason::kLoggedOut);
}

TEST(Logout, IsRefusedForRecoveryAndForOthers) {
  TestBed bed;
  bed.log_in();
  const auto recovery = bed.initiator.send_logout(LogoutReason::kRemoveForRecovery);
  bed.pump();
  EXPECT_EQ(bed.initiator.outcome(recovery)->response,
            static_cast<std::uint8_t>(LogoutResponse::kRecoveryNotSupported));
  Pdu other(Opcode::kLogoutRequest, true);
  other.set<bhs::logout_request::Reason>(std::uint8_t{1}).set<bhs::logout_request::Cid>(std::uint16_t{9});
  other.set<bhs::InitiatorTaskTag>(1000U);
  bed.stop_sending = true;
  bed.initiator.send(other);
  bed.pump();
  const auto vectors = bed.connection->gather(bed.clock.now());
  const bhs::View answer(static_cast<const std::byte*>(vectors[0].iov_base), 48);
  EXPECT_EQ(bhs::logout_response::Response::get(answer), LogoutResponse::kConnectionNotFound);
  EXPECT_FALSE(bed.connection->close_reason());
}

// Task management.

TEST(TaskManagement, AbortsARunningTask) {
  TestBed bed;
  bed.log_in();
  bed.host.hold_commands = true;
  const auto tag = bed.initiator.send_command(read_blocks(0, 1));
  const auto abort = bed.initiator.send_task_management(TaskFunction::kAbortTask, 0, tag);
  bed.pump();
  EXPECT_FALSE(bed.initiator.outcome(abort)->done) << "the command may still touch the medium";
  bed.advance(kTaskEndWait);
  EXPECT_EQ(bed.initiator.outcome(abort)->response, static_cast<std::uint8_t>(TaskResponse::kFunctionComplete))
      << "also while the command hangs";
  bed.host.run_held();
  bed.pump();
  EXPECT_FALSE(bed.initiator.outcome(tag)->done);
  EXPECT_EQ(bed.slots.in_use(), 0U);
}

TEST(TaskManagement, AbortsATaskThatWaitsForData) {
  TestBed bed;
  bed.log_in();
  bed.initiator.answer_r2ts(false);
  const Bytes before = bed.host.medium;
  const auto tag = bed.initiator.send_command(write_blocks(0, pattern(std::size_t{1} << 20)));
  bed.pump();
  const auto abort = bed.initiator.send_task_management(TaskFunction::kAbortTask, 0, tag);
  bed.pump();
  EXPECT_EQ(bed.initiator.outcome(abort)->response, static_cast<std::uint8_t>(TaskResponse::kFunctionComplete));
  EXPECT_EQ(bed.slots.in_use(), 0U);
  EXPECT_EQ(bed.host.medium, before);
  Pdu late(Opcode::kDataOut);
  late.set<bhs::InitiatorTaskTag>(tag).set<bhs::TargetTransferTag>(1U);
  late.data.resize(512);
  bed.initiator.send(late);
  bed.pump();
  EXPECT_TRUE(bed.initiator.rejects().empty()) << "data of an aborted task is dropped silently";
}

TEST(TaskManagement, SaysWhenThereIsNoSuchTask) {
  TestBed bed;
  bed.log_in();
  const auto abort = bed.initiator.send_task_management(TaskFunction::kAbortTask, 0, 999, bed.initiator.command_sn());
  bed.pump();
  EXPECT_EQ(bed.initiator.outcome(abort)->response, static_cast<std::uint8_t>(TaskResponse::kTaskDoesNotExist));
  EXPECT_TRUE(bed.host.held_management.empty());
}

TEST(TaskManagement, ResetsAUnitAndNoOther) {
  TestBed bed;
  bed.log_in();
  bed.host.hold_commands = true;
  testing::CommandRequest other = read_blocks(0, 1);
  other.lun = std::uint64_t{1} << 48;
  const auto first = bed.initiator.send_command(read_blocks(0, 1));
  const auto second = bed.initiator.send_command(other);
  const auto reset = bed.initiator.send_task_management(TaskFunction::kLogicalUnitReset, 0);
  bed.pump();
  const auto third = bed.initiator.send_command(read_blocks(0, 1));
  bed.pump();
  bed.host.run_held();
  bed.pump();
  EXPECT_TRUE(bed.initiator.outcome(reset)->done);
  EXPECT_FALSE(bed.initiator.outcome(first)->done);
  EXPECT_TRUE(bed.initiator.outcome(second)->done);
  EXPECT_TRUE(bed.initiator.outcome(third)->done);
}

TEST(TaskManagement, SparesWhatCameAfterItInCommandOrder) {
  TestBed bed;
  bed.log_in();
  bed.host.hold_commands = true;
  bed.host.hold_management = true;
  bed.initiator.send_task_management(TaskFunction::kLogicalUnitReset, 0, 0, 0, false);
  const auto later = bed.initiator.send_command(read_blocks(0, 1));
  bed.pump();
  ASSERT_EQ(bed.host.held_management.size(), 1U);
  bed.connection->complete_task_management(*bed.host.held_management[0], TaskResponse::kFunctionComplete);
  bed.host.held_management.clear();
  bed.host.run_held();
  bed.pump();
  EXPECT_TRUE(bed.initiator.outcome(later)->done);
}

TEST(TaskManagement, AnswersEveryFunction) {
  const std::pair<std::uint8_t, TaskResponse> rows[] = {
      {0, TaskResponse::kNotSupported},     {2, TaskResponse::kFunctionComplete},
      {3, TaskResponse::kFunctionComplete}, {4, TaskResponse::kFunctionComplete},
      {5, TaskResponse::kFunctionComplete}, {6, TaskResponse::kFunctionComplete},
      {7, TaskResponse::kFunctionComplete}, {8, TaskResponse::kReassignmentNotSupported},
      {9, TaskResponse::kNotSupported},     {10, TaskResponse::kNotSupported},
      {11, TaskResponse::kNotSupported},    {12, TaskResponse::kNotSupported},
      {13, TaskResponse::kNotSupported},    {127, TaskResponse::kNotSupported},
  };
  for (const auto& [function, response] : rows) {
    TestBed bed;
    bed.log_in();
    const auto tag = bed.initiator.send_task_management(static_cast<TaskFunction>(function), 0);
    bed.pump();
    EXPECT_EQ(bed.initiator.outcome(tag)->response, static_cast<std::uint8_t>(response)) << int{function};
    EXPECT_EQ(bed.connection->close_reason().has_value(), function == 7) << "a cold reset ends the sessions";
  }
}

TEST(TaskManagement, PassesOtherResponsesOn) {
  TestBed bed;
  bed.log_in();
  bed.host.management_response = TaskResponse::kLunDoesNotExist;
  const auto tag = bed.initiator.send_task_management(TaskFunction::kLogicalUnitReset, 99);
  bed.pump();
  EXPECT_EQ(bed.initiator.outcome(tag)->response, static_cast<std::uint8_t>(TaskResponse::kLunDoesNotExist));
}

TEST(TaskManagement, OpensAWindowThatAbortsHaveClosed) {
  TestBed bed;
  bed.log_in();
  bed.host.hold_commands = true;
  for (std::uint32_t i = 0; i < kCommandWindow; ++i) {
    bed.initiator.send_command(read_blocks(0, 1));
  }
  bed.initiator.send_task_management(TaskFunction::kLogicalUnitReset, 0);
  bed.pump();
  const std::uint32_t closed = bed.initiator.command_sn() - 1;
  EXPECT_EQ(bed.initiator.max_command_sn(), closed);
  bed.host.run_held();
  bed.pump();
  EXPECT_EQ(bed.initiator.max_command_sn(), closed + kCommandWindow) << "told by a NOP-In";
}

}  // namespace
}  // namespace lunaria::iscsi
