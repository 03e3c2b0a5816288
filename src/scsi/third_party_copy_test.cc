// EXTENDED COPY, RECEIVE COPY RESULTS, POPULATE TOKEN, WRITE USING TOKEN.
#include <gtest/gtest.h>

#include <map>

#include "block/fault_volume.h"
#include "scsi/harness_test.h"
#include "scsi/rod_token.h"

namespace lunaria::scsi {
namespace {

using testing::Bytes;
using testing::Harness;
using testing::outcome;

constexpr std::array<std::uint8_t, 8> kOwnNaa{0x30, 0, 0, 0, 0, 0, 0, 0x2A};

void put(Bytes& to, std::uint64_t value, std::size_t width) {
  for (std::size_t i = width; i-- > 0;) {
    to.push_back(static_cast<std::uint8_t>(value >> 8 * i));
  }
}
Bytes operator+(Bytes a, const Bytes& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

Bytes cscd(const std::array<std::uint8_t, 8>& naa = kOwnNaa, std::uint8_t type = 0xE4) {
  Bytes bytes{type, 0, 0, 0, 0x01, 0x03, 0, 8};
  bytes.insert(bytes.end(), naa.begin(), naa.end());
  bytes.resize(28, 0);
  put(bytes, 512, 4);
  return bytes;
}
Bytes segment(std::uint16_t from, std::uint16_t to, std::uint16_t blocks, std::uint64_t source, std::uint64_t target,
              std::uint8_t type = 0x02) {
  Bytes bytes{type, 0, 0, 0x18};
  put(bytes, from, 2);
  put(bytes, to, 2);
  put(bytes, 0, 2);
  put(bytes, blocks, 2);
  put(bytes, source, 8);
  put(bytes, target, 8);
  return bytes;
}
Bytes lid1_list(std::uint8_t id, const Bytes& cscds, const Bytes& segments, std::uint8_t usage = 0) {
  Bytes list{id, static_cast<std::uint8_t>(usage << 3)};
  put(list, cscds.size(), 2);
  put(list, 0, 4);
  put(list, segments.size(), 4);
  put(list, 0, 4);
  return list + cscds + segments;
}
Bytes lid4_list(std::uint32_t id, const Bytes& cscds, const Bytes& segments, bool immediate) {
  Bytes list{0x01, 0, 0, 0x20};
  list.resize(15, 0);
  list.push_back(immediate ? 1 : 0);
  put(list, 0xFF, 1);
  put(list, 0, 3);
  put(list, id, 4);
  list.resize(42, 0);
  put(list, cscds.size(), 2);
  put(list, segments.size(), 2);
  put(list, 0, 2);
  return list + cscds + segments;
}
std::string copy(Harness& harness, const Bytes& list, std::uint8_t action = 0x00) {
  Bytes cdb{0x83, action, 0, 0, 0, 0, 0, 0, 0, 0};
  put(cdb, list.size(), 4);
  cdb.resize(16, 0);
  return harness.try_out(cdb, {.data_out = list});
}
Bytes results(std::uint8_t action, std::uint32_t id) {
  Bytes cdb{0x84, action};
  put(cdb, action < 5 ? id << 24 : id, 4);
  put(cdb, 0, 4);
  put(cdb, 1024, 4);
  cdb.resize(16, 0);
  return cdb;
}
void write(Harness& harness, std::uint16_t lba, std::uint8_t value, std::size_t blocks = 1) {
  Bytes cdb{0x2A, 0, 0, 0};
  put(cdb, lba, 2);
  put(cdb, 0, 1);
  put(cdb, blocks, 2);
  cdb.push_back(0);
  ASSERT_EQ(harness.try_out(cdb, {.data_out = Bytes(512 * blocks, value)}), "GOOD");
}
Bytes read(Harness& harness, std::uint16_t lba, std::uint8_t blocks = 1) {
  Bytes cdb{0x28, 0, 0, 0};
  put(cdb, lba, 2);
  cdb.insert(cdb.end(), {0, 0, blocks, 0});
  return harness.run(cdb)->data_in();
}

TEST(ExtendedCopy, CopiesWithinAUnit) {
  Harness harness;
  write(harness, 0, 1, 4);
  EXPECT_EQ(copy(harness, lid1_list(1, cscd(), segment(0, 0, 4, 0, 100))), "GOOD");
  EXPECT_EQ(read(harness, 100, 4), Bytes(2048, 1));
  EXPECT_EQ(read(harness, 104), Bytes(512, 0));
  EXPECT_EQ(copy(harness, lid1_list(1, cscd(), {})), "GOOD");
  EXPECT_EQ(copy(harness, {}), "GOOD");
}

TEST(ExtendedCopy, OverlappingRangesComeOutAsIfReadFirst) {
  Harness harness(Harness::ram(16384));
  for (std::uint16_t i = 0; i < 40; ++i) {
    write(harness, static_cast<std::uint16_t>(i * 100), static_cast<std::uint8_t>(i + 1));
  }
  EXPECT_EQ(copy(harness, lid1_list(1, cscd(), segment(0, 0, 4000, 0, 100))), "GOOD");
  for (std::uint16_t i = 0; i < 40; ++i) {
    ASSERT_EQ(read(harness, static_cast<std::uint16_t>((i + 1) * 100)), Bytes(512, static_cast<std::uint8_t>(i + 1)))
        << i;
  }
}

TEST(ExtendedCopy, RefusesWhatItDoesNotUnderstand) {
  Harness harness;
  const Bytes good = segment(0, 0, 1, 0, 1);
  EXPECT_EQ(copy(harness, Bytes(15)), "5/1A00");
  Bytes cut = lid1_list(1, cscd(), good);
  cut.pop_back();
  EXPECT_EQ(copy(harness, cut), "5/1A00");
  EXPECT_EQ(copy(harness, lid1_list(1, cscd(kOwnNaa, 0xE0), good)), "5/2607");
  EXPECT_EQ(copy(harness, lid1_list(1, cscd(), segment(0, 0, 1, 0, 1, 0x03))), "5/2609");
  Bytes many;
  for (int i = 0; i < 33; ++i) {
    many = many + cscd();
  }
  EXPECT_EQ(copy(harness, lid1_list(1, many, good)), "5/2606");
  Bytes segments;
  for (int i = 0; i < 65; ++i) {
    segments = segments + good;
  }
  EXPECT_EQ(copy(harness, lid1_list(1, cscd(), segments)), "5/2608");
  EXPECT_EQ(copy(harness, lid1_list(1, many, segments + good)), "5/1A00");
  EXPECT_EQ(copy(harness, lid1_list(1, cscd(), good, 1)), "5/2600 list 1.4");
  EXPECT_EQ(copy(harness, lid1_list(1, cscd(), good, 3)), "5/2600 list 1.4");
}

TEST(ExtendedCopy, AbortsWhatCannotBeReached) {
  Harness harness;
  EXPECT_EQ(copy(harness, lid1_list(1, cscd(), segment(0, 1, 1, 0, 1))), "A/0804");
  EXPECT_EQ(copy(harness, lid1_list(1, cscd(), segment(0, 0, 2, 0, 2047))), "A/0000");
  EXPECT_EQ(copy(harness, lid1_list(1, cscd({0x30, 1}), segment(0, 0, 1, 0, 1))), "A/0D02");
  EXPECT_EQ(harness.run(results(0x00, 1))->data_in(), (Bytes{0, 0, 0, 8, 2, 0, 0, 0, 0, 0, 0, 0}));
  const Bytes details = harness.run(results(0x04, 1))->data_in();
  ASSERT_GT(details.size(), 60U);
  EXPECT_EQ(details.at(56), 0x02);
}

TEST(CopyResults, TellHowACopyEnded) {
  Harness harness;
  EXPECT_EQ(harness.try_out(results(0x00, 1)), "5/2400 cdb 2");
  EXPECT_EQ(copy(harness, lid1_list(1, cscd(), segment(0, 0, 3, 0, 10) + segment(0, 0, 1, 0, 20))), "GOOD");
  EXPECT_EQ(harness.run(results(0x00, 1))->data_in(), (Bytes{0, 0, 0, 8, 1, 0, 2, 0, 0, 0, 8, 0}));
  EXPECT_EQ(harness.run(results(0x04, 1))->data_in(), Bytes(4, 0));
  const Bytes parameters = harness.run(results(0x03, 0))->data_in();
  EXPECT_EQ(Bytes(parameters.begin(), parameters.begin() + 12), (Bytes{0, 0, 0, 42, 1, 0, 0, 0, 0, 32, 0, 64}));
}

TEST(CopyResults, ABackgroundCopyCanBeAskedForAndAborted) {
  auto faults = std::make_unique<block::FaultVolume>(Harness::ram(2048));
  block::FaultVolume& volume = *faults;
  Harness harness(std::move(faults));
  volume.set_fault(block::Fault{.operation = block::IoOperation::kRead, .call_count = 1});
  EXPECT_EQ(copy(harness, lid4_list(7, cscd(), segment(0xFFFF, 0, 4, 0, 100) + segment(0, 0, 4, 0, 100), true), 0x01),
            "GOOD");
  EXPECT_EQ(harness.run(results(0x05, 7))->data_in().at(5), 0x00);
  EXPECT_EQ(copy(harness, lid4_list(7, cscd(), {}, true), 0x01), "5/0016");
  EXPECT_EQ(harness.try_out({0x83, 0x1C, 0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}), "GOOD");
  volume.release();
  harness.world.run_until_idle();
  const Bytes status = harness.run(results(0x05, 7))->data_in();
  EXPECT_EQ(status.at(5), 0x02);
  EXPECT_EQ(status.at(12), 0x02);  // CHECK CONDITION, with sense data behind
  EXPECT_EQ(status.at(33) & 0x0F, 0x0B);
  EXPECT_EQ(harness.try_out({0x83, 0x1C, 0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}), "5/2400 cdb 2");
}

Bytes populate(Harness& harness, std::uint32_t id, const Bytes& ranges, std::string& how) {
  Bytes list;
  put(list, 14 + ranges.size(), 2);
  list.resize(14, 0);
  put(list, ranges.size(), 2);
  list = list + ranges;
  Bytes cdb{0x83, 0x10, 0, 0, 0, 0};
  put(cdb, id, 4);
  put(cdb, list.size(), 4);
  cdb.resize(16, 0);
  how = harness.try_out(cdb, {.data_out = list});
  const Bytes information = harness.run(results(0x07, id))->data_in();
  return information.size() >= 38 + kRodTokenSize
             ? Bytes(information.begin() + 38, information.begin() + 38 + kRodTokenSize)
             : Bytes{};
}
Bytes range(std::uint64_t lba, std::uint32_t blocks) {
  Bytes bytes;
  put(bytes, lba, 8);
  put(bytes, blocks, 4);
  put(bytes, 0, 4);
  return bytes;
}
std::string use_token(Harness& harness, const Bytes& token, std::uint64_t offset, const Bytes& ranges) {
  Bytes list;
  put(list, 534 + ranges.size(), 2);
  list.resize(8, 0);
  put(list, offset, 8);
  list = list + token;
  list.resize(534, 0);
  put(list, ranges.size(), 2);
  list = list + ranges;
  Bytes cdb{0x83, 0x11, 0, 0, 0, 0};
  put(cdb, 9, 4);
  put(cdb, list.size(), 4);
  cdb.resize(16, 0);
  return harness.try_out(cdb, {.data_out = list});
}

TEST(Tokens, CarryBlocksFromRangesToRanges) {
  Harness harness;
  write(harness, 0, 1, 2);
  write(harness, 50, 2, 2);
  std::string how;
  const Bytes token = populate(harness, 3, range(0, 2) + range(50, 2), how);
  ASSERT_EQ(how, "GOOD");
  ASSERT_EQ(token.size(), kRodTokenSize);
  EXPECT_EQ(use_token(harness, token, 0, range(100, 1) + range(200, 3)), "GOOD");
  EXPECT_EQ(read(harness, 100), Bytes(512, 1));
  EXPECT_EQ(read(harness, 200), Bytes(512, 1));
  EXPECT_EQ(read(harness, 201, 2), Bytes(1024, 2));
  EXPECT_EQ(use_token(harness, token, 3, range(300, 4)), "GOOD");  // one block is left of it
  EXPECT_EQ(harness.run(results(0x05, 9))->data_in().at(23), 0x00);
  EXPECT_EQ(read(harness, 300, 2), Bytes(512, 2) + Bytes(512, 0));
  EXPECT_EQ(use_token(harness, token, 5, range(300, 1)), "5/2600 list 8");
}

TEST(Tokens, EndWhenTheirBlocksChangeOrTimeIsOver) {
  Harness harness;
  std::string how;
  const Bytes token = populate(harness, 3, range(0, 2), how);
  write(harness, 2, 9);
  EXPECT_EQ(use_token(harness, token, 0, range(100, 2)), "GOOD");
  write(harness, 1, 9);
  EXPECT_EQ(use_token(harness, token, 0, range(100, 2)), "5/2306");
  const Bytes another = populate(harness, 4, range(0, 2), how);
  harness.world.run_for(std::chrono::seconds(61));
  EXPECT_EQ(use_token(harness, another, 0, range(100, 2)), "5/2307");
}

TEST(Tokens, OfZerosNeedNoMaker) {
  Harness harness;
  write(harness, 7, 7, 3);
  Bytes token{0xFF, 0xFF, 0x00, 0x01, 0, 0, 0x01, 0xF8};
  token.resize(kRodTokenSize, 0);
  EXPECT_EQ(use_token(harness, token, 0, range(7, 2)), "GOOD");
  EXPECT_EQ(read(harness, 7, 3), Bytes(1024, 0) + Bytes(512, 7));
}

TEST(Tokens, AreRefusedWhenForgedOrBroken) {
  Harness harness;
  std::string how;
  Bytes token = populate(harness, 3, range(0, 2), how);
  EXPECT_EQ(use_token(harness, token, 0, range(2047, 2)), "5/2100");
  EXPECT_EQ(use_token(harness, token, 0, range(10, 2) + range(11, 1)), "5/2600 list 536");
  token[100] ^= 1;
  EXPECT_EQ(use_token(harness, token, 0, range(100, 2)), "5/2304");
  token[20] = 2;
  EXPECT_EQ(use_token(harness, token, 0, range(100, 2)), "5/2305");
  token[7] = 0;
  EXPECT_EQ(use_token(harness, token, 0, range(100, 2)), "5/230A");
  token[0] = 0x55;
  EXPECT_EQ(use_token(harness, token, 0, range(100, 2)), "5/2301");
  EXPECT_TRUE(populate(harness, 5, {}, how).empty());
  EXPECT_EQ(how, "5/2600 list 14");
  EXPECT_TRUE(populate(harness, 5, range(2047, 2), how).empty());
  EXPECT_EQ(how, "5/2100");
}

}  // namespace
}  // namespace lunaria::scsi
