#include "iscsi/session.h"

#include <gtest/gtest.h>

#include "iscsi/connection.h"
#include "iscsi/serial.h"
#include "iscsi/testing/bed.h"

namespace lunaria::iscsi {
namespace {

using testing::BedOptions;
using testing::Bytes;
using testing::Pdu;
using testing::TestBed;

TEST(Serial, OrdersAcrossTheWrap) {
  const CommandSn last(0xFFFF'FFFF);
  EXPECT_EQ((last + 1).value(), 0U);
  EXPECT_TRUE(last.is_before(last + 1));
  EXPECT_TRUE((last + 1).is_after(last));
  EXPECT_FALSE(last.is_before(last));
  EXPECT_EQ((last + 5).since(last), 5U);
  EXPECT_TRUE(CommandSn(0).is_before(CommandSn(0x7FFF'FFFF)));
  EXPECT_FALSE(CommandSn(0).is_before(CommandSn(0x8000'0000))) << "half way round is unordered";
  EXPECT_FALSE(CommandSn(0x8000'0000).is_before(CommandSn(0)));
}

/// A bed with commands that are only noted, in the order in which they start.
class SessionTest : public ::testing::TestWithParam<std::uint32_t> {
 protected:
  static BedOptions options() {
    BedOptions options;
    options.initiator.first_command_sn = GetParam();
    return options;
  }
  SessionTest() : bed_(options()) {
    bed_.host.hold_commands = true;
    bed_.log_in();
  }
  /// TEST UNIT READY with a CmdSN of the test's choice.
  void send(std::uint32_t tag, std::uint32_t sn) {
    Pdu pdu(Opcode::kScsiCommand);
    pdu.set<bhs::InitiatorTaskTag>(tag).set<bhs::CmdSn>(sn);
    bed_.initiator.send(pdu, true);
    bed_.pump();
  }
  std::uint32_t sn(std::uint32_t steps) const { return GetParam() + steps; }
  const std::vector<std::uint32_t>& started() const { return bed_.host.started_tags; }
  TestBed bed_;
};

INSTANTIATE_TEST_SUITE_P(AtAndAwayFromTheWrap, SessionTest,
                         ::testing::Values(0U, 1U, 0x7FFF'FFFEU, 0xFFFF'FFFDU, 0xFFFF'FF81U));

TEST_P(SessionTest, StartsCommandsInOrder) {
  send(10, sn(2));
  send(11, sn(1));
  EXPECT_TRUE(started().empty());
  EXPECT_EQ(bed_.host.session->expected_command_sn().value(), sn(0));
  send(12, sn(0));
  EXPECT_EQ(started(), (std::vector<std::uint32_t>{12, 11, 10}));
  EXPECT_EQ(bed_.host.session->expected_command_sn().value(), sn(3));
}

TEST_P(SessionTest, IgnoresDuplicates) {
  send(10, sn(0));
  send(11, sn(0));
  send(12, sn(2));
  send(13, sn(2));
  send(14, sn(1));
  EXPECT_EQ(started(), (std::vector<std::uint32_t>{10, 14, 12}));
}

TEST_P(SessionTest, IgnoresWhatIsOutsideTheWindow) {
  send(10, sn(kCommandWindow));
  send(11, sn(0x8000'0000));
  send(12, sn(0xFFFF'FFFF));
  EXPECT_TRUE(started().empty());
  send(13, sn(kCommandWindow - 1));
  EXPECT_EQ(bed_.slots.in_use(), 1U);
  send(14, sn(0));
  EXPECT_EQ(started(), (std::vector<std::uint32_t>{14}));
}

TEST_P(SessionTest, ClosesTheWindowWhenItIsFullAndOpensItWithAnswers) {
  for (std::uint32_t i = 0; i < kCommandWindow; ++i) {
    send(100 + i, sn(i));
  }
  EXPECT_EQ(started().size(), kCommandWindow);
  send(900, sn(kCommandWindow));
  EXPECT_EQ(started().size(), kCommandWindow) << "the window is full";
  CommandSlot* slot = bed_.host.held.front();
  bed_.host.held.erase(bed_.host.held.begin());
  bed_.connection->abandon();  // answers are not what is tested: the initiator kit does not know these tags
  bed_.connection->complete(*slot);
}

TEST_P(SessionTest, AdvertisesExactlyWhatItAccepts) {
  const auto tag = bed_.initiator.send_command({.cdb = Bytes(16), .write_data = {}});
  bed_.pump();
  bed_.host.hold_commands = false;
  bed_.host.run_held();
  bed_.pump();
  EXPECT_TRUE(bed_.initiator.outcome(tag)->done);
  const std::uint32_t max = bed_.initiator.max_command_sn();
  EXPECT_EQ(max, sn(kCommandWindow));
  EXPECT_EQ(bed_.host.session->max_command_sn().value(), max);
  bed_.host.hold_commands = true;
  send(10, max + 1);
  send(11, max);
  EXPECT_EQ(bed_.slots.in_use(), 1U);
}

TEST_P(SessionTest, RunsImmediateCommandsAtOnce) {
  send(10, sn(1));
  Pdu pdu(Opcode::kScsiCommand, true);
  pdu.set<bhs::InitiatorTaskTag>(20U).set<bhs::CmdSn>(sn(0));
  bed_.initiator.send(pdu, true);
  bed_.pump();
  EXPECT_EQ(started(), (std::vector<std::uint32_t>{20}));
  EXPECT_EQ(bed_.host.session->expected_command_sn().value(), sn(0));
}

TEST_P(SessionTest, BoundsImmediateCommands) {
  for (std::uint32_t i = 0; i <= kImmediateCommandsMax; ++i) {
    bed_.initiator.send_command({.cdb = Bytes(16), .write_data = {}, .immediate = true});
  }
  bed_.pump();
  EXPECT_EQ(started().size(), kImmediateCommandsMax);
  EXPECT_EQ(bed_.initiator.rejects(), std::vector{RejectReason::kTooManyImmediateCommands});
}

TEST_P(SessionTest, PlugsALostCommandThatIsAborted) {
  send(10, sn(1));
  send(11, sn(2));
  bed_.initiator.set_command_sn(sn(3));
  const auto abort = bed_.initiator.send_task_management(TaskFunction::kAbortTask, 0, 77, sn(0));
  bed_.pump();
  EXPECT_EQ(bed_.initiator.outcome(abort)->response, static_cast<std::uint8_t>(TaskResponse::kFunctionComplete));
  EXPECT_EQ(started(), (std::vector<std::uint32_t>{10, 11}));
  EXPECT_EQ(bed_.host.session->expected_command_sn().value(), sn(3));
}

TEST_P(SessionTest, DoesNotPlugWhatIsNotMissing) {
  bed_.initiator.set_command_sn(sn(3));
  for (const std::uint32_t referenced : {sn(3), sn(4), sn(kCommandWindow), sn(0xFFFF'FFFF)}) {
    const auto abort = bed_.initiator.send_task_management(TaskFunction::kAbortTask, 0, 77, referenced);
    bed_.pump();
    EXPECT_EQ(bed_.initiator.outcome(abort)->response, static_cast<std::uint8_t>(TaskResponse::kTaskDoesNotExist));
  }
  EXPECT_EQ(bed_.host.session->expected_command_sn().value(), sn(0));
}

TEST_P(SessionTest, PlugsAheadOfTheGap) {
  bed_.initiator.set_command_sn(sn(3));
  const auto abort = bed_.initiator.send_task_management(TaskFunction::kAbortTask, 0, 77, sn(1));
  bed_.pump();
  EXPECT_EQ(bed_.initiator.outcome(abort)->response, static_cast<std::uint8_t>(TaskResponse::kFunctionComplete));
  send(10, sn(0));
  EXPECT_EQ(bed_.host.session->expected_command_sn().value(), sn(2));
}

TEST_P(SessionTest, RejectsATagInUse) {
  send(10, sn(0));
  send(10, sn(1));
  EXPECT_EQ(bed_.initiator.rejects(), std::vector{RejectReason::kTaskInProgress});
  EXPECT_EQ(bed_.host.session->expected_command_sn().value(), sn(1)) << "a rejected CmdSN does not count as received";
}

TEST(SessionNames, SpellThePortsAsTheStandardDoes) {
  LoginResult login;
  login.initiator_name = "iqn.x:i";
  login.target_name = "iqn.x:t";
  login.isid = 0x00AB'CDEF'0123;
  login.portal_group_tag = 3;
  const Session session(1, login);
  EXPECT_EQ(session.initiator_port(), "iqn.x:i,i,0x00abcdef0123");
  EXPECT_EQ(session.target_port(), "iqn.x:t,t,0x0003");
}

}  // namespace
}  // namespace lunaria::iscsi
