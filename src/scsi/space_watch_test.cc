// Thresholds of the space that is left to thin units and of what they take, and what happens when none is left
// (SBC-4 4.7.3.7, 4.7.3.8).
#include <gtest/gtest.h>

#include "block/fault_volume.h"
#include "scsi/harness_test.h"
#include "scsi/mode_pages.h"

namespace lunaria::scsi {
namespace {

using testing::Bytes;
using testing::Harness;

constexpr std::uint64_t kMiB = 1 << 20;

/// What the store of a thin volume says.
struct Store {
  std::uint64_t available = 0;
  std::uint64_t used = 0;
  std::size_t asked = 0;
};

/// A thin volume whose store has as much space as the test says.
class ThinVolume final : public block::Volume {
 public:
  ThinVolume(std::unique_ptr<block::Volume> below, Store& store, bool is_thin = true)
      : below_(std::move(below)), store_(store), is_thin_(is_thin) {}
  block::Geometry geometry() const override { return below_->geometry(); }
  block::Features features() const override {
    block::Features features = below_->features();
    features.thin = is_thin_;
    features.unmap = is_thin_;
    return features;
  }
  bool submit(block::Request& request) noexcept override {
    if (request.operation != block::IoOperation::kSpace) {
      return below_->submit(request);
    }
    ++store_.asked;
    request.available = store_.available;
    request.used = store_.used;
    return true;
  }
  std::optional<std::string> failure() const override { return below_->failure(); }

 private:
  std::unique_ptr<block::Volume> below_;
  Store& store_;
  bool is_thin_;
};

/// What a MODE SELECT makes of one threshold; `count` in MiB.
struct Choice {
  bool is_enabled = false;
  std::uint32_t count = 0;
};

class SpaceWatchTest : public ::testing::Test {
 protected:
  static constexpr std::uint64_t kThreshold = 100 * kMiB;
  /// Writes so much that the volume is asked.
  std::string write(std::size_t initiator = 0) {
    std::string ended;
    for (int i = 0; i < 8; ++i) {
      ended = harness_.try_out({0x2A, 0, 0, 0, 0, 0, 0, 0x04, 0, 0},
                               {.data_out = Bytes(1024 * 512, 1), .initiator = initiator});
    }
    return ended;
  }
  std::string test_unit_ready(std::size_t initiator) {
    return harness_.try_out({0, 0, 0, 0, 0, 0}, {.initiator = initiator});
  }
  Bytes sense_page(std::uint8_t control = 0) {
    return harness_.run({0x1A, 0x08, static_cast<std::uint8_t>(control | 0x1C), 0x02, 255, 0})->data_in();
  }
  std::string select_thresholds(Choice available, Choice used = {}) {
    Bytes list(36);
    list[4] = 0x5C;
    list[5] = 0x02;
    list[7] = 28;
    list[20] = available.is_enabled ? 0x82 : 0x02;
    list[21] = 0x01;
    list[27] = static_cast<std::uint8_t>(available.count);
    list[28] = used.is_enabled ? 0x81 : 0x01;
    list[29] = 0x02;
    list[35] = static_cast<std::uint8_t>(used.count);
    return harness_.try_out({0x15, 0x10, 0, 0, 36, 0}, {.data_out = list});
  }
  std::string unmap(std::uint32_t blocks) {
    Bytes list(24);
    list[1] = 22;
    list[3] = 16;
    list[18] = static_cast<std::uint8_t>(blocks >> 8);
    list[19] = static_cast<std::uint8_t>(blocks);
    return harness_.try_out({0x42, 0, 0, 0, 0, 0, 0, 0, 24, 0}, {.data_out = list});
  }

