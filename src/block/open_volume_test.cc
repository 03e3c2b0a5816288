#include "block/open_volume.h"

#include <gtest/gtest.h>

#include <cerrno>

#include "block/fault_volume.h"
#include "block/ram_volume.h"
#include "sim/file_system.h"
#include "sim/world.h"

namespace lunaria::block {
namespace {

using sim::Fate;

class OpenVolumeTest : public ::testing::Test {
 protected:
  OpenVolumeTest() { EXPECT_TRUE(files_.create_directories("/disks")); }
  static VolumeSpec spec(std::uint64_t blocks = 64, bool thin = true) {
    VolumeSpec spec;
    spec.path = "/disks/one.img";
    spec.geometry = {.logical_block_size = 4096, .physical_block_size = 4096, .block_count = blocks};
    spec.thin = thin;
    return spec;
  }
  std::string failure(const VolumeSpec& spec) {
    const auto volume = open_volume(files_, shard_, spec);
    EXPECT_EQ(volume->geometry().block_count, spec.geometry.block_count);
    return volume->failure().value_or("");
  }
  std::uint64_t allocated(const std::string& path) { return *(*files_.open(path, {}))->allocated_size(); }

  sim::World world_;
  sim::SimShard& shard_ = world_.add_shard();
  sim::SimFileSystem files_{world_};
};

TEST_F(OpenVolumeTest, CreatesThinAndPreallocatedFiles) {
  ASSERT_TRUE(create_volume_file(files_, spec()));
  EXPECT_EQ(files_.status("/disks/one.img")->size, 64U * 4096);
  EXPECT_EQ(allocated("/disks/one.img"), 0U);
  EXPECT_EQ(failure(spec()), "");
  VolumeSpec other = spec(64, false);
  other.path = "/disks/two.img";
  ASSERT_TRUE(create_volume_file(files_, other));
  EXPECT_EQ(files_.status(other.path)->size, 64U * 4096);
  EXPECT_EQ(allocated(other.path), 64U * 4096);
}

TEST_F(OpenVolumeTest, ACreatedFileSurvivesAPowerCut) {
  ASSERT_TRUE(create_volume_file(files_, spec()));
  files_.power_cut();
  EXPECT_EQ(failure(spec()), "");
}

TEST_F(OpenVolumeTest, LeavesAFileAloneThatIsThereAlready) {
  ASSERT_TRUE(create_volume_file(files_, spec()));
  EXPECT_EQ(create_volume_file(files_, spec(32)).error().code, EEXIST);
  EXPECT_EQ(files_.status("/disks/one.img")->size, 64U * 4096);
}

TEST_F(OpenVolumeTest, LeavesNothingBehindWhicheverCallFails) {
  for (const bool thin : {true, false}) {
    std::uint64_t call = 1;
    for (;; ++call) {
      ASSERT_LT(call, 20U);
      files_.fail_call(call, Fate::error(EIO));
      const auto created = create_volume_file(files_, spec(64, thin));
      files_.set_faults({});
      if (created) {
        break;
      }
      EXPECT_EQ(files_.status("/disks/one.img").error().code, ENOENT) << call;
    }
    EXPECT_GT(call, 3U);
    ASSERT_TRUE(files_.remove("/disks/one.img"));
  }
}

TEST_F(OpenVolumeTest, SaysThatAPreallocatedDiskDoesNotFit) {
  files_.options().capacity = 4096 * 32;
  EXPECT_EQ(create_volume_file(files_, spec(64, false)).error().code, ENOSPC);
  EXPECT_EQ(files_.status("/disks/one.img").error().code, ENOENT);
}

TEST_F(OpenVolumeTest, AMissingFileGivesAFailedVolumeThatSaysWhatToDo) {
  const std::string reason = failure(spec());
  EXPECT_NE(reason.find("/disks/one.img: No such file or directory (ENOENT)"), std::string::npos) << reason;
  EXPECT_NE(reason.find("enable the disk again"), std::string::npos) << reason;
}

TEST_F(OpenVolumeTest, AShortFileGivesAFailedVolume) {
  ASSERT_TRUE(create_volume_file(files_, spec(63)));
  EXPECT_NE(failure(spec()).find("has 258048 bytes, but the disk has 262144"), std::string::npos);
}

TEST_F(OpenVolumeTest, ResizesBothWays) {
  for (const bool thin : {true, false}) {
    ASSERT_TRUE(create_volume_file(files_, spec(64, thin)));
    ASSERT_TRUE(resize_volume_file(files_, spec(128, thin)));
    EXPECT_EQ(files_.status("/disks/one.img")->size, 128U * 4096);
    EXPECT_EQ(allocated("/disks/one.img"), thin ? 0U : 128U * 4096);
    ASSERT_TRUE(resize_volume_file(files_, spec(16, thin)));
    EXPECT_EQ(files_.status("/disks/one.img")->size, 16U * 4096);
    ASSERT_TRUE(files_.remove("/disks/one.img"));
  }
}

TEST_F(OpenVolumeTest, KeepsTheOldSizeWhenGrowthDoesNotFit) {
  ASSERT_TRUE(create_volume_file(files_, spec(64, false)));
  files_.options().capacity = 4096 * 100;
  EXPECT_EQ(resize_volume_file(files_, spec(128, false)).error().code, ENOSPC);
  EXPECT_EQ(files_.status("/disks/one.img")->size, 64U * 4096);
}

TEST_F(OpenVolumeTest, ServesBlockDevicesOfAtLeastTheSize) {
  files_.add_device("/dev/disk", 64 * 4096);
  VolumeSpec device = spec();
  device.path = "/dev/disk";
  EXPECT_EQ(failure(device), "");
  EXPECT_TRUE(resize_volume_file(files_, device));
  device.geometry.block_count = 65;
  EXPECT_NE(failure(device), "");
  EXPECT_EQ(resize_volume_file(files_, device).error().code, EINVAL);
}

TEST_F(OpenVolumeTest, TakesNoDeviceThatIsInUse) {
  files_.add_device("/dev/disk", 64 * 4096);
  VolumeSpec device = spec();
  device.path = "/dev/disk";
  files_.set_claimed("/dev/disk", true);
  EXPECT_NE(failure(device).find("It is in use: mounted"), std::string::npos) << failure(device);
  EXPECT_EQ(resize_volume_file(files_, device).error().code, EBUSY);
  device.read_only = true;
  EXPECT_NE(failure(device), "") << "what somebody else writes is not fit to be read either";
  files_.set_claimed("/dev/disk", false);
  EXPECT_EQ(failure(device), "");
}

TEST_F(OpenVolumeTest, RamNeedsNoFile) {
  VolumeSpec ram;
  ram.kind = VolumeKind::kRam;
  ram.geometry.block_count = 8;
  EXPECT_TRUE(create_volume_file(files_, ram));
  EXPECT_EQ(failure(ram), "");
  EXPECT_EQ(resize_volume_file(files_, ram).error().code, EINVAL);
  ram.geometry.block_count = std::uint64_t{1} << 54;
  EXPECT_NE(failure(ram).find("Make the disk smaller"), std::string::npos);
}

TEST(FaultVolume, FailsTheChosenCallsOnly) {
  FaultVolume volume(*RamVolume::create({512, 4096, 8}, false));
  volume.set_fault(Fault{.operation = IoOperation::kFlush, .first_call = 2, .status = IoStatus::kMediumWriteError});
  Request request;
  request.operation = IoOperation::kFlush;
  for (const IoStatus expected : {IoStatus::kOk, IoStatus::kMediumWriteError, IoStatus::kOk}) {
    EXPECT_TRUE(volume.submit(request));
    EXPECT_EQ(request.status, expected);
  }
  EXPECT_EQ(volume.call_count(), 3U);
}

TEST(FaultVolume, HangsUntilReleased) {
  FaultVolume volume(*RamVolume::create({512, 4096, 8}, false));
  volume.set_fault(Fault{});
  Request request;
  request.operation = IoOperation::kFlush;
  request.on_complete([](runtime::Operation& operation) noexcept {
    static_cast<Request&>(operation).length = 1;  // any mark that shows it was called
  });
  EXPECT_FALSE(volume.submit(request));
  EXPECT_EQ(volume.hung_count(), 1U);
  volume.release();
  EXPECT_EQ(request.length, 1U);
  EXPECT_EQ(volume.hung_count(), 0U);
}

}  // namespace
}  // namespace lunaria::block
