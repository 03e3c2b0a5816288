// Bounds on commands: their deadline, when there is one, and the memory that the commands of a session hold.
#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "iscsi/testing/bed.h"
#include "iscsi/testing/requests.h"

namespace lunaria::iscsi {
namespace {

using namespace std::chrono_literals;
using testing::BedOptions;
using testing::Bytes;
using testing::Outcome;
using testing::read_blocks;
using testing::TestBed;
using testing::write_blocks;

BedOptions with_deadline(runtime::Duration deadline) {
  BedOptions options;
  options.timeouts.command = deadline;
  return options;
}

void expect_late(const Outcome& outcome) {
  ASSERT_TRUE(outcome.done);
  EXPECT_EQ(outcome.status, static_cast<std::uint8_t>(scsi::Status::kCheckCondition));
  ASSERT_GE(outcome.sense.size(), 14U);
  EXPECT_EQ(outcome.sense[2], std::byte{0x0B}) << "ABORTED COMMAND";
  EXPECT_EQ(outcome.sense[12], std::byte{0x2E}) << "COMMAND TIMEOUT DURING PROCESSING";
  EXPECT_EQ(outcome.sense[13], std::byte{0x02});
}

TEST(CommandDeadline, EndsACommandThatTheBackendHolds) {
  TestBed bed(with_deadline(10s));
  bed.log_in();
  bed.host.hold_commands = true;
  const auto late = bed.initiator.send_command(read_blocks(0, 8));
  bed.pump();
  bed.advance(5s);
  const auto younger = bed.initiator.send_command(read_blocks(8, 8));
  bed.pump();
  bed.advance(5s);
  expect_late(*bed.initiator.outcome(late));
  EXPECT_TRUE(bed.initiator.outcome(late)->underflow);
  EXPECT_EQ(bed.initiator.outcome(late)->residual, 4096U);
  EXPECT_FALSE(bed.initiator.outcome(younger)->done) << "its own deadline counts";
  bed.host.run_held();  // a second answer would end the test
  bed.pump();
  EXPECT_TRUE(bed.initiator.outcome(younger)->done);
  EXPECT_EQ(bed.slots.in_use(), 0U);
}

TEST(CommandDeadline, EndsAWriteWhoseDataDoesNotCome) {
  TestBed bed(with_deadline(10s));
  bed.log_in();
  bed.initiator.answer_r2ts(false);
  const auto tag = bed.initiator.send_command(write_blocks(0, Bytes(262144)));
  bed.pump();
  bed.advance(10s);
  bed.pump();
  ASSERT_TRUE(bed.initiator.outcome(tag)->done);
  EXPECT_EQ(bed.initiator.outcome(tag)->status, static_cast<std::uint8_t>(scsi::Status::kCheckCondition));
  EXPECT_FALSE(bed.connection->close_reason());
  EXPECT_EQ(bed.slots.in_use(), 0U);
}

TEST(CommandDeadline, LeavesACommandAloneThatEndsBeforeItIsAborted) {
  TestBed bed(with_deadline(10s));
  bed.log_in();
  bed.host.hold_commands = bed.host.hold_management = true;
  const auto tag = bed.initiator.send_command(read_blocks(0, 1));
  bed.pump();
  bed.advance(10s);
  ASSERT_EQ(bed.host.held_management.size(), 1U);
  EXPECT_EQ(bed.host.held_management[0]->task_management().referenced_task_tag, tag);
  bed.host.run_held();
  bed.pump();
  EXPECT_EQ(bed.initiator.outcome(tag)->status, 0);
  bed.connection->complete_task_management(*bed.host.held_management[0], TaskResponse::kTaskDoesNotExist);
  bed.host.held_management.clear();
  bed.pump();
  EXPECT_EQ(bed.slots.in_use(), 0U);
}

TEST(CommandDeadline, IsOffUnlessAskedFor) {
  TestBed bed;
  bed.log_in();
  bed.host.hold_commands = true;
  const auto tag = bed.initiator.send_command(read_blocks(0, 1));
  bed.pump();
  for (int i = 0; i < 360; ++i) {
    bed.advance(10s);
  }
  EXPECT_FALSE(bed.initiator.outcome(tag)->done);
  EXPECT_FALSE(bed.connection->close_reason());
}

/// How many commands the initiator may send now.
std::uint32_t window(const TestBed& bed) {
  return bed.initiator.max_command_sn() + 1 - bed.initiator.command_sn();
}

void run_commands(TestBed& bed, unsigned count) {
  for (unsigned i = 0; i < count; ++i) {
    bed.initiator.send_command(read_blocks(0, 1));
    bed.pump();
  }
}

TEST(MemoryCeiling, NarrowsTheWindowAndOpensItAgain) {
  TestBed bed;
  bed.log_in();
  run_commands(bed, 1);
  EXPECT_EQ(window(bed), kCommandWindow);
  std::vector<runtime::Buffer> others;
  while (bed.shard.buffers().bytes_in_use() <= bed.shard.buffers().budget() / 4 * 3) {
    others.push_back(bed.shard.buffers().try_allocate(std::size_t{1} << 20));
    ASSERT_TRUE(others.back());
  }
  run_commands(bed, 1);
  EXPECT_EQ(window(bed), kCommandWindow - 1) << "what was promised holds: MaxCmdSN never goes back";
  run_commands(bed, kCommandWindow);
  EXPECT_EQ(window(bed), kCommandWindowUnderPressure);
  others.clear();
  run_commands(bed, 1);
  EXPECT_EQ(window(bed), kCommandWindow);
}

/// 2 MiB, an eighth of what a session may hold of the memory of a test bed.
std::uint32_t send_large_read(TestBed& bed) {
  return bed.initiator.send_command(read_blocks(0, 4096));
}
constexpr std::size_t kLargeReadsMax = 8;

TEST(MemoryCeiling, ReadsThatAreNotTakenHoldNoMoreThanTheirShare) {
  TestBed bed;
  bed.log_in();
  bed.stop_sending = true;
  std::vector<std::uint32_t> reads;
  for (int i = 0; i < 20; ++i) {
    reads.push_back(send_large_read(bed));
  }
  const auto last = bed.initiator.send_command(read_blocks(7, 1));
  bed.pump();
  EXPECT_EQ(bed.host.started, kLargeReadsMax);
  EXPECT_LE(bed.shard.buffers().bytes_in_use(), bed.shard.buffers().budget() / 4 + kBusyReceiveSize);
  EXPECT_EQ(bed.connection->session()->expected_command_sn().value(), 1 + kLargeReadsMax);
  bed.stop_sending = false;
  bed.pump();
  for (const std::uint32_t tag : reads) {
    EXPECT_EQ(bed.initiator.outcome(tag)->data.size(), std::size_t{2} << 20);
  }
  EXPECT_TRUE(bed.initiator.outcome(last)->done);
  EXPECT_TRUE(std::ranges::is_sorted(bed.host.started_tags)) << "in the order of CmdSN";
}

TEST(MemoryCeiling, ACommandThatWaitsForMemoryIsTakenOnce) {
  TestBed bed;
  bed.log_in();
  bed.host.hold_commands = true;
  for (std::size_t i = 0; i < kLargeReadsMax + 1; ++i) {
    send_large_read(bed);
  }
  bed.pump();
  ASSERT_EQ(bed.host.started, kLargeReadsMax);
  testing::Pdu again(Opcode::kScsiCommand);
  again.set<bhs::InitiatorTaskTag>(0x900U).set<bhs::CmdSn>(bed.initiator.command_sn() - 1);
  bed.initiator.send(again, true);
  bed.pump();
  bed.host.hold_commands = false;
  bed.host.run_held();
  bed.pump();
  EXPECT_EQ(bed.host.started, kLargeReadsMax + 1);
  EXPECT_EQ(bed.slots.in_use(), 0U);
}

TEST(MemoryCeiling, CommandsThatWaitForMemoryCanBeAborted) {
  TestBed bed;
  bed.log_in();
  bed.host.hold_commands = true;
  std::vector<std::uint32_t> reads;
  for (std::size_t i = 0; i < kLargeReadsMax + 3; ++i) {
    reads.push_back(send_large_read(bed));
  }
  bed.pump();
  const auto abort = bed.initiator.send_task_management(TaskFunction::kAbortTask, 0, reads[kLargeReadsMax]);
  bed.pump();
  EXPECT_EQ(bed.initiator.outcome(abort)->response, 0);
  const auto reset = bed.initiator.send_task_management(TaskFunction::kLogicalUnitReset, 0);
  bed.pump();
  bed.advance(1s);
  bed.advance(1s);
  EXPECT_TRUE(bed.initiator.outcome(reset)->done);
  EXPECT_EQ(bed.host.started, kLargeReadsMax);
  const auto later = send_large_read(bed);
  bed.pump();
  EXPECT_EQ(bed.host.started, kLargeReadsMax + 1) << "those that hang and have lost their initiator do not count";
  bed.host.hold_commands = false;
  bed.host.run_held();
  bed.pump();
  EXPECT_TRUE(bed.initiator.outcome(later)->done);
  EXPECT_EQ(bed.slots.in_use(), 0U);
}

}  // namespace
}  // namespace lunaria::iscsi
