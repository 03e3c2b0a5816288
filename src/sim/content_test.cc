#include "sim/content.h"

#include <gtest/gtest.h>

#include <string>

namespace lunaria::sim {
namespace {

std::vector<std::byte> filled(std::size_t size, char with) {
  return std::vector<std::byte>(size, static_cast<std::byte>(with));
}

std::vector<std::byte> all_of(const Content& content) {
  std::vector<std::byte> bytes(content.size());
  EXPECT_EQ(content.read(0, bytes), bytes.size());
  return bytes;
}

TEST(Content, ReadsWhatWasWrittenAcrossPagesAndZerosInHoles) {
  Content content;
  content.write(kPageSize - 3, filled(6, 'a'));
  const std::vector<std::byte> bytes = all_of(content);
  ASSERT_EQ(bytes.size(), kPageSize + 3);
  EXPECT_EQ(bytes[kPageSize - 4], std::byte{0});
  EXPECT_EQ(bytes[kPageSize - 3], std::byte{'a'});
  EXPECT_EQ(bytes[kPageSize + 2], std::byte{'a'});
  std::vector<std::byte> past(10);
  EXPECT_EQ(content.read(kPageSize, past), 3U);
  EXPECT_EQ(content.read(kPageSize + 3, past), 0U);
}

TEST(Content, PunchingFreesPagesAndZeroesTheEdges) {
  Content content;
  content.write(0, filled(4 * kPageSize, 'a'));
  content.punch(100, 2 * kPageSize);
  EXPECT_EQ(content.pages(), 3U);
  const std::vector<std::byte> bytes = all_of(content);
  EXPECT_EQ(bytes[99], std::byte{'a'});
  EXPECT_EQ(bytes[100], std::byte{0});
  EXPECT_EQ(bytes[2 * kPageSize + 99], std::byte{0});
  EXPECT_EQ(bytes[2 * kPageSize + 100], std::byte{'a'});
  EXPECT_EQ(content.next_hole(0), kPageSize);
  EXPECT_EQ(content.next_data(kPageSize), 2 * kPageSize);
}

TEST(Content, ReservedSpaceReadsAsZerosAndIsNoData) {
  Content content;
  content.reserve(0, 2 * kPageSize, true);
  EXPECT_EQ(content.size(), 2 * kPageSize);
  EXPECT_EQ(content.pages(), 2U);
  EXPECT_EQ(content.missing_pages(0, 3 * kPageSize), 1U);
  EXPECT_FALSE(content.next_data(0).has_value());
  EXPECT_EQ(all_of(content), filled(2 * kPageSize, 0));
}

TEST(Content, ShrinkingLosesWhatWasBehindTheEnd) {
  Content content;
  content.write(0, filled(2 * kPageSize, 'a'));
  content.resize(10);
  content.resize(2 * kPageSize);
  EXPECT_EQ(all_of(content)[9], std::byte{'a'});
  EXPECT_EQ(all_of(content)[10], std::byte{0});
  EXPECT_EQ(content.pages(), 1U);
}

TEST(Content, KeepsThroughAPowerCutWhatWasSyncedAndTearsTheRestAtSectors) {
  bool lost = false;
  bool kept = false;
  bool torn = false;
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    Dice dice(seed);
    Content content;
    content.write(0, filled(2 * kPageSize, 'a'));
    content.finish_sync(content.begin_sync());
    content.write(0, filled(kPageSize, 'b'));
    content.power_cut(dice);
    std::vector<std::byte> bytes = all_of(content);
    ASSERT_EQ(bytes.size(), 2 * kPageSize);
    EXPECT_EQ(bytes[kPageSize], std::byte{'a'});
    std::size_t new_sectors = 0;
    for (std::size_t at = 0; at < kPageSize; at += kSectorSize) {
      const bool is_new = bytes[at] == std::byte{'b'};
      new_sectors += is_new ? 1 : 0;
      EXPECT_EQ(bytes[at + kSectorSize - 1], bytes[at]);
    }
    lost = lost || new_sectors == 0;
    kept = kept || new_sectors == kPageSize / kSectorSize;
    torn = torn || (new_sectors != 0 && new_sectors != kPageSize / kSectorSize);
  }
  EXPECT_TRUE(lost && kept && torn);
}

TEST(Content, ASyncCoversWhatWasWrittenBeforeItBeganAndNeverTakesBackMore) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    Dice dice(seed);
    Content content;
    content.write(0, filled(kPageSize, 'a'));
    const Content::Snapshot early = content.begin_sync();
    content.write(0, filled(kPageSize, 'b'));
    content.finish_sync(content.begin_sync());
    content.finish_sync(early);
    content.power_cut(dice);
    EXPECT_EQ(all_of(content), filled(kPageSize, 'b'));
  }
}

TEST(Content, AFailedSyncForgetsWhatItDidNotWrite) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    Dice dice(seed);
    Content content;
    content.write(0, filled(kPageSize, 'a'));
    content.finish_sync(content.begin_sync());
    content.write(0, filled(kPageSize, 'b'));
    content.fail_sync();
    content.finish_sync(content.begin_sync());
    content.power_cut(dice);
    EXPECT_EQ(all_of(content), filled(kPageSize, 'a'));
  }
}

TEST(Content, KeepsWhatWasFreedThroughAFailedSync) {
  Content content;
  content.write(0, filled(kPageSize, 'a'));
  content.finish_sync(content.begin_sync());
  content.punch(0, kPageSize);
  content.fail_sync();
  content.punch(512, 512);
  content.finish_sync(content.begin_sync());
  Dice dice(1);
  content.power_cut(dice);
  EXPECT_EQ(all_of(content), filled(kPageSize, '\0'));
}

}  // namespace
}  // namespace lunaria::sim
