#include "scsi/unit_attention.h"

#include <gtest/gtest.h>

#include "scsi/additional_sense.h"
#include "scsi/harness_test.h"

namespace lunaria::scsi {
namespace {

using testing::Bytes;
using testing::Harness;
using testing::outcome;

const Bytes kTestUnitReady{0x00, 0, 0, 0, 0, 0};

TEST(UnitAttentions, ReportsInOrderAndEachOnce) {
  UnitAttentions attentions;
  attentions.establish(asc::kModeParametersChanged);
  attentions.establish(asc::kCapacityChanged);
  attentions.establish(asc::kModeParametersChanged);
  EXPECT_EQ(attentions.take(), asc::kModeParametersChanged);
  EXPECT_EQ(attentions.take(), asc::kCapacityChanged);
  EXPECT_EQ(attentions.take(), std::nullopt);
}

TEST(UnitAttentions, AResetSupersedesWhatWasPending) {
  UnitAttentions attentions;
  attentions.establish(asc::kCapacityChanged);
  attentions.establish(asc::kBusDeviceReset);
  attentions.establish(asc::kReportedLunsChanged);
  EXPECT_EQ(attentions.take(), asc::kBusDeviceReset);
  EXPECT_EQ(attentions.take(), asc::kReportedLunsChanged);
  EXPECT_TRUE(attentions.empty());
}

TEST(UnitAttentions, TooManyBecomeOneReset) {
  UnitAttentions attentions;
  for (std::uint16_t i = 0; i <= kUnitAttentionsMax; ++i) {
    attentions.establish(AdditionalSense{static_cast<std::uint16_t>(0x3F00 + i)});
  }
  EXPECT_EQ(attentions.take(), asc::kPowerOnOrReset);
  EXPECT_TRUE(attentions.empty());
}

TEST(UnitAttentions, ClearsOneFromTheMiddle) {
  UnitAttentions attentions;
  attentions.establish(asc::kModeParametersChanged);
  attentions.establish(asc::kReportedLunsChanged);
  attentions.establish(asc::kCapacityChanged);
  attentions.clear(asc::kReportedLunsChanged);
  attentions.clear(asc::kBusDeviceReset);
  EXPECT_EQ(attentions.take(), asc::kModeParametersChanged);
  EXPECT_EQ(attentions.take(), asc::kCapacityChanged);
  EXPECT_TRUE(attentions.empty());
}

TEST(UnitAttention, GreetsEachNewNexusOnce) {
  Harness harness;
  const std::size_t newcomer = harness.add_initiator();
  EXPECT_EQ(harness.try_out(kTestUnitReady, {.initiator = newcomer}), "6/2900");
  EXPECT_EQ(harness.try_out(kTestUnitReady, {.initiator = newcomer}), "GOOD");
  EXPECT_EQ(harness.try_out(kTestUnitReady), "GOOD");
}

TEST(UnitAttention, ComesBeforeEveryErrorOfTheCommandItself) {
  Harness harness;
  const std::size_t newcomer = harness.add_initiator();
  EXPECT_EQ(harness.try_out({0xFF, 0, 0, 0, 0, 0}, {.initiator = newcomer}), "6/2900");
  EXPECT_EQ(harness.try_out({0xFF, 0, 0, 0, 0, 0}, {.initiator = newcomer}), "5/2000");
}

TEST(UnitAttention, IsLeftPendingByInquiryAndReportLuns) {
  Harness harness;
  const std::size_t newcomer = harness.add_initiator();
  EXPECT_EQ(harness.try_out({0x12, 0, 0, 0, 96, 0}, {.initiator = newcomer}), "GOOD");
  EXPECT_EQ(harness.try_out({0x12, 0, 0x55, 0, 96, 0}, {.initiator = newcomer}), "5/2400 cdb 2");
  EXPECT_EQ(harness.try_out({0xA0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0}, {.initiator = newcomer}), "GOOD");
  EXPECT_EQ(harness.try_out(kTestUnitReady, {.initiator = newcomer}), "6/2900");
}

TEST(UnitAttention, IsReportedByRequestSenseAsData) {
  Harness harness;
  const std::size_t newcomer = harness.add_initiator();
  const auto fixed = harness.run({0x03, 0, 0, 0, 255, 0}, {.initiator = newcomer});
  EXPECT_EQ(outcome(*fixed), "GOOD");
  EXPECT_EQ(fixed->data_in(), (Bytes{0x70, 0, 6, 0, 0, 0, 0, 10, 0, 0, 0, 0, 0x29, 0, 0, 0, 0, 0}));
  const auto none = harness.run({0x03, 1, 0, 0, 255, 0}, {.initiator = newcomer});
  EXPECT_EQ(none->data_in(), (Bytes{0x72, 0, 0, 0, 0, 0, 0, 0}));
}

TEST(UnitAttention, ReportLunsClearsReportedLunsChanged) {
  Harness harness;
  harness.unit.reported_luns_changed(harness.nexuses[0]->id);
  harness.unit.reported_luns_changed(harness.nexuses[1]->id);
  EXPECT_EQ(harness.try_out({0xA0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0}), "GOOD");
  EXPECT_EQ(harness.try_out(kTestUnitReady), "GOOD");
  EXPECT_EQ(harness.try_out(kTestUnitReady, {.initiator = 1}), "6/3F0E");
}

TEST(UnitAttention, TellsOfCapacityAndOptions) {
  Harness harness;
  const std::unique_ptr<block::Volume> larger = Harness::ram(4096);
  harness.unit.replace_volume(*larger);
  EXPECT_EQ(harness.try_out(kTestUnitReady), "6/2A09");
  EXPECT_EQ(harness.try_out(kTestUnitReady, {.initiator = 1}), "6/2A09");
  EXPECT_EQ(harness.try_out({0x28, 0, 0, 0, 0x0F, 0xFF, 0, 0, 1, 0}), "GOOD");
  const std::unique_ptr<block::Volume> same = Harness::ram(4096);
  harness.unit.replace_volume(*same);
  EXPECT_EQ(harness.try_out(kTestUnitReady), "GOOD");
  harness.unit.set_options({.read_only = true});
  EXPECT_EQ(harness.try_out(kTestUnitReady), "6/2A01");
  harness.unit.set_options({.read_only = true, .removable = true});
  EXPECT_EQ(harness.try_out(kTestUnitReady), "6/3F03");
  harness.unit.replace_volume(*harness.volume);
}

TEST(RemovableUnit, EjectsAndLoads) {
  Harness harness(Harness::ram(64), {.removable = true});
  const Bytes eject{0x1B, 0, 0, 0, 0x02, 0};
  const Bytes load{0x1B, 0, 0, 0, 0x03, 0};
  EXPECT_EQ(harness.try_out({0x1E, 0, 0, 0, 1, 0}, {.initiator = 1}), "GOOD");
  EXPECT_EQ(harness.try_out(eject), "5/5302");
  EXPECT_EQ(harness.try_out({0x1E, 0, 0, 0, 0, 0}, {.initiator = 1}), "GOOD");
  EXPECT_EQ(harness.try_out(eject), "GOOD");
  EXPECT_EQ(harness.try_out(kTestUnitReady), "2/3A00");
  EXPECT_EQ(harness.try_out({0x28, 0, 0, 0, 0, 0, 0, 0, 1, 0}), "2/3A00");
  EXPECT_EQ(harness.try_out({0x12, 0, 0, 0, 96, 0}), "GOOD");
  EXPECT_EQ(harness.try_out(load), "GOOD");
  EXPECT_EQ(harness.try_out(kTestUnitReady), "GOOD");
  EXPECT_EQ(harness.try_out(kTestUnitReady, {.initiator = 1}), "6/2800");
}

TEST(RemovableUnit, FixedOnesStayReady) {
  Harness harness;
  EXPECT_EQ(harness.try_out({0x1B, 0, 0, 0, 0x02, 0}), "5/2400 cdb 4.1");
  EXPECT_EQ(harness.try_out({0x1B, 0, 0, 0, 0x00, 0}), "GOOD");
  EXPECT_EQ(harness.try_out({0x1B, 0, 0, 0, 0x22, 0}), "GOOD");
  EXPECT_EQ(harness.try_out(kTestUnitReady), "GOOD");
  EXPECT_EQ(harness.try_out({0x1E, 0, 0, 0, 2, 0}), "5/2400 cdb 4.1");
}

}  // namespace
}  // namespace lunaria::scsi
