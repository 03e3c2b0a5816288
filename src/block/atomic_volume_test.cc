#include "block/atomic_volume.h"

#include <gtest/gtest.h>

#include <numeric>

#include "block/atomic_journal.h"
#include "block/open_volume.h"
#include "runtime/gate.h"
#include "sim/file_system.h"
#include "sim/world.h"

namespace lunaria::block {
namespace {

constexpr std::size_t kLength = 64 * 4096;

/// A disk in a simulated file, opened again after each crash.
class AtomicVolumeTest : public ::testing::Test {
 protected:
  AtomicVolumeTest() {
    EXPECT_TRUE(files_.create_directories("/disks"));
    spec_.path = "/disks/one.img";
    spec_.geometry = {.logical_block_size = 4096, .physical_block_size = 4096, .block_count = 256};
    EXPECT_TRUE(create_volume_file(files_, spec_));
    open();
  }
  ~AtomicVolumeTest() override { close(); }

  void open() { volume_ = open_volume(files_, shard_, spec_); }
  void close() {
    world_.run_until_idle();
    volume_.reset();
  }
  IoStatus run(IoOperation operation, std::uint64_t offset, std::vector<std::byte>& memory, bool durable = false) {
    IoStatus status = IoStatus::kFailed;
    runtime::spawn(gate_, work(operation, offset, memory, durable, status));
    world_.run_until_idle();
    return status;
  }
  IoStatus write(IoOperation operation, std::uint64_t offset, std::byte value, std::size_t length = kLength) {
    std::vector<std::byte> data(length, value);
    return run(operation, offset, data);
  }
  IoStatus flush() {
    std::vector<std::byte> none;
    return run(IoOperation::kFlush, 0, none);
  }
  std::vector<std::byte> read(std::uint64_t offset, std::size_t length = kLength) {
    std::vector<std::byte> data(length);
    EXPECT_EQ(run(IoOperation::kRead, offset, data), IoStatus::kOk);
    return data;
  }

  sim::World world_;
  sim::SimShard& shard_ = world_.add_shard();
  sim::SimFileSystem files_{world_};
  VolumeSpec spec_;
  std::unique_ptr<Volume> volume_;
  runtime::Gate gate_;

 private:
  runtime::Task<void> work(IoOperation operation, std::uint64_t offset, std::vector<std::byte>& memory, bool durable,
                           IoStatus& status) {
    Io io(*volume_, operation, offset, memory.size(), memory, durable);
    status = co_await io;
  }
};

TEST_F(AtomicVolumeTest, WritesAndSurvivesAPowerCutWithoutAFlush) {
  ASSERT_EQ(write(IoOperation::kWriteAtomic, 0, std::byte{1}), IoStatus::kOk);
  EXPECT_EQ(read(0), std::vector(kLength, std::byte{1}));
  files_.power_cut();
  close();
  open();
  EXPECT_EQ(read(0), std::vector(kLength, std::byte{1}));
  EXPECT_FALSE(files_.status(atomic_journal_path(spec_.path)));  // played back, and gone
}

// Whatever call the power fails at: all old or all new, and new when it had been answered.
TEST_F(AtomicVolumeTest, LeavesAllOldOrAllNewAtEveryCut) {
  ASSERT_EQ(write(IoOperation::kWrite, 0, std::byte{1}), IoStatus::kOk);
  ASSERT_EQ(flush(), IoStatus::kOk);
  std::uint8_t old_value = 1;
  bool was_answered = false;
  for (std::uint64_t call = 1; call < 40 && !was_answered; ++call) {
    const auto new_value = static_cast<std::uint8_t>(old_value + 1);
    files_.fail_call(call, sim::Fate::error(EIO));
    was_answered = write(IoOperation::kWriteAtomic, 0, std::byte{new_value}) == IoStatus::kOk;
    files_.power_cut();
    close();
    files_.set_faults({});
    open();
    const std::vector<std::byte> found = read(0);
    const std::byte first = found.front();
    ASSERT_EQ(found, std::vector(kLength, first)) << call;
    ASSERT_TRUE(first == std::byte{new_value} || (!was_answered && first == std::byte{old_value})) << call;
    old_value = std::to_integer<std::uint8_t>(first);
  }
  EXPECT_TRUE(was_answered);
}

// An ordinary write to a range that the journal holds is newer: playing back must not undo it.
TEST_F(AtomicVolumeTest, NeverBringsOldDataOverNew) {
  ASSERT_EQ(write(IoOperation::kWriteAtomic, 0, std::byte{1}), IoStatus::kOk);
  ASSERT_EQ(write(IoOperation::kWrite, 4096, std::byte{2}, 4096), IoStatus::kOk);
  ASSERT_EQ(write(IoOperation::kUnmap, 8192, std::byte{}, 4096), IoStatus::kOk);
  files_.process_crash();
  close();
  open();
  EXPECT_EQ(read(4096, 4096), std::vector(4096, std::byte{2}));
  EXPECT_EQ(read(8192, 4096), std::vector(4096, std::byte{0}));
  EXPECT_EQ(read(0, 4096), std::vector(4096, std::byte{1}));
}

TEST_F(AtomicVolumeTest, EmptiesItsJournalWhenItIsFull) {
  for (std::uint8_t i = 0; i < 200; ++i) {
    ASSERT_EQ(write(IoOperation::kWriteAtomic, 0, std::byte{i}), IoStatus::kOk);
  }
  EXPECT_LE(files_.status(atomic_journal_path(spec_.path))->size, AtomicVolume::kJournalMax);
  files_.power_cut();
  close();
  open();
  EXPECT_EQ(read(0), std::vector(kLength, std::byte{199}));
}

TEST_F(AtomicVolumeTest, AFullStoreRefusesTheWriteAndChangesNothing) {
  ASSERT_EQ(write(IoOperation::kWrite, 0, std::byte{1}), IoStatus::kOk);
  files_.options().capacity = kLength;
  EXPECT_EQ(write(IoOperation::kWriteAtomic, 0, std::byte{2}), IoStatus::kNoSpace);
  EXPECT_EQ(read(0), std::vector(kLength, std::byte{1}));
}

TEST_F(AtomicVolumeTest, IsNotForBlockDevicesAndReadOnlyDisks) {
  files_.add_device("/dev/sdx", 256 * 4096);
  VolumeSpec device = spec_;
  device.path = "/dev/sdx";
  EXPECT_EQ(open_volume(files_, shard_, device)->features().atomic_length_max, 0U);
  VolumeSpec read_only = spec_;
  read_only.read_only = true;
  EXPECT_EQ(open_volume(files_, shard_, read_only)->features().atomic_length_max, 0U);
}

TEST(AtomicJournal, RefusesBrokenBlocks) {
  std::vector<std::byte> block(kJournalBlock);
  const JournalBlock bytes(block.data(), kJournalBlock);
  encode_journal_head(7, bytes);
  EXPECT_EQ(decode_journal_head(bytes), 7U);
  std::uint32_t crc = 0;
  EXPECT_FALSE(decode_record(bytes, crc));
  for (std::size_t at = 0; at < 36; ++at) {
    block[at] ^= std::byte{1};
    EXPECT_FALSE(decode_journal_head(bytes)) << at;
    block[at] ^= std::byte{1};
  }
}

}  // namespace
}  // namespace lunaria::block
