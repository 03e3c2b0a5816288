// VERIFY, WRITE AND VERIFY, COMPARE AND WRITE, ORWRITE.
#include <gtest/gtest.h>

#include "block/fault_volume.h"
#include "scsi/harness_test.h"

namespace lunaria::scsi {
namespace {

using testing::Bytes;
using testing::Harness;
using testing::outcome;

// VERIFY(10) or WRITE AND VERIFY(10).
Bytes verify(std::uint8_t byte_check, std::uint16_t lba, std::uint16_t count, std::uint8_t opcode = 0x2F) {
  const auto high = [](std::uint16_t value) { return static_cast<std::uint8_t>(value >> 8); };
  const auto low = [](std::uint16_t value) { return static_cast<std::uint8_t>(value); };
  return {opcode, static_cast<std::uint8_t>(byte_check << 1), 0, 0, high(lba), low(lba), 0, high(count), low(count), 0};
}
Bytes compare_and_write(std::uint16_t lba, std::uint8_t count) {
  return {0x89, 0, 0, 0,     0, 0, 0, 0, static_cast<std::uint8_t>(lba >> 8), static_cast<std::uint8_t>(lba),
          0,    0, 0, count, 0, 0};
}
Bytes two_parts(std::size_t length, std::uint8_t first, std::uint8_t second) {
  Bytes data(length, first);
  data.resize(2 * length, second);
  return data;
}
void write(Harness& harness, std::uint8_t lba, std::uint8_t count, std::uint8_t value) {
  ASSERT_EQ(
      harness.try_out({0x2A, 0, 0, 0, 0, lba, 0, 0, count, 0}, {.data_out = Bytes(count * std::size_t{512}, value)}),
      "GOOD");
}
Bytes read(Harness& harness, std::uint8_t lba, std::uint8_t count) {
  return harness.run({0x28, 0, 0, 0, 0, lba, 0, 0, count, 0})->data_in();
}
std::uint32_t information(const Bytes& sense) {
  EXPECT_EQ(sense.at(0), 0xF0);
  return static_cast<std::uint32_t>(sense.at(3) << 24 | sense.at(4) << 16 | sense.at(5) << 8 | sense.at(6));
}

TEST(Verify, ReadsTheMediumWithoutData) {
  auto faults = std::make_unique<block::FaultVolume>(Harness::ram(8192));
  block::FaultVolume& volume = *faults;
  Harness harness(std::move(faults));
  EXPECT_EQ(harness.try_out(verify(0, 0, 0)), "GOOD");
  EXPECT_EQ(harness.try_out(verify(0, 0, 8192)), "GOOD");
  EXPECT_EQ(harness.try_out(verify(0, 1, 8192)), "5/2100");
  // The second step of 1 MiB fails: the sense data says where.
  volume.set_fault(block::Fault{.first_call = 2, .status = block::IoStatus::kMediumReadError});
  const auto failed = harness.run(verify(0, 0, 8192));
  EXPECT_EQ(outcome(*failed), "3/1100");
  EXPECT_EQ(information(failed->sense()), 2048U);
}

TEST(Verify, ComparesEveryBlock) {
  Harness harness;
  write(harness, 0, 2, 5);
  EXPECT_EQ(harness.try_out(verify(1, 0, 2), {.data_out = Bytes(1024, 5)}), "GOOD");
  Bytes other(1024, 5);
  other[700] = 6;
  const auto different = harness.run(verify(1, 0, 2), {.data_out = other});
  EXPECT_EQ(outcome(*different), "E/1D00");
  EXPECT_EQ(information(different->sense()), 700U);
  EXPECT_EQ(harness.try_out(verify(1, 0, 2), {.data_out = Bytes(1023, 5)}), "5/0E03");
  EXPECT_EQ(harness.try_out(verify(1, 0, 0)), "GOOD");
}

TEST(Verify, ComparesOneBlockWithAll) {
  Harness harness;
  write(harness, 0, 3, 5);
  EXPECT_EQ(harness.try_out(verify(3, 0, 3), {.data_out = Bytes(512, 5)}), "GOOD");
  EXPECT_EQ(harness.try_out(verify(3, 0, 4), {.data_out = Bytes(512, 5)}), "E/1D00");
}

TEST(Verify, RefusesTheReservedCheckAndComparingTooMuch) {
  Harness harness(Harness::ram(65536));
  EXPECT_EQ(harness.try_out(verify(2, 0, 1)), "5/2400 cdb 1.2");
  EXPECT_EQ(harness.try_out(verify(1, 0, 16385)), "5/2400 cdb 7");
  EXPECT_EQ(harness.try_out(verify(2, 0, 1, 0x2E)), "5/2400 cdb 1.2");
  EXPECT_EQ(harness.try_out(verify(3, 0, 1, 0x2E)), "5/2400 cdb 1.2");
}

TEST(Verify, HasTwelveAndSixteenByteForms) {
  Harness harness;
  write(harness, 4, 1, 5);
  EXPECT_EQ(harness.try_out({0xAF, 2, 0, 0, 0, 4, 0, 0, 0, 1, 0, 0}, {.data_out = Bytes(512, 5)}), "GOOD");
  EXPECT_EQ(harness.try_out({0x8F, 2, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 1, 0, 0}, {.data_out = Bytes(512, 6)}),
            "E/1D00");
  EXPECT_EQ(harness.try_out({0xAE, 2, 0, 0, 0, 4, 0, 0, 0, 1, 0, 0}, {.data_out = Bytes(512, 6)}), "GOOD");
  EXPECT_EQ(harness.try_out({0x8E, 0, 0, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0, 1, 0, 0}, {.data_out = Bytes(512, 7)}), "GOOD");
  EXPECT_EQ(read(harness, 4, 1), Bytes(512, 6));
  EXPECT_EQ(read(harness, 5, 1), Bytes(512, 7));
}

TEST(WriteAndVerify, WritesAndChecksItsRange) {
  Harness harness;
  EXPECT_EQ(harness.try_out(verify(1, 2, 2, 0x2E), {.data_out = Bytes(1024, 9)}), "GOOD");
  EXPECT_EQ(read(harness, 2, 2), Bytes(1024, 9));
  EXPECT_EQ(harness.try_out(verify(0, 2047, 2, 0x2E), {.data_out = Bytes(1024, 9)}), "5/2100");
  EXPECT_EQ(harness.try_out(verify(0, 0, 0, 0x2E)), "GOOD");
}

TEST(WriteAndVerify, WritesTheWholeBlocksThatCameAndKeepsTheResidual) {
  Harness harness;
  const auto some = harness.run(verify(1, 0, 2, 0x2E), {.data_out = Bytes(1023, 9)});
  EXPECT_EQ(outcome(*some), "GOOD");
  EXPECT_EQ(some->command.transfer_length, 1024U);
  EXPECT_EQ(read(harness, 0, 2), [] {
    Bytes expected(512, 9);
    expected.resize(1024, 0);
    return expected;
  }());
  EXPECT_EQ(harness.try_out(verify(1, 0, 2, 0x2E), {.data_out = Bytes(200, 8)}), "GOOD");
  EXPECT_EQ(read(harness, 0, 1), Bytes(512, 9));
}

TEST(CompareAndWrite, WritesOnlyWhatMatched) {
  Harness harness;
  write(harness, 0, 2, 1);
  const auto swapped = harness.run(compare_and_write(0, 2), {.data_out = two_parts(1024, 1, 2)});
  EXPECT_EQ(outcome(*swapped), "GOOD");
  EXPECT_EQ(swapped->command.transfer_length, 2048U);
  EXPECT_EQ(read(harness, 0, 2), Bytes(1024, 2));
  const auto different = harness.run(compare_and_write(0, 2), {.data_out = two_parts(1024, 1, 3)});
  EXPECT_EQ(outcome(*different), "E/1D00");
  EXPECT_EQ(information(different->sense()), 0U);
  EXPECT_EQ(read(harness, 0, 2), Bytes(1024, 2));
}

TEST(CompareAndWrite, ChecksItsRangeAndData) {
  Harness harness;
  EXPECT_EQ(harness.try_out(compare_and_write(0, 0)), "GOOD");
  EXPECT_EQ(harness.try_out(compare_and_write(2047, 1), {.data_out = Bytes(1024, 0)}), "GOOD");
  EXPECT_EQ(harness.try_out(compare_and_write(2047, 2), {.data_out = Bytes(2048, 0)}), "5/2100");
  EXPECT_EQ(harness.try_out(compare_and_write(2048, 0)), "5/2100");
  EXPECT_EQ(harness.try_out(compare_and_write(0, 2), {.data_out = Bytes(2047, 0)}), "5/0E03");
  EXPECT_EQ(harness.try_out(compare_and_write(0, 2), {.data_out = Bytes(2049, 0)}), "5/2400 cdb 13");
  EXPECT_EQ(harness.try_out(compare_and_write(0, 0), {.data_out = Bytes(512, 0)}), "5/2400 cdb 13");
  EXPECT_EQ(harness.try_out(compare_and_write(0, 255), {.data_out = Bytes(510 * 512, 0)}), "GOOD");
}

// Two initiators swap the same block while the medium is slow: one must win, the other must see its block.
TEST(CompareAndWrite, LetsNobodyInBetween) {
  auto faults = std::make_unique<block::FaultVolume>(Harness::ram(2048));
  block::FaultVolume& volume = *faults;
  Harness harness(std::move(faults));
  volume.set_fault(block::Fault{.operation = block::IoOperation::kRead});
  const auto first = harness.start(compare_and_write(0, 1), {.data_out = two_parts(512, 0, 1)});
  const auto second = harness.start(compare_and_write(0, 1), {.data_out = two_parts(512, 0, 2), .initiator = 1});
  const auto reader = harness.start({0x28, 0, 0, 0, 0, 0, 0, 0, 1, 0});
  const auto elsewhere = harness.start({0x28, 0, 0, 0, 0, 9, 0, 0, 1, 0});
  EXPECT_EQ(outcome(*elsewhere), "GOOD");
  EXPECT_EQ(outcome(*first), "NOT DONE");
  EXPECT_EQ(outcome(*second), "NOT DONE");
  EXPECT_EQ(outcome(*reader), "NOT DONE");
  volume.release();
  harness.world.run_until_idle();
  EXPECT_EQ(outcome(*first), "GOOD");
  EXPECT_EQ(outcome(*second), "E/1D00");
  EXPECT_EQ(reader->data_in(), Bytes(512, 1));
}

TEST(CompareAndWrite, WaitsForWritesThatAreUnderWay) {
  auto faults = std::make_unique<block::FaultVolume>(Harness::ram(2048));
  block::FaultVolume& volume = *faults;
  Harness harness(std::move(faults));
  volume.set_fault(block::Fault{.operation = block::IoOperation::kWrite});
  const auto write = harness.start({0x2A, 0, 0, 0, 0, 0, 0, 0, 2, 0}, {.data_out = Bytes(1024, 4)});
  const auto compare = harness.start(compare_and_write(1, 1), {.data_out = two_parts(512, 4, 5)});
  EXPECT_EQ(outcome(*compare), "NOT DONE");
  volume.release();
  EXPECT_EQ(outcome(*write), "GOOD");
  EXPECT_EQ(outcome(*compare), "GOOD");
  EXPECT_EQ(read(harness, 1, 1), Bytes(512, 5));
}

TEST(OrWrite, MergesBits) {
  Harness harness;
  write(harness, 0, 1, 0x0F);
  const Bytes cdb{0x8B, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0};
  EXPECT_EQ(harness.try_out(cdb, {.data_out = Bytes(512, 0x31)}), "GOOD");
  EXPECT_EQ(read(harness, 0, 1), Bytes(512, 0x3F));
  EXPECT_EQ(harness.try_out({0x8B, 0, 0, 0, 0, 0, 0, 0, 8, 0, 0, 0, 0, 1, 0, 0}), "5/2100");
  EXPECT_EQ(harness.try_out(cdb, {.data_out = Bytes(511)}), "5/0E03");
}

}  // namespace
}  // namespace lunaria::scsi