  Store store_{200 * kMiB};
  Harness harness_{std::make_unique<ThinVolume>(Harness::ram(8192), store_), {.space_threshold = kThreshold}};
};

TEST_F(SpaceWatchTest, TellsEveryNexusOnceWhenTheThresholdIsReached) {
  EXPECT_EQ(write(), "GOOD");
  store_.available = kThreshold;
  EXPECT_EQ(write(), "GOOD");
  EXPECT_EQ(test_unit_ready(0), "6/3807");
  EXPECT_EQ(test_unit_ready(1), "6/3807");
  EXPECT_EQ(write(), "GOOD");
  EXPECT_EQ(test_unit_ready(1), "GOOD");
  EXPECT_TRUE(harness_.log.contains("scsi.unit.space_threshold_reached"));
}

TEST_F(SpaceWatchTest, TellsThemAgainAfterThereWasMore) {
  store_.available = kThreshold;
  write();
  harness_.drain_attentions();
  store_.available = kThreshold + 1;
  EXPECT_EQ(write(), "GOOD");
  store_.available = kThreshold - 1;
  EXPECT_EQ(write(1), "GOOD");
  EXPECT_EQ(test_unit_ready(1), "6/3807");
}

TEST_F(SpaceWatchTest, ShowsTheThresholdAndLetsItBeChanged) {
  EXPECT_EQ(sense_page(), (Bytes{35, 0, 0x10, 0, 0x5C, 2, 0, 28, 0, 0,   0,    0, 0, 0, 0, 0, 0, 0,
                                 0,  0, 0x82, 1, 0,    0, 0, 0,  0, 100, 0x01, 2, 0, 0, 0, 0, 0, 0}));
  EXPECT_EQ(sense_page(0x40).at(20), 0x80) << "changeable: ENABLED";
  EXPECT_EQ(sense_page(0x40).at(27), 0xFF);
  store_.available = 60 * kMiB;
  EXPECT_EQ(select_thresholds({true, 50}), "GOOD");
  EXPECT_EQ(write(), "GOOD");
  EXPECT_EQ(sense_page(0x80).at(27), 100) << "the default is the administrator's";
  EXPECT_EQ(select_thresholds({false, 200}), "GOOD");
  EXPECT_EQ(write(), "GOOD");
}

TEST_F(SpaceWatchTest, OneThatIsReachedAlreadyIsReportedWhenItIsSet) {
  EXPECT_EQ(select_thresholds({true, 220}), "GOOD");
  EXPECT_EQ(test_unit_ready(0), "6/3807");
}

TEST_F(SpaceWatchTest, AnAdministratorMayChangeIt) {
  harness_.unit.set_options({.space_threshold = 220 * kMiB});
  EXPECT_EQ(test_unit_ready(0), "6/2A01");
  EXPECT_EQ(test_unit_ready(0), "6/3807");
  harness_.unit.set_options({});
  EXPECT_EQ(test_unit_ready(0), "6/2A01");
  EXPECT_EQ(sense_page().at(20), 0x02);
}

TEST_F(SpaceWatchTest, TellsTheAdministratorOnceToo) {
  store_.available = kThreshold;
  write();
  write();
  EXPECT_EQ(harness_.reached,
            (std::vector<SpaceReached>{{SpaceReached::Resource::kAvailable, kThreshold, kThreshold}}));
}

TEST_F(SpaceWatchTest, UsedSpaceThatRisesToItsThresholdIsToldToEveryNexusOnce) {
  harness_.unit.set_options({.used_threshold = 64 * kMiB});
  harness_.drain_attentions();
  store_.used = 64 * kMiB - 1;
  EXPECT_EQ(write(), "GOOD");
  store_.used = 64 * kMiB;
  EXPECT_EQ(write(), "GOOD");
  EXPECT_EQ(test_unit_ready(0), "6/3807");
  EXPECT_EQ(test_unit_ready(1), "6/3807");
  store_.used = 65 * kMiB;
  EXPECT_EQ(write(), "GOOD");
  EXPECT_EQ(test_unit_ready(0), "GOOD");
  EXPECT_EQ(test_unit_ready(1), "GOOD");
  EXPECT_EQ(harness_.reached, (std::vector<SpaceReached>{{SpaceReached::Resource::kUsed, 64 * kMiB, 64 * kMiB}}));
}

TEST_F(SpaceWatchTest, UnmappingArmsTheThresholdOfUsedSpaceAgain) {
  harness_.unit.set_options({.used_threshold = 64 * kMiB});
  store_.used = 70 * kMiB;
  write();
  harness_.drain_attentions();
  store_.used = 60 * kMiB;
  EXPECT_EQ(unmap(8192), "GOOD");
  store_.used = 64 * kMiB;
  EXPECT_EQ(write(), "GOOD");
  EXPECT_EQ(test_unit_ready(0), "6/3807");
}

TEST_F(SpaceWatchTest, AWriteSameCountsAllThatItWrites) {
  store_.available = kThreshold;
  const Bytes write_same{0x41, 0, 0, 0, 0, 0, 0, 0x20, 0, 0};  // 8192 blocks of one
  EXPECT_EQ(harness_.try_out(write_same, {.data_out = Bytes(512, 1)}), "GOOD");
  EXPECT_EQ(test_unit_ready(1), "6/3807");
}

TEST_F(SpaceWatchTest, BothThresholdsAreSetByModeSelect) {
  EXPECT_EQ(select_thresholds({true, 100}, {true, 32}), "GOOD");
  EXPECT_EQ(sense_page().at(28), 0x81) << "ENABLED, armed increasing";
  EXPECT_EQ(sense_page().at(29), 0x02) << "of used space";
  EXPECT_EQ(sense_page().at(35), 32);
  EXPECT_EQ(sense_page(0x40).at(28), 0x80);
  EXPECT_EQ(sense_page(0x80).at(28), 0x01) << "the administrator has set none";
  store_.used = 32 * kMiB;
  EXPECT_EQ(write(), "GOOD");
  EXPECT_EQ(test_unit_ready(0), "6/3807");
}

TEST_F(SpaceWatchTest, AThresholdThatChangesIsArmedAnew) {
  store_.available = 90 * kMiB;
  write();
  harness_.drain_attentions();
  EXPECT_EQ(select_thresholds({true, 95}), "GOOD");
  EXPECT_EQ(test_unit_ready(0), "6/3807");
}

TEST_F(SpaceWatchTest, WithoutAThresholdNobodyAsks) {
  harness_.unit.set_options({});
  harness_.drain_attentions();
  const std::size_t asked = store_.asked;
  write();
  EXPECT_EQ(unmap(8192), "GOOD");
  EXPECT_EQ(store_.asked, asked);
}

TEST(SpaceThreshold, IsRoundedToTheSideThatTellsEarly) {
  EXPECT_EQ(SpaceThreshold::falling_to(0), SpaceThreshold{});
  EXPECT_EQ(SpaceThreshold::falling_to(1).bytes(), kMiB);
  EXPECT_EQ(SpaceThreshold::falling_to(5 * kMiB).bytes(), 5 * kMiB);
  EXPECT_EQ(SpaceThreshold::falling_to(UINT64_MAX).count, UINT32_MAX);
  EXPECT_EQ(SpaceThreshold::rising_to(0), SpaceThreshold{});
  EXPECT_EQ(SpaceThreshold::rising_to(1).bytes(), kMiB);
  EXPECT_EQ(SpaceThreshold::rising_to(3 * kMiB - 1).bytes(), 2 * kMiB);
  EXPECT_EQ(SpaceThreshold::rising_to(UINT64_MAX).count, UINT32_MAX);
}

TEST_F(SpaceWatchTest, IsSilentWithoutReporting) {
  const Bytes list{0, 0, 0, 0, 0x01, 0x0A, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};  // LBPERE off
  EXPECT_EQ(harness_.try_out({0x15, 0x10, 0, 0, 16, 0}, {.data_out = list}), "GOOD");
  store_.available = 0;
  EXPECT_EQ(write(), "GOOD");
}

TEST(SpaceWatch, UnitsThatAreNotThinHaveNone) {
  Store store;
  Harness harness(std::make_unique<ThinVolume>(Harness::ram(2048), store, false),
                  {.space_threshold = kMiB, .used_threshold = kMiB});
  EXPECT_EQ(harness.run({0x1A, 0x08, 0x1C, 0x02, 255, 0})->data_in().at(20), 0x02);
  EXPECT_EQ(harness.run({0x1A, 0x08, 0x1C, 0x02, 255, 0})->data_in().at(28), 0x01);
  EXPECT_EQ(harness.run({0x1A, 0x08, 0x5C, 0x02, 255, 0})->data_in().at(20), 0x00);
  EXPECT_EQ(harness.run({0x1A, 0x08, 0x5C, 0x02, 255, 0})->data_in().at(28), 0x00);
  EXPECT_EQ(store.asked, 0U);
}

TEST(SpaceWatch, AFullStoreIsNoMediumError) {
  auto faults = std::make_unique<block::FaultVolume>(Harness::ram(2048));
  block::FaultVolume& volume = *faults;
  Harness harness(std::move(faults));
  volume.set_fault(block::Fault{.operation = block::IoOperation::kWrite, .status = block::IoStatus::kNoSpace});
  const Bytes write{0x2A, 0, 0, 0, 0, 0, 0, 0, 1, 0};
  EXPECT_EQ(harness.try_out(write, {.data_out = Bytes(512, 1)}), "7/2707");
  EXPECT_EQ(harness.try_out(write, {.data_out = Bytes(512, 1)}), "GOOD") << "once there is room again";
}

}  // namespace
}  // namespace lunaria::scsi
