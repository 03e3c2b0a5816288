// Ordering, aborts and resets of a unit's commands.
#include <gtest/gtest.h>

#include "block/fault_volume.h"
#include "scsi/harness_test.h"
#include "scsi/limits.h"

namespace lunaria::scsi {
namespace {

using testing::Bytes;
using testing::Exchange;
using testing::Harness;
using testing::Options;
using testing::outcome;

const Bytes kTestUnitReady{0x00, 0, 0, 0, 0, 0};
const Bytes kRead{0x28, 0, 0, 0, 0, 0, 0, 0, 1, 0};
const Bytes kWrite{0x2A, 0, 0, 0, 0, 0, 0, 0, 1, 0};

class TaskManagementTest : public ::testing::Test {
 protected:
  /// A write whose data has yet to come.
  std::unique_ptr<Exchange> pending_write(std::size_t initiator, std::uint32_t tag,
                                          TaskAttribute attribute = TaskAttribute::kSimple) {
    return harness.start(
        kWrite,
        {.data_out = Bytes(512, 1), .initiator = initiator, .attribute = attribute, .tag = tag, .hold_data_out = true});
  }
  bool manage(TaskManagement function, std::size_t initiator = 0, std::uint32_t tag = 0) {
    return harness.unit.manage(function, harness.nexuses[initiator]->id, tag);
  }
  void set_task_aborted_status() {
    const Bytes list{0, 0, 0, 0, 0x0A, 0x0A, 2, 0x10, 0, 0x40, 0, 0, 0, 0, 0, 0};
    ASSERT_EQ(harness.try_out({0x15, 0x10, 0, 0, 16, 0}, {.data_out = list}), "GOOD");
    harness.drain_attentions();
  }

