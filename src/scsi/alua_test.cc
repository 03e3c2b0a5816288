#include "scsi/alua.h"

#include <gtest/gtest.h>

#include "scsi/command_table.h"
#include "scsi/harness_test.h"

namespace lunaria::scsi {
namespace {

using testing::Bytes;
using testing::Harness;

const Bytes kTestUnitReady{0x00, 0, 0, 0, 0, 0};
constexpr std::uint8_t kOptimized = 0;
constexpr std::uint8_t kNonOptimized = 1;
constexpr std::uint8_t kStandby = 2;
constexpr std::uint8_t kUnavailable = 3;

/// Initiators 0 and 1 through port group 1; `second` is another path of initiator 0, through group 2.
class AluaTest : public ::testing::Test {
 protected:
  AluaTest() : second(harness.add_second_path(0)) { harness.drain_attentions(); }
  std::string set(std::size_t initiator, const Bytes& list) {
    return harness.try_out({0xA4, 0x0A, 0, 0, 0, 0, 0, 0, 0, static_cast<std::uint8_t>(list.size()), 0, 0},
                           {.data_out = list, .initiator = initiator});
  }
  std::string set_group(std::size_t initiator, std::uint8_t state, std::uint8_t group) {
    return set(initiator, {0, 0, 0, 0, state, 0, 0, group});
  }
  Bytes report(std::uint8_t format = 0) {
    return harness
        .run({0xA3, static_cast<std::uint8_t>(0x0A | format << 5), 0, 0, 0, 0, 0, 0, 1, 0, 0, 0}, {.initiator = second})
        ->data_in();
  }
  std::string ready(std::size_t initiator) { return harness.try_out(kTestUnitReady, {.initiator = initiator}); }

  Harness harness;
  std::size_t second;
};

TEST_F(AluaTest, ReportsEveryGroupOfTheTarget) {
  EXPECT_EQ(report(),
            (Bytes{0, 0, 0, 24, 0, 0x0F, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0x0F, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2}));
  EXPECT_EQ(report(1).size(), 4U + 4 + 24);
  EXPECT_EQ(report(1).at(4), 0x10);
  EXPECT_EQ(harness.try_out({0xA3, 0x4A, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0}), "5/2400 cdb 1.7");
}

TEST_F(AluaTest, SetsAndReportsAState) {
  EXPECT_EQ(set_group(0, kNonOptimized, 2), "GOOD");
  EXPECT_EQ(ready(0), "GOOD") << "who asked for it knows";
  EXPECT_EQ(ready(1), "6/2A06");
  EXPECT_EQ(ready(second), "6/2A06");
  EXPECT_EQ(report().at(16), kNonOptimized);
  EXPECT_EQ(report().at(21), 0x01) << "by SET TARGET PORT GROUPS";
  EXPECT_EQ(ready(second), "GOOD") << "slower, not less";
  EXPECT_EQ(set_group(0, kNonOptimized, 2), "GOOD");
  EXPECT_EQ(ready(1), "GOOD") << "nothing has changed";
}

TEST_F(AluaTest, AnswersWhyAPathIsNotReady) {
  ASSERT_EQ(set_group(0, kStandby, 2), "GOOD");
  EXPECT_EQ(ready(second), "6/2A06");
  EXPECT_EQ(ready(second), "2/040B");
  EXPECT_EQ(ready(0), "GOOD");
  ASSERT_EQ(set_group(second, kUnavailable, 2), "GOOD");
  EXPECT_EQ(ready(second), "2/040C");
  ASSERT_EQ(set_group(second, kOptimized, 2), "GOOD");
  EXPECT_EQ(ready(second), "GOOD");
}

TEST_F(AluaTest, AStateOutlivesTheSessionThatItConcerns) {
  ASSERT_EQ(set_group(0, kStandby, 2), "GOOD");
  auto again = std::make_shared<Nexus>(*harness.nexuses[second]);
  again->id = NexusId{88};
  const std::size_t number = harness.add_nexus(again);
  EXPECT_EQ(ready(number), "6/2900");
  EXPECT_EQ(ready(number), "2/040B");
}

TEST_F(AluaTest, RefusesWhatMakesNoSense) {
  struct Case {
    Bytes list;
    const char* expected;
  };
  const Case cases[] = {
      {{}, "GOOD"},                                              // nothing to set
      {{0, 0, 0, 0}, "GOOD"},                                    // likewise
      {{0, 0, 0}, "5/1A00"},                                     // half a header
      {{0, 0, 0, 0, 0, 0, 0}, "5/1A00"},                         // half a descriptor
      {{0, 0, 0, 0, 0x04, 0, 0, 1}, "5/2600 list 4.3"},          // a reserved state
      {{0, 0, 0, 0, 0x0E, 0, 0, 1}, "5/2600 list 4.3"},          // offline
      {{0, 0, 0, 0, 0x0F, 0, 0, 1}, "5/2600 list 4.3"},          // transitioning
      {{0, 0, 0, 0, 0, 0, 0, 3}, "5/2600 list 6"},               // no such group
      {{0, 0, 0, 0, 2, 0, 0, 2, 0, 0, 0, 9}, "5/2600 list 10"},  // all or nothing
  };
  for (const Case& each : cases) {
    EXPECT_EQ(set(0, each.list), each.expected) << ::testing::PrintToString(each.list);
  }
  EXPECT_EQ(ready(second), "GOOD");
}

// SPC-5 5.18.2: what must work in each state.
TEST(AccessState, LetsThroughWhatItMust) {
  const auto passes = [](AccessState state, std::uint8_t opcode, std::uint16_t action = kNoServiceAction) {
    CommandRow row;
    row.opcode = opcode;
    row.service_action = action;
    return check_access(state, row).is_good();
  };
  for (const CommandRow& row : command_rows()) {
    EXPECT_TRUE(check_access(AccessState::kActiveOptimized, row).is_good()) << row.name;
    EXPECT_TRUE(check_access(AccessState::kActiveNonOptimized, row).is_good()) << row.name;
    if (row.medium != MediumAccess::kNone) {
      EXPECT_EQ(check_access(AccessState::kStandby, row).sense.additional, asc::kTargetPortInStandby) << row.name;
      EXPECT_EQ(check_access(AccessState::kUnavailable, row).sense.additional, asc::kTargetPortUnavailable);
      EXPECT_EQ(check_access(AccessState::kTransitioning, row).sense.additional, asc::kAccessStateTransition);
    }
  }
  for (const std::uint8_t opcode : std::initializer_list<std::uint8_t>{0x12, 0xA0, 0x03}) {
    EXPECT_TRUE(passes(AccessState::kTransitioning, opcode));
  }
  EXPECT_TRUE(passes(AccessState::kTransitioning, 0xA3, 0x0A));
  EXPECT_TRUE(passes(AccessState::kUnavailable, 0xA4, 0x0A));
  EXPECT_FALSE(passes(AccessState::kTransitioning, 0xA4, 0x0A));
  for (const std::uint8_t opcode :
       std::initializer_list<std::uint8_t>{0x15, 0x1A, 0x55, 0x5A, 0x1D, 0x4D, 0x5E, 0x5F}) {
    EXPECT_TRUE(passes(AccessState::kStandby, opcode));
    EXPECT_FALSE(passes(AccessState::kUnavailable, opcode));
  }
}

}  // namespace
}  // namespace lunaria::scsi
