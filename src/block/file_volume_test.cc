#include "block/file_volume.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <vector>

#include "block/open_volume.h"
#include "runtime/gate.h"
#include "sim/file_system.h"
#include "sim/world.h"

namespace lunaria::block {
namespace {

using Bytes = std::vector<std::byte>;
using sim::Call;
using sim::CallKind;
using sim::Fate;

runtime::Task<void> perform(Volume& volume, IoOperation operation, std::uint64_t offset, std::uint64_t length,
                            std::span<std::byte> memory, bool durable, IoStatus& status, bool& done) {
  status = co_await Io(volume, operation, offset, length, memory, durable);
  done = true;
}

/// One disk file of 1 MiB on a simulated disk.
class FileVolumeTest : public ::testing::TestWithParam<bool> {
 protected:
  FileVolumeTest() { open(); }
  ~FileVolumeTest() override { gate_.close(); }

  VolumeSpec spec() const {
    VolumeSpec spec;
    spec.path = "/disks/one.img";
    spec.geometry = {.logical_block_size = 512, .physical_block_size = 4096, .block_count = 2048};
    spec.thin = GetParam();
    return spec;
  }
  void open() {
    if (!files_.status(spec().path)) {
      ASSERT_TRUE(files_.create_directories("/disks"));
      ASSERT_TRUE(create_volume_file(files_, spec()));
    }
    volume_ = open_volume(files_, shard_, spec());
    static_cast<void>(flush());  // the first request looks for a journal: the faults of tests are for later ones
  }
  IoStatus run(IoOperation operation, std::uint64_t offset, std::uint64_t length, std::span<std::byte> memory,
               bool durable = false) {
    IoStatus status = IoStatus::kOk;
    bool done = false;
    shard_.run([&] { spawn(gate_, perform(*volume_, operation, offset, length, memory, durable, status, done)); });
    world_.run_until_idle();
    EXPECT_TRUE(done);
    return status;
  }
  IoStatus write(std::uint64_t offset, std::uint8_t value, std::size_t length, bool durable = false) {
    Bytes bytes(length, std::byte{value});
    return run(IoOperation::kWrite, offset, length, bytes, durable);
  }
  IoStatus flush() { return run(IoOperation::kFlush, 0, 0, {}); }
  Bytes read(std::uint64_t offset, std::size_t length) {
    Bytes bytes(length, std::byte{0xEE});
    EXPECT_EQ(run(IoOperation::kRead, offset, length, bytes), IoStatus::kOk);
    return bytes;
  }
  /// Every call of a kind fails with an errno.
  void fail_all(CallKind kind, int error) {
    files_.set_faults([=](const Call& call) { return call.kind == kind ? Fate::error(error) : Fate::proceed(); });
  }

