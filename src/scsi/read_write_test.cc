#include <gtest/gtest.h>

#include "block/fault_volume.h"
#include "scsi/harness_test.h"

namespace lunaria::scsi {
namespace {

using block::Fault;
using block::FaultVolume;
using block::IoOperation;
using block::IoStatus;
using testing::Bytes;
using testing::Exchange;
using testing::Harness;
using testing::outcome;

constexpr std::uint32_t kBlockCount = 2048;  // of the harness's disk
constexpr std::size_t kBlock = 512;

/// The CDB of READ or WRITE in one of its lengths.
Bytes transfer_cdb(bool write, std::size_t length, std::uint64_t lba, std::uint32_t count, std::uint8_t flags = 0) {
  const auto byte = [](std::uint64_t value, unsigned shift) { return static_cast<std::uint8_t>(value >> shift); };
  switch (length) {
    case 6:
      return {
          static_cast<std::uint8_t>(write ? 0x0A : 0x08), byte(lba, 16), byte(lba, 8), byte(lba, 0), byte(count, 0), 0};
    case 10:
      return {static_cast<std::uint8_t>(write ? 0x2A : 0x28),
              flags,
              byte(lba, 24),
              byte(lba, 16),
              byte(lba, 8),
              byte(lba, 0),
              0,
              byte(count, 8),
              byte(count, 0),
              0};
    case 12:
      return {static_cast<std::uint8_t>(write ? 0xAA : 0xA8),
              flags,
              byte(lba, 24),
              byte(lba, 16),
              byte(lba, 8),
              byte(lba, 0),
              byte(count, 24),
              byte(count, 16),
              byte(count, 8),
              byte(count, 0),
              0,
              0};
    default:
      return {static_cast<std::uint8_t>(write ? 0x8A : 0x88),
              flags,
              byte(lba, 56),
              byte(lba, 48),
              byte(lba, 40),
              byte(lba, 32),
              byte(lba, 24),
              byte(lba, 16),
              byte(lba, 8),
              byte(lba, 0),
              byte(count, 24),
              byte(count, 16),
              byte(count, 8),
              byte(count, 0),
              0,
              0};
  }
}

class TransferTest : public ::testing::TestWithParam<std::size_t> {
 protected:
  Bytes read_cdb(std::uint64_t lba, std::uint32_t count, std::uint8_t flags = 0) const {
    return transfer_cdb(false, GetParam(), lba, count, flags);
  }
  Bytes write_cdb(std::uint64_t lba, std::uint32_t count, std::uint8_t flags = 0) const {
    return transfer_cdb(true, GetParam(), lba, count, flags);
  }
  bool is_six() const { return GetParam() == 6; }
};

INSTANTIATE_TEST_SUITE_P(EveryCdbLength, TransferTest, ::testing::Values(6, 10, 12, 16));

TEST_P(TransferTest, ReadsWhatWasWritten) {
  Harness harness;
  const auto written = harness.run(write_cdb(7, 2), {.data_out = Bytes(1024, 0x5A)});
  ASSERT_EQ(outcome(*written), "GOOD");
  EXPECT_EQ(written->command.transfer_length, 1024U);
  const auto read = harness.run(read_cdb(6, 3));
  ASSERT_EQ(outcome(*read), "GOOD");
  EXPECT_EQ(read->command.transfer_length, 1536U);
  Bytes expected(1536, 0x5A);
  std::fill_n(expected.begin(), 512, std::uint8_t{0});
  EXPECT_EQ(read->data_in(), expected);
}

TEST_P(TransferTest, TakesTheLastBlockAndNothingBehindIt) {
  Harness harness;
  const Bytes block(512, 1);
  EXPECT_EQ(harness.try_out(read_cdb(kBlockCount - 1, 1)), "GOOD");
  EXPECT_EQ(harness.try_out(write_cdb(kBlockCount - 1, 1), {.data_out = block}), "GOOD");
  EXPECT_EQ(harness.try_out(read_cdb(kBlockCount - 1, 2)), "5/2100");
  EXPECT_EQ(harness.try_out(write_cdb(kBlockCount - 1, 2), {.data_out = Bytes(1024)}), "5/2100");
  EXPECT_EQ(harness.try_out(read_cdb(kBlockCount, 1)), "5/2100");
  EXPECT_EQ(harness.try_out(write_cdb(kBlockCount, 1), {.data_out = block}), "5/2100");
}

TEST_P(TransferTest, RefusesAddressesThatOverflow) {
  Harness harness;
  const std::uint64_t top = GetParam() == 16 ? UINT64_MAX : is_six() ? 0x1FFFFF : UINT32_MAX;
  for (const std::uint64_t lba : std::initializer_list<std::uint64_t>{top, top - 1, top / 2 + 1}) {
    EXPECT_EQ(harness.try_out(read_cdb(lba, 2)), "5/2100");
    EXPECT_EQ(harness.try_out(write_cdb(lba, 2), {.data_out = Bytes(1024)}), "5/2100");
  }
}

TEST_P(TransferTest, MovesNothingForLengthZeroButStillChecksTheAddress) {
  Harness harness;
  if (is_six()) {  // there it means 256 blocks
    EXPECT_EQ(harness.run(read_cdb(0, 0))->command.transfer_length, 256U * 512);
    return;
  }
  const auto read = harness.run(read_cdb(0, 0));
  EXPECT_EQ(outcome(*read), "GOOD");
  EXPECT_EQ(read->command.data_in_size, 0U);
  EXPECT_EQ(read->command.transfer_length, 0U);
  EXPECT_EQ(harness.try_out(write_cdb(kBlockCount - 1, 0)), "GOOD");
  EXPECT_EQ(harness.try_out(read_cdb(kBlockCount, 0)), "5/2100");
  EXPECT_EQ(harness.try_out(write_cdb(kBlockCount, 0)), "5/2100");
}

TEST_P(TransferTest, ReadsNoMoreThanTheInitiatorHasRoomFor) {
  Harness harness;
  harness.run(write_cdb(0, 2), {.data_out = Bytes(1024, 9)});
  for (const std::uint64_t room : std::initializer_list<std::uint64_t>{0, 1, 511, 512, 513, 1023}) {
    const auto read = harness.run(read_cdb(0, 2), {.data_in_length = room});
    EXPECT_EQ(outcome(*read), "GOOD");
    EXPECT_EQ(read->data_in(), Bytes(room, 9));
    EXPECT_EQ(read->command.transfer_length, 1024U);
  }
}

TEST_P(TransferTest, WritesTheWholeBlocksThatTheInitiatorSends) {
  for (const std::size_t sent : {0U, 1U, 511U, 512U, 700U, 1024U, 1500U}) {
    Harness harness;
    const auto written = harness.run(write_cdb(0, 2), {.data_out = Bytes(sent, 9)});
    EXPECT_EQ(outcome(*written), "GOOD");
    EXPECT_EQ(written->command.transfer_length, 1024U);
    Bytes expected(1536, 0);
    std::fill_n(expected.begin(), std::min<std::size_t>(sent / 512 * 512, 1024), std::uint8_t{9});
    EXPECT_EQ(harness.run(read_cdb(0, 3))->data_in(), expected) << sent;
  }
}

TEST_P(TransferTest, RefusesProtectionInformation) {
  if (is_six()) {
    return;
  }
  Harness harness;
  for (unsigned protect = 1; protect < 8; ++protect) {
    const auto flags = static_cast<std::uint8_t>(protect << 5);
    EXPECT_EQ(harness.try_out(read_cdb(0, 1, flags)).substr(0, 12), "5/2400 cdb 1");
    EXPECT_EQ(harness.try_out(write_cdb(0, 1, flags), {.data_out = Bytes(512)}).substr(0, 12), "5/2400 cdb 1");
  }
  EXPECT_EQ(harness.try_out(read_cdb(0, 1, 0x18)), "GOOD");
  EXPECT_EQ(harness.try_out(write_cdb(0, 1, 0x18), {.data_out = Bytes(512)}), "GOOD");
}

TEST_P(TransferTest, TurnsVolumeErrorsIntoSense) {
  struct Case {
    bool write;
    IoStatus status;
    const char* expected;
  };
  const Case cases[] = {
      {false, IoStatus::kMediumReadError, "3/1100"}, {true, IoStatus::kMediumWriteError, "3/0C00"},
      {true, IoStatus::kNoSpace, "7/2707"},          {true, IoStatus::kWriteProtected, "7/2700"},
      {false, IoStatus::kFailed, "2/0403"},          {true, IoStatus::kFailed, "2/0403"},
  };
  for (const Case& each : cases) {
    auto faults = std::make_unique<FaultVolume>(Harness::ram(kBlockCount));
    faults->set_fault(Fault{.operation = each.write ? IoOperation::kWrite : IoOperation::kRead, .status = each.status});
    Harness harness(std::move(faults));
    const auto exchange =
        each.write ? harness.run(write_cdb(5, 1), {.data_out = Bytes(512)}) : harness.run(read_cdb(5, 1));
    EXPECT_EQ(outcome(*exchange), each.expected);
    EXPECT_EQ(exchange->command.data_in_size, 0U);
    EXPECT_EQ(harness.failures.size(), each.status == IoStatus::kFailed ? 1U : 0U);
  }
}

TEST_P(TransferTest, ReportsTheAddressOfAMediumError) {
  auto faults = std::make_unique<FaultVolume>(Harness::ram(kBlockCount));
  faults->set_fault(Fault{.operation = IoOperation::kRead, .status = IoStatus::kMediumReadError});
  Harness harness(std::move(faults));
  const Bytes sense = harness.run(read_cdb(0x123, 1))->sense();
  EXPECT_EQ(Bytes(sense.begin(), sense.begin() + 7), (Bytes{0xF0, 0, 3, 0, 0, 0x01, 0x23}));
}

TEST_P(TransferTest, RefusesWritesToProtectedUnits) {
  Harness harness(Harness::ram(kBlockCount), {.read_only = true});
  EXPECT_EQ(harness.try_out(write_cdb(0, 1), {.data_out = Bytes(512)}), "7/2700");
  EXPECT_EQ(harness.try_out(read_cdb(0, 1)), "GOOD");
  Harness other;
  EXPECT_EQ(other.try_out(write_cdb(0, 1), {.data_out = Bytes(512), .read_only = true}), "7/2700");
  EXPECT_EQ(other.try_out(write_cdb(0, 1), {.data_out = Bytes(512)}), "GOOD");
}

TEST(Read, RefusesMoreThanTheAnnouncedMaximum) {
  Harness harness(Harness::ram(1 << 20));
  constexpr std::uint32_t kMax = kTransferLengthMax / 512;
  EXPECT_EQ(harness.try_out(transfer_cdb(false, 10, 0, kMax), {.data_in_length = kTransferLengthMax}), "GOOD");
  EXPECT_EQ(harness.try_out(transfer_cdb(false, 10, 0, kMax + 1)), "5/2400 cdb 7");
  EXPECT_EQ(harness.try_out(transfer_cdb(false, 12, 0, kMax + 1)), "5/2400 cdb 6");
  EXPECT_EQ(harness.try_out(transfer_cdb(true, 16, 0, kMax + 1)), "5/2400 cdb 10");
  Harness huge(Harness::ram(std::uint64_t{1} << 34, 512));
  EXPECT_EQ(huge.try_out(transfer_cdb(false, 16, 0, UINT32_MAX)), "5/2400 cdb 10");
}

TEST(Read, WorksWithLargeBlocks) {
  Harness harness(Harness::ram(16, 4096));
  EXPECT_EQ(harness.try_out(transfer_cdb(true, 10, 15, 1), {.data_out = Bytes(4096, 3)}), "GOOD");
  EXPECT_EQ(harness.run(transfer_cdb(false, 10, 15, 1))->data_in(), Bytes(4096, 3));
  EXPECT_EQ(harness.try_out(transfer_cdb(false, 10, 15, 2)), "5/2100");
}

/// Records what reaches a volume that claims to have a cache.
class CachedVolume final : public block::Volume {
 public:
  block::Geometry geometry() const override { return below_->geometry(); }
  block::Features features() const override {
    block::Features features = below_->features();
    features.volatile_cache = true;
    return features;
  }
  bool submit(block::Request& request) noexcept override {
    flushes += request.operation == IoOperation::kFlush ? 1 : 0;
    durable_writes += request.operation == IoOperation::kWrite && request.durable ? 1 : 0;
    return below_->submit(request);
  }
  std::optional<std::string> failure() const override { return std::nullopt; }

