// SANITIZE and FORMAT UNIT.
#include <gtest/gtest.h>

#include "block/encrypted_volume.h"
#include "block/fault_volume.h"
#include "scsi/harness_test.h"

namespace lunaria::scsi {
namespace {

using testing::Bytes;
using testing::Harness;
using testing::outcome;

constexpr std::uint8_t kImmediate = 0x80;
constexpr std::uint8_t kAllowExit = 0x20;
constexpr std::uint8_t kOverwrite = 0x01;
constexpr std::uint8_t kBlockErase = 0x02;
constexpr std::uint8_t kCryptoErase = 0x03;
constexpr std::uint8_t kExitFailure = 0x1F;

Bytes sanitize(std::uint8_t action, std::size_t length = 0) {
  return {0x48, action, 0, 0, 0, 0, 0, static_cast<std::uint8_t>(length >> 8), static_cast<std::uint8_t>(length), 0};
}
Bytes overwrite_list(std::uint8_t passes, const Bytes& pattern) {
  Bytes list{passes, 0, static_cast<std::uint8_t>(pattern.size() >> 8), static_cast<std::uint8_t>(pattern.size())};
  list.insert(list.end(), pattern.begin(), pattern.end());
  return list;
}
std::string overwrite(Harness& harness, const Bytes& list) {
  return harness.try_out(sanitize(kOverwrite, list.size()), {.data_out = list});
}
Bytes read(Harness& harness, std::uint16_t lba) {
  return harness.run({0x28, 0, 0, 0, static_cast<std::uint8_t>(lba >> 8), static_cast<std::uint8_t>(lba), 0, 0, 1, 0})
      ->data_in();
}
void write(Harness& harness, std::uint8_t value) {
  ASSERT_EQ(harness.try_out({0x2A, 0, 0, 0, 0, 9, 0, 0, 1, 0}, {.data_out = Bytes(512, value)}), "GOOD");
}

TEST(Sanitize, OverwritesEveryBlock) {
  Harness harness;
  EXPECT_EQ(overwrite(harness, overwrite_list(1, {1, 2, 3})), "GOOD");
  Bytes block(512);
  for (std::size_t i = 0; i < block.size(); ++i) {
    block[i] = static_cast<std::uint8_t>(i % 3 + 1);
  }
  EXPECT_EQ(read(harness, 0), block);
  EXPECT_EQ(read(harness, 2047), block);
  EXPECT_EQ(overwrite(harness, overwrite_list(0x80 | 2, Bytes(512, 0x0F))), "GOOD");  // the second pass is inverted
  EXPECT_EQ(read(harness, 2047), Bytes(512, 0xF0));
}

TEST(Sanitize, RefusesBadLists) {
  Harness harness;
  for (std::size_t length = 0; length < 5; ++length) {
    EXPECT_EQ(harness.try_out(sanitize(kOverwrite, length), {.data_out = Bytes(length)}), "5/2400 cdb 7");
  }
  EXPECT_EQ(overwrite(harness, Bytes(517)), "5/2400 cdb 7");
  EXPECT_EQ(overwrite(harness, overwrite_list(0, Bytes(4))), "5/2600 list 0.4");
  EXPECT_EQ(overwrite(harness, overwrite_list(0x21, Bytes(4))), "5/2600 list 0.6");
  EXPECT_EQ(overwrite(harness, Bytes{1, 0, 0, 0, 1, 1}), "5/2600 list 2");
  EXPECT_EQ(overwrite(harness, Bytes{1, 0, 0, 3, 1, 1}), "5/2600 list 2");
  EXPECT_EQ(harness.try_out(sanitize(kBlockErase, 8), {.data_out = Bytes(8)}), "5/2400 cdb 7");
  EXPECT_EQ(harness.try_out(sanitize(kExitFailure, 8), {.data_out = Bytes(8)}), "5/2400 cdb 7");
  EXPECT_EQ(harness.try_out(sanitize(kCryptoErase)), "5/2400 cdb 1.4");  // nothing is encrypted
  EXPECT_EQ(harness.try_out(sanitize(kBlockErase), {.read_only = true}), "7/2700");
}

TEST(Sanitize, BlockEraseLeavesNothingMapped) {
  Harness harness;
  write(harness, 5);
  EXPECT_EQ(harness.try_out(sanitize(kBlockErase)), "GOOD");
  EXPECT_EQ(read(harness, 9), Bytes(512, 0));
  const Bytes status = harness.run({0x9E, 0x12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 24, 0, 0})->data_in();
  ASSERT_EQ(status.size(), 24U);
  EXPECT_EQ(Bytes(status.begin() + 16, status.begin() + 21), (Bytes{0, 0, 8, 0, 1}));  // all 2048 are deallocated
}

// 1 GiB takes four seconds; commands are refused with the progress meanwhile, and resets change nothing.
TEST(Sanitize, GoesOnInTheBackground) {
  Harness harness(Harness::ram(std::uint64_t{2} << 20));
  const Bytes list = overwrite_list(1, Bytes(512, 1));
  const auto command = harness.start(sanitize(kImmediate | kOverwrite, list.size()), {.data_out = list});
  EXPECT_TRUE(command->is_good());
  harness.world.run_for(std::chrono::seconds(2));
  const auto refused = harness.start({0x00, 0, 0, 0, 0, 0});
  EXPECT_EQ(outcome(*refused), "2/041B");
  const Bytes sense = refused->sense();
  EXPECT_EQ(sense.at(15), 0x80);
  EXPECT_NEAR(sense.at(16) << 8 | sense.at(17), 32768, 2000);
  EXPECT_TRUE(harness.unit.manage(TaskManagement::kLogicalUnitReset, harness.nexuses[0]->id, 0));
  EXPECT_EQ(outcome(*harness.start({0x1B, 0, 0, 0, 1, 0}, {.initiator = 1})), "6/2903");
  EXPECT_EQ(outcome(*harness.start({0x1B, 0, 0, 0, 1, 0}, {.initiator = 1})), "2/041B");
  EXPECT_EQ(outcome(*harness.start(sanitize(kBlockErase), {.initiator = 1})), "2/041B");
  EXPECT_EQ(outcome(*harness.start({0x12, 0, 0, 0, 96, 0}, {.initiator = 1})), "GOOD");
  const auto request_sense = harness.start({0x03, 0, 0, 0, 18, 0}, {.initiator = 1});
  EXPECT_EQ(request_sense->data_in().at(2), 0x02);
  harness.world.run_until_idle();
  harness.drain_attentions();
  EXPECT_EQ(read(harness, 7), Bytes(512, 1));
}

TEST(Sanitize, IsNotHeldWhileItRunsAndDoesNotBeginWhileItIs) {
  Harness harness(Harness::ram(std::uint64_t{2} << 20));
  EXPECT_EQ(harness.unit.hold_erasures(), std::nullopt);
  EXPECT_EQ(harness.try_out(sanitize(kBlockErase)), "2/0401");
  EXPECT_EQ(harness.try_out({0x04, 0, 0, 0, 0, 0}), "2/0401");
  EXPECT_EQ(harness.try_out({0x00, 0, 0, 0, 0, 0}), "GOOD");
  harness.unit.release_erasures();
  const Bytes list = overwrite_list(1, Bytes(512, 1));
  const auto command = harness.start(sanitize(kImmediate | kOverwrite, list.size()), {.data_out = list});
  EXPECT_TRUE(command->is_good());
  harness.world.run_for(std::chrono::seconds(2));
  const auto running = harness.unit.hold_erasures();
  ASSERT_TRUE(running);
  EXPECT_TRUE(running->is_sanitize);
  EXPECT_NEAR(running->percent, 50, 3);
  harness.world.run_until_idle();
  EXPECT_EQ(harness.try_out({0x04, 0, 0, 0, 0, 0}), "GOOD") << "nothing was held";
  EXPECT_EQ(read(harness, 7), Bytes(512, 0));
}

TEST(Sanitize, AnAbortEndsTheCommandAndNotTheWork) {
  Harness harness(Harness::ram(std::uint64_t{2} << 20));
  const Bytes list = overwrite_list(1, Bytes(512, 1));
  const auto command = harness.start(sanitize(kOverwrite, list.size()), {.data_out = list, .tag = 9});
  EXPECT_FALSE(command->done);
  EXPECT_TRUE(harness.unit.manage(TaskManagement::kAbortTask, harness.nexuses[0]->id, 9));
  harness.world.run_for(std::chrono::milliseconds(50));
  EXPECT_TRUE(command->done);
  EXPECT_EQ(outcome(*harness.start({0x00, 0, 0, 0, 0, 0})), "2/041B");
  harness.world.run_until_idle();
  EXPECT_EQ(read(harness, 7), Bytes(512, 1));
}

TEST(Sanitize, AFailureStaysUntilItIsRepeatedOrLeft) {
  for (const std::uint8_t flags : {std::uint8_t{0}, kAllowExit}) {
    auto faults = std::make_unique<block::FaultVolume>(Harness::ram(2048));
    block::FaultVolume& volume = *faults;
    Harness harness(std::move(faults));
    volume.set_fault(block::Fault{
        .operation = block::IoOperation::kUnmap, .call_count = 1, .status = block::IoStatus::kMediumWriteError});
    EXPECT_EQ(harness.try_out(sanitize(flags | kBlockErase)), "3/3103");
    EXPECT_EQ(harness.try_out({0x00, 0, 0, 0, 0, 0}), "3/3103");
    EXPECT_EQ(harness.try_out({0x28, 0, 0, 0, 0, 0, 0, 0, 1, 0}), "3/3103");
    if (flags == kAllowExit) {
      EXPECT_EQ(harness.try_out(sanitize(kExitFailure)), "GOOD");
    } else {
      EXPECT_EQ(harness.try_out(sanitize(kExitFailure)), "5/2400 cdb 1.4");
      EXPECT_EQ(harness.try_out(sanitize(kBlockErase)), "GOOD");
    }
    EXPECT_EQ(harness.try_out({0x00, 0, 0, 0, 0, 0}), "GOOD");
  }
}

/// Keys that differ from one to the next, unless the test has it fail.
class FakeKeyStore final : public block::KeyStore {
 public:
  explicit FakeKeyStore(bool& fails) : fails_(fails) {}
  runtime::Task<std::optional<Secret>> present_key() override { co_return next_key(); }
  runtime::Task<Replacement> replace_key() override {
    if (fails_) {
      co_return Replacement{};
    }
    co_return Replacement{next_key(), true};
  }