  sim::World world_;
  sim::SimShard& shard_ = world_.add_shard();
  sim::SimFileSystem files_{world_};
  std::unique_ptr<Volume> volume_;
  runtime::Gate gate_;
};

INSTANTIATE_TEST_SUITE_P(ThinAndPreallocated, FileVolumeTest, ::testing::Bool());

TEST_P(FileVolumeTest, KeepsWhatWasWritten) {
  EXPECT_EQ(write(512, 5, 1024), IoStatus::kOk);
  EXPECT_EQ(read(512, 1024), Bytes(1024, std::byte{5}));
  EXPECT_EQ(read(0, 512), Bytes(512, std::byte{0}));
}

TEST_P(FileVolumeTest, KeepsFlushedAndDurableWritesOverAPowerCut) {
  EXPECT_EQ(write(0, 1, 4096), IoStatus::kOk);
  EXPECT_EQ(flush(), IoStatus::kOk);
  EXPECT_EQ(write(8192, 2, 4096, true), IoStatus::kOk);
  files_.power_cut();
  open();
  EXPECT_EQ(volume_->failure(), std::nullopt);
  EXPECT_EQ(read(0, 4096), Bytes(4096, std::byte{1}));
  EXPECT_EQ(read(8192, 4096), Bytes(4096, std::byte{2}));
}

TEST_P(FileVolumeTest, WritesZerosAlsoWhereTheFileSystemCannot) {
  for (const bool is_able : {true, false}) {
    open();
    if (!is_able) {
      fail_all(CallKind::kDiscard, EOPNOTSUPP);
    }
    write(0, 9, 64 * 1024);
    EXPECT_EQ(run(IoOperation::kWriteZeroes, 512, 1024, {}, true), IoStatus::kOk);
    Bytes expected(64 * 1024, std::byte{9});
    std::fill_n(expected.begin() + 512, 1024, std::byte{0});
    EXPECT_EQ(read(0, 64 * 1024), expected);
    EXPECT_EQ(run(IoOperation::kWriteZeroes, 0, 1 << 20, {}), IoStatus::kOk);
    EXPECT_EQ(read(0, 1 << 20), Bytes(1 << 20, std::byte{0}));
  }
}

TEST_P(FileVolumeTest, UnmapFreesSpaceOfThinDisksOnly) {
  write(0, 9, 64 * 1024);
  const bool thin = GetParam();
  EXPECT_EQ(volume_->features().unmap, thin);
  EXPECT_EQ(run(IoOperation::kUnmap, 0, 64 * 1024, {}), IoStatus::kOk);
  EXPECT_EQ(read(0, 64 * 1024), Bytes(64 * 1024, std::byte{static_cast<std::uint8_t>(thin ? 0 : 9)}));
  auto file = files_.open(spec().path, {});
  EXPECT_EQ(*(*file)->allocated_size(), thin ? 0U : 1U << 20);
}

TEST_P(FileVolumeTest, ALostFlushFailsTheDiskForGood) {
  write(0, 1, 512);
  files_.fail_call(1, Fate::error(EIO));
  EXPECT_EQ(flush(), IoStatus::kFailed);
  ASSERT_TRUE(volume_->failure());
  EXPECT_NE(volume_->failure()->find("flush"), std::string::npos);
  EXPECT_EQ(flush(), IoStatus::kFailed);
  EXPECT_EQ(write(0, 1, 512), IoStatus::kFailed);
  Bytes bytes(512);
  EXPECT_EQ(run(IoOperation::kRead, 0, 512, bytes), IoStatus::kFailed);
}

TEST_P(FileVolumeTest, ALostDurableWriteFailsTheDisk) {
  files_.fail_call(1, Fate::error(EIO));
  EXPECT_EQ(write(0, 1, 512, true), IoStatus::kFailed);
  EXPECT_TRUE(volume_->failure());
}

TEST_P(FileVolumeTest, AFailedPlainCallOnlyFailsItself) {
  files_.fail_call(1, Fate::error(EIO));
  EXPECT_EQ(write(0, 1, 512), IoStatus::kMediumWriteError);
  files_.fail_call(1, Fate::error(EIO));
  Bytes bytes(512);
  EXPECT_EQ(run(IoOperation::kRead, 0, 512, bytes), IoStatus::kMediumReadError);
  EXPECT_EQ(volume_->failure(), std::nullopt);
  EXPECT_EQ(write(0, 1, 512), IoStatus::kOk);
}

TEST_P(FileVolumeTest, TellsAFullDiskFromAFlushThatFoundNoSpace) {
  fail_all(CallKind::kWrite, ENOSPC);
  EXPECT_EQ(write(0, 1, 512), IoStatus::kNoSpace);
  EXPECT_EQ(write(0, 1, 512, true), IoStatus::kNoSpace);
  EXPECT_EQ(volume_->failure(), std::nullopt);
  files_.set_faults({});
  files_.fail_call(1, Fate::error(ENOSPC));
  EXPECT_EQ(write(0, 1, 512, true), IoStatus::kFailed);
  EXPECT_TRUE(volume_->failure());
}

TEST_P(FileVolumeTest, FailsWhenItsStoreHasGone) {
  files_.fail_call(1, Fate::error(ESTALE));
  EXPECT_EQ(write(0, 1, 512), IoStatus::kFailed);
  EXPECT_NE(volume_->failure().value_or("").find("has gone"), std::string::npos);
}

TEST_P(FileVolumeTest, FailsWhenItsFileWasCut) {
  auto file = files_.open(spec().path, {});
  ASSERT_TRUE((*file)->truncate(4096));
  Bytes bytes(8192);
  EXPECT_EQ(run(IoOperation::kRead, 0, 8192, bytes), IoStatus::kFailed);
  EXPECT_NE(volume_->failure().value_or("").find("ends at byte 4096"), std::string::npos);
}

TEST_P(FileVolumeTest, RefusesChangesWhenReadOnly) {
  VolumeSpec read_only = spec();
  read_only.read_only = true;
  volume_ = open_volume(files_, shard_, read_only);
  EXPECT_EQ(write(0, 1, 512), IoStatus::kWriteProtected);
  EXPECT_EQ(run(IoOperation::kUnmap, 0, 512, {}), IoStatus::kWriteProtected);
  EXPECT_EQ(run(IoOperation::kWriteZeroes, 0, 512, {}), IoStatus::kWriteProtected);
  EXPECT_EQ(read(0, 512), Bytes(512, std::byte{0}));
}

runtime::Task<void> write_many(Volume& volume, std::size_t count, std::size_t& good) {
  Bytes bytes(512, std::byte{3});
  for (std::size_t i = 0; i < count; ++i) {
    const IoStatus status = co_await block::write(volume, i * 512, bytes, false);
    good += status == IoStatus::kOk ? 1 : 0;
  }
}

TEST_P(FileVolumeTest, ServesManyRequestsAtATime) {
  std::size_t good = 0;
  shard_.run([&] {
    for (int i = 0; i < 100; ++i) {
      spawn(gate_, write_many(*volume_, 20, good));
    }
  });
  world_.run_until_idle();
  EXPECT_EQ(good, 2000U);
}

}  // namespace
}  // namespace lunaria::block
