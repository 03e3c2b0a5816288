// UNMAP, WRITE SAME and GET LBA STATUS.
#include <gtest/gtest.h>

#include "block/fault_volume.h"
#include "scsi/harness_test.h"

namespace lunaria::scsi {
namespace {

using testing::Bytes;
using testing::Harness;
using testing::Options;
using testing::outcome;

void put(Bytes& to, std::uint64_t value, std::size_t width) {
  for (std::size_t i = width; i-- > 0;) {
    to.push_back(static_cast<std::uint8_t>(value >> 8 * i));
  }
}

struct Range {
  std::uint64_t lba;
  std::uint32_t count;
};
Bytes unmap_list(const std::vector<Range>& ranges) {
  Bytes list;
  put(list, 6 + 16 * ranges.size(), 2);
  put(list, 16 * ranges.size(), 2);
  put(list, 0, 4);
  for (const Range& range : ranges) {
    put(list, range.lba, 8);
    put(list, range.count, 4);
    put(list, 0, 4);
  }
  return list;
}
std::string unmap(Harness& harness, const Bytes& list) {
  Bytes cdb{0x42, 0, 0, 0, 0, 0, 0};
  put(cdb, list.size(), 2);
  cdb.push_back(0);
  return harness.try_out(cdb, {.data_out = list});
}
Bytes read(Harness& harness, std::uint16_t lba, std::uint8_t count) {
  Bytes cdb{0x28, 0, 0, 0};
  put(cdb, lba, 2);
  cdb.insert(cdb.end(), {0, 0, count, 0});
  return harness.run(cdb)->data_in();
}
void fill(Harness& harness, std::uint8_t value) {
  for (std::uint8_t at = 0; at < 4; ++at) {
    ASSERT_EQ(harness.try_out({0x2A, 0, 0, 0, 0, static_cast<std::uint8_t>(at * 16), 0, 0, 16, 0},
                              {.data_out = Bytes(16 * 512, value)}),
              "GOOD");
  }
}

TEST(Unmap, ZerosWhatItNamesAndNothingElse) {
  Harness harness;
  fill(harness, 7);
  EXPECT_EQ(unmap(harness, unmap_list({{1, 2}, {8, 8}, {20, 0}})), "GOOD");
  EXPECT_EQ(read(harness, 0, 1), Bytes(512, 7));
  EXPECT_EQ(read(harness, 1, 2), Bytes(1024, 0));
  EXPECT_EQ(read(harness, 3, 5), Bytes(5 * 512, 7));
  EXPECT_EQ(read(harness, 8, 8), Bytes(8 * 512, 0));
  EXPECT_EQ(read(harness, 16, 48), Bytes(48 * 512, 7));
}

TEST(Unmap, ChecksEveryRangeBeforeItTouchesAny) {
  Harness harness;
  fill(harness, 7);
  EXPECT_EQ(unmap(harness, unmap_list({{0, 8}, {2047, 2}})), "5/2100");
  EXPECT_EQ(unmap(harness, unmap_list({{0, 8}, {UINT64_MAX, 2}})), "5/2100");
  EXPECT_EQ(unmap(harness, unmap_list({{0, 8}, {2049, 0}})), "5/2100");
  EXPECT_EQ(read(harness, 0, 8), Bytes(8 * 512, 7));
  EXPECT_EQ(unmap(harness, unmap_list({{2047, 1}, {2048, 0}})), "GOOD");
}

TEST(Unmap, LeavesOutDescriptorsThatAreCutOff) {
  Harness harness;
  fill(harness, 7);
  Bytes list = unmap_list({{0, 1}, {1, 1}});
  list.pop_back();
  EXPECT_EQ(unmap(harness, list), "GOOD");
  EXPECT_EQ(read(harness, 0, 1), Bytes(512, 0));
  EXPECT_EQ(read(harness, 1, 1), Bytes(512, 7));
  list = unmap_list({{1, 1}, {2, 1}});
  list[3] = 31;  // the second one is shorter by its own length field
  EXPECT_EQ(unmap(harness, list), "GOOD");
  EXPECT_EQ(read(harness, 1, 1), Bytes(512, 0));
  EXPECT_EQ(read(harness, 2, 1), Bytes(512, 7));
}

TEST(Unmap, RefusesListsThatAreTooShortOrNameTooMuch) {
  Harness harness(Harness::ram(std::uint64_t{1} << 32));
  EXPECT_EQ(unmap(harness, {}), "GOOD");
  for (std::size_t length = 1; length < 8; ++length) {
    EXPECT_EQ(unmap(harness, Bytes(length, 0)), "5/1A00");
  }
  EXPECT_EQ(unmap(harness, Bytes(8, 0)), "GOOD");
  EXPECT_EQ(unmap(harness, unmap_list(std::vector<Range>(256, {0, 1}))), "GOOD");
  EXPECT_EQ(unmap(harness, unmap_list(std::vector<Range>(257, {0, 1}))), "5/2600 list 2");
  EXPECT_EQ(unmap(harness, unmap_list({{0, 0x800000}, {0, 1}})), "GOOD");
}

TEST(Unmap, GoesInStepsBetweenWhichItCanBeAborted) {
  Harness harness(Harness::ram(std::uint64_t{8} << 21));  // 8 GiB
  const Bytes list = unmap_list({{0, 8U << 21}});
  const auto command = harness.start({0x42, 0, 0, 0, 0, 0, 0, 0, 24, 0}, {.data_out = list, .tag = 7});
  EXPECT_FALSE(command->done);
  EXPECT_TRUE(harness.unit.manage(TaskManagement::kAbortTask, harness.nexuses[0]->id, 7));
  harness.world.run_until_idle();
  EXPECT_TRUE(command->done);
  EXPECT_TRUE(command->command.aborted);
  EXPECT_EQ(unmap(harness, list), "GOOD");
}

TEST(Unmap, IsUnknownToUnitsThatCannot) {
  /// A volume without provisioning.
  class Thick final : public block::Volume {
   public:
    block::Geometry geometry() const override { return below_->geometry(); }
    block::Features features() const override { return {}; }
    bool submit(block::Request& request) noexcept override { return below_->submit(request); }
    std::optional<std::string> failure() const override { return std::nullopt; }

   private:
    std::unique_ptr<block::Volume> below_ = Harness::ram(2048);
  };
  Harness harness(std::make_unique<Thick>());
  EXPECT_EQ(unmap(harness, unmap_list({{0, 1}})), "5/2000");
  EXPECT_EQ(harness.try_out({0x41, 0x08, 0, 0, 0, 0, 0, 0, 1, 0}, {.data_out = Bytes(512)}), "5/2400 cdb 1.3");
  EXPECT_EQ(harness.run({0xA3, 0x0C, 0x01, 0x42, 0, 0, 0, 0, 1, 0, 0, 0})->data_in(), (Bytes{0, 1, 0, 0}));
}

TEST(WriteSame, RepeatsOneBlockOverTheRange) {
  Harness harness;
  fill(harness, 7);
  Bytes block(512, 1);
  block[511] = 2;
  EXPECT_EQ(harness.try_out({0x41, 0, 0, 0, 0, 4, 0, 0, 3, 0}, {.data_out = block}), "GOOD");
  Bytes expected;
  for (int i = 0; i < 3; ++i) {
    expected.insert(expected.end(), block.begin(), block.end());
  }
  EXPECT_EQ(read(harness, 4, 3), expected);
  EXPECT_EQ(read(harness, 3, 1), Bytes(512, 7));
  EXPECT_EQ(read(harness, 7, 1), Bytes(512, 7));
}

TEST(WriteSame, GoesOverTheWholeUnitInSteps) {
  Harness harness(Harness::ram(5000));
  const auto exchange =
      harness.run({0x93, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x13, 0x88, 0, 0}, {.data_out = Bytes(512, 3)});
  EXPECT_EQ(outcome(*exchange), "GOOD");
  EXPECT_EQ(exchange->command.transfer_length, 512U);
  EXPECT_EQ(read(harness, 4999, 1), Bytes(512, 3));
  EXPECT_EQ(read(harness, 2048, 1), Bytes(512, 3));
}

TEST(WriteSame, OfNoBlocksGoesOnToTheLast) {
  Harness harness;
  EXPECT_EQ(harness.try_out({0x41, 0, 0, 0, 0x07, 0xFE, 0, 0, 0, 0}, {.data_out = Bytes(512, 9)}), "GOOD");
  EXPECT_EQ(read(harness, 2046, 2), Bytes(1024, 9));
  EXPECT_EQ(read(harness, 2045, 1), Bytes(512, 0));
  EXPECT_EQ(harness.try_out({0x41, 0, 0, 0, 0x08, 0x00, 0, 0, 0, 0}, {.data_out = Bytes(512, 9)}), "5/2100");
}

TEST(WriteSame, ZerosWithAndWithoutDataAndUnmap) {
  for (const std::uint8_t flags : std::initializer_list<std::uint8_t>{0x00, 0x01, 0x08, 0x09}) {
    Harness harness;
    fill(harness, 7);
    Options options;
    if ((flags & 1) == 0) {
      options.data_out = Bytes(512, 0);
    }
    EXPECT_EQ(harness.try_out({0x93, flags, 0, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0, 20, 0, 0}, options), "GOOD");
    EXPECT_EQ(read(harness, 4, 1), Bytes(512, 7));
    EXPECT_EQ(read(harness, 5, 20), Bytes(20 * 512, 0));
    EXPECT_EQ(read(harness, 25, 1), Bytes(512, 7));
  }
}

TEST(WriteSame, RefusesBadRangesAndLengths) {
  Harness harness(Harness::ram(std::uint64_t{1} << 33));
  const Bytes block(512, 0);
  EXPECT_EQ(harness.try_out({0x41, 0, 0, 0, 0, 0, 0, 0, 0, 0}, {.data_out = block}), "5/2400 cdb 7");
  EXPECT_EQ(harness.try_out({0x41, 0, 0, 0, 0, 0, 0, 0, 1, 0}, {.data_out = Bytes(1024)}), "5/2400 cdb 7");
  EXPECT_EQ(harness.try_out({0x93, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}), "5/2400 cdb 10");
  EXPECT_EQ(harness.try_out({0x93, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 8, 0, 0, 0, 0}), "GOOD");
  EXPECT_EQ(harness.try_out({0x93, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 8, 0, 1, 0, 0}), "5/2400 cdb 10");
  EXPECT_EQ(harness.try_out({0x93, 1, 0, 0, 0, 1, 0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0, 2, 0, 0}), "5/2100");
  EXPECT_EQ(harness.try_out({0x41, 0, 0, 0, 0, 0, 0, 0, 1, 0}, {.data_out = Bytes(511)}), "5/0E03");
  EXPECT_EQ(harness.try_out({0x41, 0x10, 0, 0, 0, 0, 0, 0, 1, 0}, {.data_out = block}), "5/2400 cdb 1.4");  // ANCHOR
}

TEST(GetLbaStatus, TellsMappedBlocksFromOthers) {
  Harness harness;
  ASSERT_EQ(harness.try_out({0x2A, 0, 0, 0, 0, 16, 0, 0, 8, 0}, {.data_out = Bytes(8 * 512, 1)}), "GOOD");
  const auto ask = [&](std::uint8_t lba, std::uint8_t allocation) {
    return harness.run({0x9E, 0x12, 0, 0, 0, 0, 0, 0, 0, lba, 0, 0, 0, allocation, 0, 0})->data_in();
  };
  EXPECT_EQ(ask(0, 255), (Bytes{0, 0, 0, 52, 0, 0, 0, 0,                                    // three runs
                                0, 0, 0, 0,  0, 0, 0, 0,  0, 0, 0,    16,   1, 0, 0, 0,     // deallocated
                                0, 0, 0, 0,  0, 0, 0, 16, 0, 0, 0,    8,    0, 0, 0, 0,     // mapped
                                0, 0, 0, 0,  0, 0, 0, 24, 0, 0, 0x07, 0xE8, 1, 0, 0, 0}));  // to the end
  EXPECT_EQ(ask(17, 24), (Bytes{0, 0, 0, 20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 17, 0, 0, 0, 7, 0, 0, 0, 0}));
  EXPECT_EQ(ask(17, 4), (Bytes{0, 0, 0, 20}));
  EXPECT_EQ(harness.try_out({0x9E, 0x12, 0, 0, 0, 0, 0, 0, 8, 0, 0, 0, 0, 255, 0, 0}), "5/2100");
}

}  // namespace
}  // namespace lunaria::scsi