  Harness harness;
};

TEST_F(TaskManagementTest, AbortTaskEndsThatTaskOnly) {
  const auto first = pending_write(0, 1);
  const auto second = pending_write(0, 2);
  EXPECT_FALSE(manage(TaskManagement::kAbortTask, 0, 3));
  EXPECT_FALSE(manage(TaskManagement::kAbortTask, 1, 1));
  EXPECT_TRUE(manage(TaskManagement::kAbortTask, 0, 1));
  EXPECT_FALSE(manage(TaskManagement::kAbortTask, 0, 1));
  EXPECT_TRUE(first->transport.abort_seen);
  EXPECT_FALSE(second->transport.abort_seen);
  first->transport.release();
  EXPECT_TRUE(first->done);
  EXPECT_TRUE(first->command.aborted);
  EXPECT_NE(first->command.status, Status::kTaskAborted);
  EXPECT_EQ(harness.run(kRead)->data_in(), Bytes(512, 0));
  second->transport.release();
  EXPECT_EQ(outcome(*second), "GOOD");
  EXPECT_EQ(harness.run(kRead)->data_in(), Bytes(512, 1));
  EXPECT_EQ(harness.unit.task_count(), 0U);
}

TEST_F(TaskManagementTest, ANexusMayComeBackBeforeItsAbortedTasksHaveEnded) {
  const auto write = pending_write(0, 1);
  harness.unit.detach(harness.nexuses[0]->id);
  EXPECT_TRUE(write->command.aborted);
  harness.unit.attach(harness.nexuses[0]);
  EXPECT_EQ(harness.try_out(kTestUnitReady), "6/2900");
  EXPECT_EQ(harness.try_out(kTestUnitReady), "GOOD");
  write->transport.release();
  EXPECT_TRUE(write->done);
  EXPECT_EQ(write->command.status, Status::kTaskAborted) << "or an initiator that has lost the mapping waits for ever";
  EXPECT_EQ(harness.try_out(kTestUnitReady), "GOOD");
  EXPECT_EQ(harness.unit.task_count(), 0U);
}

TEST_F(TaskManagementTest, AbortTaskSetEndsTheTasksOfItsNexus) {
  const auto own = pending_write(0, 1);
  const auto other = pending_write(1, 1);
  EXPECT_TRUE(manage(TaskManagement::kAbortTaskSet));
  EXPECT_TRUE(own->command.aborted);
  EXPECT_FALSE(other->command.aborted);
  own->transport.release();
  other->transport.release();
  EXPECT_EQ(outcome(*other), "GOOD");
  EXPECT_EQ(harness.try_out(kTestUnitReady, {.initiator = 1}), "GOOD");
}

TEST_F(TaskManagementTest, ClearTaskSetTellsTheOthersByUnitAttention) {
  const auto own = pending_write(0, 1);
  const auto other = pending_write(1, 1);
  EXPECT_TRUE(manage(TaskManagement::kClearTaskSet));
  own->transport.release();
  other->transport.release();
  EXPECT_NE(other->command.status, Status::kTaskAborted);
  EXPECT_EQ(harness.try_out(kTestUnitReady), "GOOD");
  EXPECT_EQ(harness.try_out(kTestUnitReady, {.initiator = 1}), "6/2F00");
  EXPECT_EQ(harness.try_out(kTestUnitReady, {.initiator = 1}), "GOOD");
}

TEST_F(TaskManagementTest, ClearTaskSetTellsTheOthersByStatusWithTas) {
  set_task_aborted_status();
  const auto own = pending_write(0, 1);
  const auto other = pending_write(1, 1);
  EXPECT_TRUE(manage(TaskManagement::kClearTaskSet));
  own->transport.release();
  other->transport.release();
  EXPECT_NE(own->command.status, Status::kTaskAborted);
  EXPECT_EQ(outcome(*other), "TASK ABORTED");
  EXPECT_EQ(harness.try_out(kTestUnitReady, {.initiator = 1}), "GOOD");
}

TEST_F(TaskManagementTest, ResetEndsEverythingAndGoesBackToDefaults) {
  set_task_aborted_status();
  ASSERT_EQ(harness.try_out({0x16, 0, 0, 0, 0, 0}, {.initiator = 1}), "GOOD");
  const auto other = pending_write(1, 1);
  EXPECT_TRUE(manage(TaskManagement::kLogicalUnitReset));
  other->transport.release();
  EXPECT_TRUE(other->command.aborted);
  EXPECT_EQ(harness.try_out(kTestUnitReady), "6/2903");
  EXPECT_EQ(harness.try_out(kTestUnitReady, {.initiator = 1}), "6/2903");
  EXPECT_EQ(harness.try_out(kRead), "GOOD");  // the reservation has gone
  EXPECT_EQ(harness.run({0x1A, 8, 0x0A, 0, 255, 0})->data_in().at(9), 0x00);
}

TEST_F(TaskManagementTest, OrderedWaitsForOlderTasksAndHoldsYoungerOnes) {
  const auto older = pending_write(0, 1);
  const auto ordered = harness.start(kTestUnitReady, {.attribute = TaskAttribute::kOrdered, .tag = 2});
  const auto younger = harness.start(kTestUnitReady, {.initiator = 1, .tag = 3});
  const auto head = harness.start(kTestUnitReady, {.attribute = TaskAttribute::kHeadOfQueue, .tag = 4});
  EXPECT_EQ(outcome(*head), "GOOD");
  EXPECT_EQ(outcome(*ordered), "NOT DONE");
  EXPECT_EQ(outcome(*younger), "NOT DONE");
  older->transport.release();
  EXPECT_EQ(outcome(*older), "GOOD");
  EXPECT_EQ(outcome(*ordered), "GOOD");
  EXPECT_EQ(outcome(*younger), "GOOD");
}

TEST_F(TaskManagementTest, AWaitingTaskIsAbortedAtOnce) {
  const auto older = pending_write(0, 1);
  const auto ordered = harness.start(kTestUnitReady, {.attribute = TaskAttribute::kOrdered, .tag = 2});
  const auto younger = harness.start(kTestUnitReady, {.tag = 3});
  EXPECT_TRUE(manage(TaskManagement::kAbortTask, 0, 2));
  EXPECT_TRUE(ordered->done);
  EXPECT_EQ(outcome(*younger), "GOOD");
  older->transport.release();
}

TEST_F(TaskManagementTest, ManyWaitingTasksStartWithoutDeepRecursion) {
  const auto older = pending_write(0, 1);
  std::vector<std::unique_ptr<Exchange>> waiting;
  for (std::uint32_t i = 0; i < 5000; ++i) {
    waiting.push_back(harness.start(kTestUnitReady, {.attribute = TaskAttribute::kOrdered, .tag = i + 2}));
  }
  older->transport.release();
  for (const auto& exchange : waiting) {
    ASSERT_EQ(outcome(*exchange), "GOOD");
  }
}

TEST_F(TaskManagementTest, RefusesAcaWithoutItsCondition) {
  EXPECT_EQ(harness.try_out(kTestUnitReady, {.attribute = TaskAttribute::kAca}), "B/4900");
}

// SAM-5 5.9: NACA holds the task set for its initiator until it clears the condition.
TEST_F(TaskManagementTest, AnAutoContingentAllegianceKeepsOthersOut) {
  const Bytes wrong{0x02, 0, 0, 0, 0, 0x04};
  const Bytes naca{0x00, 0, 0, 0, 0, 0x04};
  EXPECT_EQ(harness.try_out(naca), "GOOD");
  EXPECT_EQ(harness.try_out(wrong), "5/2000");
  EXPECT_EQ(harness.try_out(kTestUnitReady), "ACA ACTIVE");
  EXPECT_EQ(harness.try_out(kTestUnitReady, {.initiator = 1}), "BUSY");
  EXPECT_EQ(harness.try_out(naca, {.initiator = 1}), "ACA ACTIVE");
  EXPECT_EQ(harness.try_out(kTestUnitReady, {.attribute = TaskAttribute::kAca}), "GOOD");
  const auto only_one = pending_write(0, 7, TaskAttribute::kAca);
  EXPECT_EQ(harness.try_out(kTestUnitReady, {.attribute = TaskAttribute::kAca}), "ACA ACTIVE");
  EXPECT_TRUE(manage(TaskManagement::kClearAca, 1));
  EXPECT_EQ(harness.try_out(kTestUnitReady, {.initiator = 1}), "BUSY") << "it is not its own";
  EXPECT_TRUE(manage(TaskManagement::kClearAca));
  EXPECT_TRUE(only_one->command.aborted);
  only_one->transport.release();
  EXPECT_EQ(harness.try_out(kTestUnitReady), "GOOD");
  EXPECT_EQ(harness.try_out(kTestUnitReady, {.initiator = 1}), "GOOD");
}

TEST_F(TaskManagementTest, AnAllegianceEndsWithItsNexusAResetOrAFailedCommandOfItsOwn) {
  const Bytes wrong{0x02, 0, 0, 0, 0, 0x04};
  EXPECT_EQ(harness.try_out(wrong), "5/2000");
  EXPECT_EQ(harness.try_out(wrong, {.attribute = TaskAttribute::kAca}), "5/2000");
  EXPECT_EQ(harness.try_out(kTestUnitReady), "ACA ACTIVE") << "NACA began it anew";
  EXPECT_EQ(harness.try_out({0xFF, 0, 0, 0, 0, 0}, {.attribute = TaskAttribute::kAca}), "5/2000");
  EXPECT_EQ(harness.try_out(kTestUnitReady), "GOOD");
  EXPECT_EQ(harness.try_out(wrong), "5/2000");
  EXPECT_TRUE(manage(TaskManagement::kLogicalUnitReset, 1));
  harness.drain_attentions();
  EXPECT_EQ(harness.try_out(wrong, {.initiator = 1}), "5/2000");
  harness.unit.detach(harness.nexuses[1]->id);
  EXPECT_EQ(harness.try_out(kTestUnitReady), "GOOD");
}

TEST_F(TaskManagementTest, AnAllegianceHoldsWhatHasNotStarted) {
  const auto older = pending_write(1, 1);
  const auto ordered = harness.start(kTestUnitReady, {.initiator = 1, .attribute = TaskAttribute::kOrdered, .tag = 2});
  EXPECT_EQ(harness.try_out({0x02, 0, 0, 0, 0, 0x04}, {.attribute = TaskAttribute::kHeadOfQueue}), "5/2000");
  older->transport.release();
  EXPECT_EQ(outcome(*older), "GOOD");
  EXPECT_EQ(outcome(*ordered), "NOT DONE");
  EXPECT_TRUE(manage(TaskManagement::kClearAca));
  EXPECT_EQ(outcome(*ordered), "GOOD");
}

/// Sets TST and QERR of the Control mode page.
class TaskSetModesTest : public TaskManagementTest {
 protected:
  void set(std::uint8_t task_set_type, std::uint8_t queue_error) {
    const Bytes list{0,
                     0,
                     0,
                     0,
                     0x0A,
                     0x0A,
                     static_cast<std::uint8_t>(task_set_type << 5 | 2),
                     static_cast<std::uint8_t>(0x10 | queue_error << 1),
                     0,
                     0,
                     0,
                     0,
                     0,
                     0,
                     0,
                     0};
    ASSERT_EQ(harness.try_out({0x15, 0x10, 0, 0, 16, 0}, {.data_out = list}), "GOOD");
    EXPECT_EQ(harness.try_out(kTestUnitReady, {.initiator = 1}), "6/2A01");
    EXPECT_EQ(harness.run({0x1A, 8, 0x0A, 0, 255, 0})->data_in().at(6) >> 5, task_set_type);
  }
  const Bytes wrong{0xFF, 0, 0, 0, 0, 0};
};

TEST_F(TaskSetModesTest, EachNexusMayHaveATaskSetOfItsOwn) {
  set(1, 0);
  const auto other = pending_write(1, 1);
  EXPECT_EQ(harness.try_out(kTestUnitReady, {.attribute = TaskAttribute::kOrdered, .tag = 2}), "GOOD");
  EXPECT_EQ(harness.try_out({0x02, 0, 0, 0, 0, 0x04}), "5/2000");
  EXPECT_EQ(harness.try_out(kTestUnitReady), "ACA ACTIVE");
  EXPECT_EQ(harness.try_out(kTestUnitReady, {.initiator = 1, .tag = 3}), "GOOD");
  EXPECT_TRUE(manage(TaskManagement::kClearTaskSet));
  EXPECT_FALSE(other->command.aborted);
  other->transport.release();
  EXPECT_EQ(outcome(*other), "GOOD");
}

TEST_F(TaskSetModesTest, AnErrorAbortsWhatQerrSays) {
  struct Case {
    std::uint8_t task_set_type, queue_error;
    bool own_aborted, others_aborted;
  };
  for (const Case& each : {Case{0, 0, false, false}, Case{0, 1, true, true}, Case{0, 3, true, false},
                           Case{1, 1, true, false}, Case{1, 3, true, false}}) {
    EXPECT_TRUE(manage(TaskManagement::kLogicalUnitReset));
    harness.drain_attentions();
    if (each.task_set_type != 0 || each.queue_error != 0) {
      set(each.task_set_type, each.queue_error);
    }
    const auto own = pending_write(0, 1);
    const auto other = pending_write(1, 1);
    EXPECT_EQ(harness.try_out(wrong, {.tag = 2}), "5/2000");
    EXPECT_EQ(own->command.aborted, each.own_aborted);
    EXPECT_EQ(other->command.aborted, each.others_aborted);
    own->transport.release();
    other->transport.release();
    EXPECT_EQ(harness.try_out(kTestUnitReady, {.initiator = 1}), each.others_aborted ? "6/2F00" : "GOOD");
  }
}

TEST_F(TaskManagementTest, DetachAbortsTheTasksOfTheNexus) {
  const auto write = pending_write(1, 1);
  harness.unit.detach(harness.nexuses[1]->id);
  EXPECT_TRUE(write->transport.abort_seen);
  EXPECT_EQ(harness.unit.task_count(), 1U);
  EXPECT_EQ(harness.try_out(kTestUnitReady, {.initiator = 1}), "5/2500");
  write->transport.release();
  EXPECT_EQ(harness.unit.task_count(), 0U);
  EXPECT_EQ(harness.try_out(kRead), "GOOD");
}

TEST(TaskManagementOnSlowMedium, AnAbortedWriteDoesNotUndoANewerOne) {
  auto faults = std::make_unique<block::FaultVolume>(Harness::ram(64));
  block::FaultVolume& volume = *faults;
  Harness harness(std::move(faults));
  volume.set_fault(block::Fault{});
  const auto old = harness.start(kWrite, {.data_out = Bytes(512, 1), .tag = 1});
  EXPECT_TRUE(harness.unit.manage(TaskManagement::kAbortTask, harness.nexuses[0]->id, 1));
  const auto newer = harness.start(kWrite, {.data_out = Bytes(512, 2), .tag = 2});
  const auto elsewhere = harness.start({0x2A, 0, 0, 0, 0, 9, 0, 0, 1, 0}, {.data_out = Bytes(512, 3), .tag = 3});
  EXPECT_EQ(outcome(*elsewhere), "GOOD");
  EXPECT_FALSE(newer->done);
  volume.release();
  EXPECT_TRUE(old->done);
  EXPECT_EQ(outcome(*newer), "GOOD");
  EXPECT_EQ(harness.run(kRead)->data_in(), Bytes(512, 2));
}

TEST(TaskManagementOnSlowMedium, AnswersWhileTheMediumHangs) {
  auto faults = std::make_unique<block::FaultVolume>(Harness::ram(64));
  block::FaultVolume& volume = *faults;
  Harness harness(std::move(faults));
  volume.set_fault(block::Fault{});
  const auto read = harness.start(kRead);
  EXPECT_TRUE(harness.unit.manage(TaskManagement::kLogicalUnitReset, harness.nexuses[0]->id, 0));
  EXPECT_FALSE(read->done);  // its memory belongs to the medium until that answers
  volume.release();
  EXPECT_TRUE(read->done);
  EXPECT_EQ(read->command.data_in_size, 0U);
}

TEST(TaskSet, RefusesMoreThanItsMaximum) {
  Harness harness;
  const auto older = harness.start(kWrite, {.data_out = Bytes(512), .hold_data_out = true});
  std::vector<std::unique_ptr<Exchange>> waiting;
  for (std::size_t i = 1; i < kTasksMax; ++i) {
    waiting.push_back(harness.start(kTestUnitReady, {.attribute = TaskAttribute::kOrdered}));
  }
  EXPECT_EQ(harness.try_out(kTestUnitReady), "TASK SET FULL");
  older->transport.release();
  EXPECT_EQ(outcome(*waiting.back()), "GOOD");
}

}  // namespace
}  // namespace lunaria::scsi
