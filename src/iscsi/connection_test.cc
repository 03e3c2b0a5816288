#include "iscsi/connection.h"

#include <gtest/gtest.h>

#include "iscsi/testing/bed.h"

namespace lunaria::iscsi {
namespace {

using testing::BedOptions;
using testing::Bytes;
using testing::Outcome;
using testing::Pdu;
using testing::TestBed;

Bytes block_cdb(std::uint8_t opcode, std::uint32_t block, std::uint16_t count) {
  Bytes cdb(16);
  cdb[0] = std::byte{opcode};
  wire::BigEndian<std::uint32_t, 2>::set(std::span(cdb).first<16>(), block);
  wire::BigEndian<std::uint16_t, 7>::set(std::span(cdb).first<16>(), count);
  return cdb;
}
testing::CommandRequest read(std::uint32_t block, std::uint16_t count) {
  return {.cdb = block_cdb(0x28, block, count), .read_length = count * 512U, .write_data = {}};
}
testing::CommandRequest write(std::uint32_t block, Bytes data) {
  return {.cdb = block_cdb(0x2A, block, static_cast<std::uint16_t>(data.size() / 512)), .write_data = std::move(data)};
}
Bytes pattern(std::size_t size, unsigned seed = 1) {
  Bytes bytes(size);
  for (std::size_t i = 0; i < size; ++i) {
    bytes[i] = static_cast<std::byte>((i * 31 + i / 251 + seed) & 0xFF);
  }
  return bytes;
}

TEST(Connection, LogsInAndReads) {
  TestBed bed;
  bed.host.medium = pattern(bed.host.medium.size());
  bed.log_in();
  ASSERT_TRUE(bed.initiator.is_logged_in());
  EXPECT_EQ(bed.initiator.tsih(), 7);
  const auto tag = bed.initiator.send_command(read(3, 8));
  bed.pump();
  const Outcome& outcome = *bed.initiator.outcome(tag);
  ASSERT_TRUE(outcome.done);
  EXPECT_EQ(outcome.status, 0);
  EXPECT_TRUE(std::ranges::equal(outcome.data, std::span(bed.host.medium).subspan(3 * 512, 4096)));
}

TEST(Connection, WritesWithImmediateUnsolicitedAndSolicitedData) {
  TestBed bed;
  bed.log_in();
  const Bytes data = pattern(1 << 20);
  const auto tag = bed.initiator.send_command(write(16, data));
  bed.pump();
  ASSERT_TRUE(bed.initiator.outcome(tag)->done);
  EXPECT_EQ(bed.initiator.outcome(tag)->status, 0);
  EXPECT_TRUE(std::ranges::equal(data, std::span(bed.host.medium).subspan(16 * 512, data.size())));
}

}  // namespace
}  // namespace lunaria::iscsi
