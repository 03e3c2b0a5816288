// WRITE ATOMIC(16).
#include <gtest/gtest.h>

#include "block/fault_volume.h"
#include "scsi/harness_test.h"

namespace lunaria::scsi {
namespace {

using testing::Bytes;
using testing::Harness;
using testing::outcome;

Bytes write_atomic(std::uint16_t lba, std::uint16_t blocks, std::uint8_t flags = 0, std::uint16_t boundary = 0) {
  const auto high = [](std::uint16_t value) { return static_cast<std::uint8_t>(value >> 8); };
  const auto low = [](std::uint16_t value) { return static_cast<std::uint8_t>(value); };
  return {0x9C,          flags,        0,           0, 0, 0, 0, 0, high(lba), low(lba), high(boundary),
          low(boundary), high(blocks), low(blocks), 0, 0};
}

TEST(WriteAtomic, WritesItsBlocks) {
  Harness harness;
  EXPECT_EQ(harness.try_out(write_atomic(3, 2, 0x18), {.data_out = Bytes(1024, 6)}), "GOOD");
  EXPECT_EQ(harness.run({0x28, 0, 0, 0, 0, 3, 0, 0, 2, 0})->data_in(), Bytes(1024, 6));
  EXPECT_EQ(harness.try_out(write_atomic(0, 0)), "GOOD");
}

TEST(WriteAtomic, RefusesWhatCannotBeOne) {
  Harness harness(Harness::ram(8192));
  EXPECT_EQ(harness.try_out(write_atomic(8191, 2), {.data_out = Bytes(1024)}), "5/2100");
  EXPECT_EQ(harness.try_out(write_atomic(8192, 0)), "5/2100");
  EXPECT_EQ(harness.try_out(write_atomic(0, 2048), {.data_out = Bytes(std::size_t{1} << 20)}), "GOOD");
  EXPECT_EQ(harness.try_out(write_atomic(0, 2049), {.data_out = Bytes(std::size_t{2} << 20)}), "5/2400 cdb 12");
  EXPECT_EQ(harness.try_out(write_atomic(0, 2, 0, 1), {.data_out = Bytes(1024)}), "5/2400 cdb 10");
  EXPECT_EQ(harness.try_out(write_atomic(0, 2), {.data_out = Bytes(1023)}), "5/0E03");
  EXPECT_EQ(harness.try_out(write_atomic(0, 2, 0x20), {.data_out = Bytes(1024)}), "5/2400 cdb 1.5");
  EXPECT_EQ(harness.try_out(write_atomic(0, 1), {.data_out = Bytes(512), .read_only = true}), "7/2700");
}

// A reader of the range waits until all of it is written.
TEST(WriteAtomic, IsSeenWholeByOthers) {
  auto faults = std::make_unique<block::FaultVolume>(Harness::ram(2048));
  block::FaultVolume& volume = *faults;
  Harness harness(std::move(faults));
  volume.set_fault(block::Fault{.operation = block::IoOperation::kWriteAtomic});
  const auto write = harness.start(write_atomic(0, 4), {.data_out = Bytes(2048, 4)});
  const auto reader = harness.start({0x28, 0, 0, 0, 0, 1, 0, 0, 1, 0}, {.initiator = 1});
  EXPECT_EQ(outcome(*reader), "NOT DONE");
  volume.release();
  harness.world.run_until_idle();
  EXPECT_EQ(outcome(*write), "GOOD");
  EXPECT_EQ(reader->data_in(), Bytes(512, 4));
}

}  // namespace
}  // namespace lunaria::scsi
