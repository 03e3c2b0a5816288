// Thresholds of the space that is left to thin units, and what happens when none is (SBC-4 4.7.3.7, 4.7.3.8).
#include <gtest/gtest.h>

#include "block/fault_volume.h"
#include "scsi/harness_test.h"

namespace lunaria::scsi {
namespace {

using testing::Bytes;
using testing::Harness;

constexpr std::uint64_t kMiB = 1 << 20;

/// A thin volume whose store has as much space left as the test says.
class ThinVolume final : public block::Volume {
 public:
  ThinVolume(std::unique_ptr<block::Volume> below, const std::uint64_t& available, bool is_thin = true)
      : below_(std::move(below)), available_(available), is_thin_(is_thin) {}
  block::Geometry geometry() const override { return below_->geometry(); }
  block::Features features() const override {
    block::Features features = below_->features();
    features.thin = is_thin_;
    return features;
  }
  bool submit(block::Request& request) noexcept override {
    if (request.operation != block::IoOperation::kSpace) {
      return below_->submit(request);
    }
    request.available = available_;
    return true;
  }
  std::optional<std::string> failure() const override { return below_->failure(); }

 private:
  std::unique_ptr<block::Volume> below_;
  const std::uint64_t& available_;
  bool is_thin_;
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
  std::string select_threshold(bool is_enabled, std::uint32_t count) {
    Bytes list(28);
    list[4] = 0x5C;
    list[5] = 0x02;
    list[7] = 20;
    list[20] = is_enabled ? 0x82 : 0x02;
    list[21] = 0x01;
    list[27] = static_cast<std::uint8_t>(count);
    return harness_.try_out({0x15, 0x10, 0, 0, 28, 0}, {.data_out = list});
  }

  std::uint64_t available_ = 200 * kMiB;
  Harness harness_{std::make_unique<ThinVolume>(Harness::ram(8192), available_), {.space_threshold = kThreshold}};
};

TEST_F(SpaceWatchTest, TellsEveryNexusOnceWhenTheThresholdIsReached) {
  EXPECT_EQ(write(), "GOOD");
  available_ = kThreshold;
  EXPECT_EQ(write(), "GOOD");
  EXPECT_EQ(test_unit_ready(0), "6/3807");
  EXPECT_EQ(test_unit_ready(1), "6/3807");
  EXPECT_EQ(write(), "GOOD");
  EXPECT_EQ(test_unit_ready(1), "GOOD");
  EXPECT_TRUE(harness_.log.contains("scsi.unit.space_threshold_reached"));
}

TEST_F(SpaceWatchTest, TellsThemAgainAfterThereWasMore) {
  available_ = kThreshold;
  write();
  harness_.drain_attentions();
  available_ = kThreshold + 1;
  EXPECT_EQ(write(), "GOOD");
  available_ = kThreshold - 1;
  EXPECT_EQ(write(1), "GOOD");
  EXPECT_EQ(test_unit_ready(1), "6/3807");
}

TEST_F(SpaceWatchTest, ShowsTheThresholdAndLetsItBeChanged) {
  EXPECT_EQ(sense_page(),
            (Bytes{27, 0, 0x10, 0, 0x5C, 2, 0, 20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x82, 1, 0, 0, 0, 0, 0, 100}));
  EXPECT_EQ(sense_page(0x40).at(20), 0x80) << "changeable: ENABLED";
  EXPECT_EQ(sense_page(0x40).at(27), 0xFF);
  available_ = 60 * kMiB;
  EXPECT_EQ(select_threshold(true, 50), "GOOD");
  EXPECT_EQ(write(), "GOOD");
  EXPECT_EQ(sense_page(0x80).at(27), 100) << "the default is the administrator's";
  EXPECT_EQ(select_threshold(false, 200), "GOOD");
  EXPECT_EQ(write(), "GOOD");
}

TEST_F(SpaceWatchTest, OneThatIsReachedAlreadyIsReportedWhenItIsSet) {
  EXPECT_EQ(select_threshold(true, 220), "GOOD");
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

TEST_F(SpaceWatchTest, IsSilentWithoutReporting) {
  const Bytes list{0, 0, 0, 0, 0x01, 0x0A, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};  // LBPERE off
  EXPECT_EQ(harness_.try_out({0x15, 0x10, 0, 0, 16, 0}, {.data_out = list}), "GOOD");
  available_ = 0;
  EXPECT_EQ(write(), "GOOD");
}

TEST(SpaceWatch, UnitsThatAreNotThinHaveNone) {
  const std::uint64_t available = 0;
  Harness harness(std::make_unique<ThinVolume>(Harness::ram(2048), available, false), {.space_threshold = kMiB});
  EXPECT_EQ(harness.run({0x1A, 0x08, 0x1C, 0x02, 255, 0})->data_in().at(20), 0x02);
  EXPECT_EQ(harness.run({0x1A, 0x08, 0x5C, 0x02, 255, 0})->data_in().at(20), 0x00);
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