 private:
  Secret next_key() {
    std::string key(block::SectorCipher::kKeySize, 'k');
    key[0] = ++count_;
    return Secret(key);
  }
  bool& fails_;
  char count_ = 0;
};

class CryptoErase : public ::testing::Test {
 protected:
  static std::unique_ptr<block::Volume> make_volume(block::Volume*& below, bool& fails) {
    auto memory = Harness::ram(2048);
    below = memory.get();
    return std::make_unique<block::EncryptedVolume>(std::move(memory), std::make_unique<FakeKeyStore>(fails));
  }
  block::Volume* below_ = nullptr;
  bool fails_ = false;
  Harness harness_{make_volume(below_, fails_)};
};

TEST_F(CryptoErase, LeavesNothingReadableAndNothingMapped) {
  write(harness_, 5);
  EXPECT_EQ(read(harness_, 9), Bytes(512, 5));
  EXPECT_EQ(harness_.try_out(sanitize(kCryptoErase)), "GOOD");
  EXPECT_NE(read(harness_, 9), Bytes(512, 5));
  const Bytes status = harness_.run({0x9E, 0x12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 24, 0, 0})->data_in();
  ASSERT_EQ(status.size(), 24U);
  EXPECT_EQ(Bytes(status.begin() + 16, status.begin() + 21), (Bytes{0, 0, 8, 0, 1}));
  write(harness_, 6);
  EXPECT_EQ(read(harness_, 9), Bytes(512, 6));
}

TEST_F(CryptoErase, AFailureStaysAndKeepsTheData) {
  write(harness_, 5);
  fails_ = true;
  EXPECT_EQ(harness_.try_out(sanitize(kAllowExit | kCryptoErase)), "3/3103");
  EXPECT_EQ(harness_.try_out({0x00, 0, 0, 0, 0, 0}), "3/3103");
  EXPECT_EQ(harness_.try_out(sanitize(kExitFailure)), "GOOD");
  EXPECT_EQ(read(harness_, 9), Bytes(512, 5));
}

TEST_F(CryptoErase, IsReportedWhereItWorks) {
  Harness plain;
  for (Harness* harness : {&harness_, &plain}) {
    const bool works = harness == &harness_;
    const Bytes characteristics = harness->run({0x12, 1, 0xB1, 0, 64, 0})->data_in();
    EXPECT_EQ(characteristics.at(7), works ? 0x50 : 0x40) << "WABEREQ, WACEREQ";
    const Bytes supported = harness->run({0xA3, 0x0C, 0x02, 0x48, 0, 3, 0, 0, 1, 0, 0, 0})->data_in();
    EXPECT_EQ(supported.at(1) & 7, works ? 3 : 1) << "SUPPORT";
    const Bytes capacity = harness->run({0x9E, 0x10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 32, 0, 0})->data_in();
    EXPECT_EQ(capacity.at(14), works ? 0x80 : 0xC0) << "LBPME, LBPRZ";
    EXPECT_EQ(harness->run({0x12, 1, 0xB2, 0, 64, 0})->data_in().at(5), works ? 0xE0 : 0xE4) << "LBPRZ";
  }
}

// Nothing says what a freed block reads as, so any block may be freed (SBC-4 5.52.2); with LBPRZ this one is written.
TEST_F(CryptoErase, WriteSameFreesWhateverTheBlockIs) {
  Harness plain;
  for (Harness* harness : {&harness_, &plain}) {
    write(*harness, 5);
    EXPECT_EQ(harness->try_out({0x41, 0x08, 0, 0, 0, 8, 0, 0, 8, 0}, {.data_out = Bytes(512, 7)}), "GOOD");
    const Bytes status = harness->run({0x9E, 0x12, 0, 0, 0, 0, 0, 0, 0, 8, 0, 0, 0, 24, 0, 0})->data_in();
    EXPECT_EQ(status.at(20), harness == &harness_ ? 1 : 0);
  }
}

TEST(FormatUnit, ZerosTheMedium) {
  Harness harness;
  write(harness, 5);
  EXPECT_EQ(harness.try_out({0x04, 0, 0, 0, 0, 0}), "GOOD");
  EXPECT_EQ(read(harness, 9), Bytes(512, 0));
  write(harness, 5);
  EXPECT_EQ(harness.try_out({0x04, 0x10, 0, 0, 0, 0}, {.data_out = Bytes{0, 0x02, 0, 0}}), "GOOD");
  harness.world.run_until_idle();
  EXPECT_EQ(read(harness, 9), Bytes(512, 0));
  EXPECT_EQ(harness.try_out({0x04, 0x10, 0, 0, 0, 0}, {.data_out = Bytes{0, 0, 0, 8}}), "5/2600 list 3");
  EXPECT_EQ(harness.try_out({0x04, 0x20, 0, 0, 0, 0}), "5/2400 cdb 1.5");
  EXPECT_EQ(harness.try_out({0x04, 0x10, 0, 0, 0, 0}, {.data_out = Bytes{0, 0, 0}}), "5/1A00");
}

}  // namespace
}  // namespace lunaria::scsi