  int flushes = 0;
  int durable_writes = 0;

 private:
  std::unique_ptr<block::Volume> below_ = Harness::ram(kBlockCount);
};

TEST(Write, IsDurableWithFuaOrWithoutWriteCache) {
  auto owned = std::make_unique<CachedVolume>();
  CachedVolume& volume = *owned;
  Harness harness(std::move(owned));
  harness.run(transfer_cdb(true, 10, 0, 1), {.data_out = Bytes(512)});
  EXPECT_EQ(volume.durable_writes, 0);
  harness.run(transfer_cdb(true, 10, 0, 1, 0x08), {.data_out = Bytes(512)});
  EXPECT_EQ(volume.durable_writes, 1);
  // MODE SELECT turns WCE off: what is in the cache is flushed, and every write is durable from now on.
  Bytes list(24, 0);
  list[4] = 0x08;
  list[5] = 0x12;
  EXPECT_EQ(harness.try_out({0x15, 0x10, 0, 0, 24, 0}, {.data_out = list}), "GOOD");
  EXPECT_EQ(volume.flushes, 1);
  harness.run(transfer_cdb(true, 6, 0, 1), {.data_out = Bytes(512)});
  EXPECT_EQ(volume.durable_writes, 2);
}

TEST(Write, TakesOnTheCacheOfANewVolume) {
  Harness harness;
  CachedVolume cached;
  harness.unit.replace_volume(cached);
  EXPECT_EQ(harness.try_out({0x00, 0, 0, 0, 0, 0}), "6/2A01");
  EXPECT_EQ(harness.run({0x1A, 8, 0x08, 0, 255, 0})->data_in().at(6), 0x04);
  EXPECT_EQ(harness.try_out(transfer_cdb(true, 10, 0, 1), {.data_out = Bytes(512)}), "GOOD");
  EXPECT_EQ(cached.durable_writes, 0);
  harness.unit.replace_volume(*harness.volume);
}

TEST(SynchronizeCache, FlushesAndChecksItsRange) {
  auto owned = std::make_unique<CachedVolume>();
  CachedVolume& volume = *owned;
  Harness harness(std::move(owned));
  EXPECT_EQ(harness.try_out({0x35, 0, 0, 0, 0, 0, 0, 0, 0, 0}), "GOOD");
  EXPECT_EQ(harness.try_out({0x35, 2, 0, 0, 0, 0, 0, 0, 1, 0}), "GOOD");
  EXPECT_EQ(harness.try_out({0x91, 0, 0, 0, 0, 0, 0, 0, 7, 0xFF, 0, 0, 0, 1, 0, 0}), "GOOD");
  EXPECT_EQ(volume.flushes, 3);
  EXPECT_EQ(harness.try_out({0x35, 0, 0, 0, 8, 0, 0, 0, 0, 0}), "5/2100");
  EXPECT_EQ(harness.try_out({0x91, 0, 0, 0, 0, 0, 0, 0, 7, 0xFF, 0, 0, 0, 2, 0, 0}), "5/2100");
}

TEST(SynchronizeCache, ALostFlushFailsTheUnitForGood) {
  auto faults = std::make_unique<FaultVolume>(Harness::ram(kBlockCount));
  faults->set_fault(Fault{.operation = IoOperation::kFlush, .status = IoStatus::kFailed});
  Harness harness(std::move(faults));
  EXPECT_EQ(harness.try_out({0x35, 0, 0, 0, 0, 0, 0, 0, 0, 0}), "2/0403");
  EXPECT_EQ(harness.failures.size(), 1U);
  EXPECT_EQ(harness.try_out({0x00, 0, 0, 0, 0, 0}), "2/0403");
  EXPECT_EQ(harness.try_out(transfer_cdb(false, 10, 0, 1)), "2/0403");
  EXPECT_EQ(harness.try_out({0x12, 0, 0, 0, 96, 0}), "GOOD");
  EXPECT_EQ(harness.failures.size(), 1U);
  EXPECT_TRUE(harness.log.contains("scsi.unit.failed"));
}

struct ChangeRow {
  const char* why;
  Bytes cdb;  // of block 9
  Bytes data_out;
};

TEST(LentRead, IsAnsweredWithWhatWasThere) {
  const Bytes old_block(kBlock, 0x11);
  Bytes compared_and_new = old_block;
  compared_and_new.resize(2 * kBlock, 0x22);
  const ChangeRow rows[] = {
      {"WRITE", transfer_cdb(true, 10, 9, 1), Bytes(kBlock, 0x22)},
      {"WRITE SAME", {0x41, 0, 0, 0, 0, 9, 0, 0, 1, 0}, Bytes(kBlock, 0x22)},
      {"COMPARE AND WRITE", {0x89, 0, 0, 0, 0, 0, 0, 0, 0, 9, 0, 0, 0, 1, 0, 0}, compared_and_new},
  };
  for (const ChangeRow& row : rows) {
    Harness harness;
    const Bytes old_data(4 * kBlock, 0x11);
    harness.try_out(transfer_cdb(true, 10, 8, 4), {.data_out = old_data});
    const auto reading = harness.run(transfer_cdb(false, 10, 8, 4), {.borrows = true});
    EXPECT_TRUE(reading->command.data_in_loan.is_lent()) << row.why;
    EXPECT_EQ(harness.try_out(row.cdb, {.data_out = row.data_out}), "GOOD") << row.why;
    EXPECT_FALSE(reading->command.data_in_loan.is_lent()) << row.why;
    EXPECT_EQ(reading->data_in(), old_data) << row.why;
    EXPECT_NE(harness.run(transfer_cdb(false, 10, 8, 4), {.borrows = true})->data_in(), old_data) << row.why;
  }
}

TEST(LentRead, IsCutToWhatTheInitiatorHasRoomFor) {
  Harness harness;
  harness.try_out(transfer_cdb(true, 10, 0, 2), {.data_out = Bytes(2 * kBlock, 0x33)});
  const auto reading = harness.run(transfer_cdb(false, 10, 0, 2), {.data_in_length = 700, .borrows = true});
  EXPECT_EQ(reading->data_in(), Bytes(700, 0x33));
  EXPECT_EQ(reading->command.transfer_length, 2 * kBlock);
}

}  // namespace
}  // namespace lunaria::scsi
