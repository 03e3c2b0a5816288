// The judge itself: what it must let pass, and what not.
#include "simulation/model_disk.h"

#include <gtest/gtest.h>

namespace lunaria::simulation {
namespace {

constexpr Range kRange{0, 1};

class ModelDiskTest : public ::testing::Test {
 protected:
  WriteIndex written(bool durable = false) {
    const WriteIndex write = disk.begin_write(kRange, false);
    disk.acknowledge(write, durable);
    return write;
  }
  bool reads(Origin origin, Tick began) {
    std::vector<std::byte> data(kSectorSize);
    fill_sectors(data, origin, 0);
    return !disk.judge_read(began, kRange, data);
  }
  bool reads(WriteIndex write) { return reads(disk.origin(write), ticks.next()); }
  bool reads_zeros() { return reads(kZeros, ticks.next()); }

  Ticks ticks;
  ModelDisk disk{ticks, 0, 4};
};

TEST_F(ModelDiskTest, ReadsSeeTheLastAcknowledgedWriteOnly) {
  EXPECT_TRUE(reads_zeros());
  const WriteIndex first = written();
  const WriteIndex second = written();
  EXPECT_FALSE(reads_zeros());
  EXPECT_FALSE(reads(first));
  EXPECT_TRUE(reads(second));
}

TEST_F(ModelDiskTest, AWriteInFlightMayBeSeenOrNotButIsNotUnseenAgain) {
  const WriteIndex write = disk.begin_write(kRange, false);
  EXPECT_TRUE(reads_zeros());
  const Tick before = ticks.next();
  EXPECT_TRUE(reads(write));
  EXPECT_FALSE(reads_zeros());
  EXPECT_TRUE(reads(kZeros, before)) << "a read that ran beside the one that saw it";
}

TEST_F(ModelDiskTest, FlushedWritesSurviveAPowerCut) {
  const WriteIndex kept = written();
  disk.flushed(ticks.next());
  const WriteIndex lost = written();
  disk.power_cut();
  EXPECT_FALSE(reads_zeros());
  EXPECT_TRUE(reads(kept));
  EXPECT_FALSE(reads(lost)) << "it was not what the cut left";
}

TEST_F(ModelDiskTest, AFlushSavesOnlyWhatWasAcknowledgedBeforeItBegan) {
  const WriteIndex write = disk.begin_write(kRange, false);
  const Tick began = ticks.next();
  disk.acknowledge(write, false);
  disk.flushed(began);
  disk.power_cut();
  EXPECT_TRUE(reads_zeros());
}

TEST_F(ModelDiskTest, WritesThroughSurvive) {
  written(true);
  disk.power_cut();
  EXPECT_FALSE(reads_zeros());
}

TEST_F(ModelDiskTest, AfterALostFlushNoLaterOneSavesWhatWasBeforeIt) {
  const WriteIndex write = written();
  disk.forget_cache();
  disk.flushed(ticks.next());
  EXPECT_TRUE(reads(write));
  disk.power_cut();
  EXPECT_TRUE(reads_zeros());
}

TEST_F(ModelDiskTest, AnUnfinishedWriteHappensNoLaterThanItsEnd) {
  const WriteIndex aborted = disk.begin_write(kRange, false);
  disk.end_unknown(aborted);
  const WriteIndex newer = written();
  EXPECT_FALSE(reads(aborted));
  EXPECT_TRUE(reads(newer));
}

TEST_F(ModelDiskTest, NobodysBytesAndWithdrawnWritesAreUnlawful) {
  const WriteIndex refused = disk.begin_write(kRange, false);
  disk.withdraw(refused);
  EXPECT_FALSE(reads(refused));
  EXPECT_TRUE(disk.judge_read(ticks.next(), kRange, std::vector<std::byte>(kSectorSize, std::byte{7})));
}

TEST_F(ModelDiskTest, OneValueIsFoundByOneCompareAndWrite) {
  const WriteIndex write = written();
  std::vector<std::byte> data(kSectorSize);
  fill_sectors(data, disk.origin(write), 0);
  const Tick began = ticks.next();
  EXPECT_FALSE(disk.judge_compare(began, kRange, data));
  EXPECT_TRUE(disk.judge_compare(began, kRange, data));
  EXPECT_TRUE(disk.judge_miscompare(began, kRange, data)) << "it is there";
}

}  // namespace
}  // namespace lunaria::simulation
