// Commands with their data, both ways, on this shard and on another.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "iscsi/connection_state.h"
#include "iscsi/testing/bed.h"
#include "iscsi/testing/requests.h"
#include "iscsi/testing/steps.h"

namespace lunaria::iscsi {
namespace {

using testing::BedOptions;
using testing::Bytes;
using testing::count;
using testing::Outcome;
using testing::pattern;
using testing::Pdu;
using testing::read_blocks;
using testing::run;
using testing::set_key;
using testing::TestBed;
using testing::write_blocks;

// Reads.

TEST(Read, FoldsGoodStatusIntoTheLastPdu) {
  TestBed bed;
  bed.host.medium = pattern(bed.host.medium.size());
  bed.log_in();
  const Outcome& outcome = run(bed, read_blocks(3, 8));
  EXPECT_EQ(outcome.status, 0);
  EXPECT_FALSE(outcome.overflow || outcome.underflow);
  EXPECT_TRUE(std::ranges::equal(outcome.data, std::span(bed.host.medium).subspan(3 * 512, 4096)));
  EXPECT_EQ(bed.initiator.received().size(), 1U);
}

TEST(Read, IsCutBySegmentAndBurst) {
  BedOptions options;
  set_key(options, "MaxRecvDataSegmentLength", "2048");
  set_key(options, "MaxBurstLength", "5120");
  TestBed bed(options);
  bed.host.medium = pattern(bed.host.medium.size());
  bed.log_in();
  const Outcome& outcome = run(bed, read_blocks(0, 24));
  EXPECT_TRUE(std::ranges::equal(outcome.data, std::span(bed.host.medium).first(std::size_t{24} * 512)));
  std::vector<std::pair<std::size_t, bool>> pieces;
  for (const Pdu& pdu : bed.initiator.received()) {
    pieces.emplace_back(pdu.data.size(), pdu.get<bhs::Final>());
  }
  const std::vector<std::pair<std::size_t, bool>> expected = {{2048, false}, {2048, false}, {1024, true}, {2048, false},
                                                              {2048, false}, {1024, true},  {2048, true}};
  EXPECT_EQ(pieces, expected);
}

struct ResidualRow {
  const char* why;
  std::uint16_t blocks;  // of the CDB
  std::uint32_t announced;
  bool overflow;
  bool underflow;
  std::uint32_t residual;
};
constexpr ResidualRow kResiduals[] = {
    {"as announced", 2, 1024, false, false, 0},        {"less than announced", 2, 10000, false, true, 8976},
    {"more than announced", 2, 200, true, false, 824}, {"nothing announced", 1, 0, true, false, 512},
    {"nothing moved", 0, 512, false, true, 512},       {"nothing at all", 0, 0, false, false, 0},
};

TEST(Read, CountsResiduals) {
  for (const ResidualRow& row : kResiduals) {
    TestBed bed;
    bed.log_in();
    testing::CommandRequest request = read_blocks(0, row.blocks);
    request.read_length = row.announced;
    const Outcome& outcome = run(bed, request);
    EXPECT_EQ(outcome.status, 0) << row.why;
    EXPECT_EQ(outcome.overflow, row.overflow) << row.why;
    EXPECT_EQ(outcome.underflow, row.underflow) << row.why;
    EXPECT_EQ(outcome.residual, row.residual) << row.why;
    EXPECT_EQ(outcome.data.size(), std::min<std::size_t>(row.announced, row.blocks * 512U)) << row.why;
  }
}

TEST(Write, CountsResiduals) {
  for (const ResidualRow& row : kResiduals) {
    TestBed bed;
    bed.log_in();
    testing::CommandRequest request = write_blocks(0, Bytes(row.announced));
    wire::BigEndian<std::uint16_t, 7>::set(std::span(request.cdb).first<16>(), row.blocks);
    const Outcome& outcome = run(bed, request);
    EXPECT_EQ(outcome.status, 0) << row.why;
    EXPECT_EQ(outcome.overflow, row.overflow) << row.why;
    EXPECT_EQ(outcome.underflow, row.underflow) << row.why;
    EXPECT_EQ(outcome.residual, row.residual) << row.why;
  }
}

TEST(Command, BringsItsSenseAlong) {
  TestBed bed;
  bed.log_in();
  testing::CommandRequest request = read_blocks(0, 1);
  request.cdb[0] = std::byte{0xFF};
  const Outcome& outcome = run(bed, request);
  EXPECT_EQ(outcome.status, 2);
  ASSERT_EQ(outcome.sense.size(), 18U);
  EXPECT_EQ(outcome.sense[2], std::byte{5});
  EXPECT_TRUE(outcome.underflow);
  EXPECT_EQ(outcome.residual, 512U);
}

TEST(Command, PassesItsHeaderOn) {
  BedOptions options;
  set_key(options, "iSCSIProtocolLevel", "2");
  TestBed bed(options);
  bed.log_in();
  bed.host.hold_commands = true;
  Pdu pdu(Opcode::kScsiCommand);
  pdu.set<bhs::scsi_command::Attributes>(std::uint8_t{2}).set<bhs::scsi_command::Priority>(std::uint8_t{9});
  pdu.set<bhs::Lun>(std::uint64_t{0x0001'0000'0000'0000}).set<bhs::InitiatorTaskTag>(0xABCDU);
  pdu.header[32] = std::byte{0x7F};
  pdu.additional = {std::byte{0}, std::byte{17}, std::byte{1}, std::byte{0}};
  for (unsigned i = 0; i < 16; ++i) {
    pdu.additional.push_back(std::byte{static_cast<std::uint8_t>(0xA0 + i)});
  }
  bed.initiator.send(pdu);
  bed.pump();
  ASSERT_EQ(bed.host.held.size(), 1U);
  const scsi::Command& command = bed.host.held[0]->command();
  EXPECT_EQ(command.attribute, scsi::TaskAttribute::kOrdered);
  EXPECT_EQ(command.priority, 9);
  EXPECT_EQ(command.lun, scsi::Lun{0x0001'0000'0000'0000});
  EXPECT_EQ(command.tag, 0xABCDU);
  EXPECT_EQ(command.cdb().size(), 32U);
  EXPECT_EQ(command.cdb()[31], std::byte{0xAF});
  EXPECT_EQ(command.nexus, bed.host.session->nexus.get());
}

// Writes: every way in which data can come, for lengths around every bound.

struct BurstRow {
  bool initial_r2t;
  bool immediate_data;
  std::uint32_t first_burst;
  std::uint32_t max_burst;
  std::uint32_t segment;
  std::uint16_t outstanding;
};

class WriteBursts : public ::testing::TestWithParam<BurstRow> {};

std::vector<BurstRow> burst_rows() {
  std::vector<BurstRow> rows;
  for (const bool initial : {false, true}) {
    for (const bool immediate : {false, true}) {
      for (const std::uint32_t first : {512U, 4096U, 65536U}) {
        for (const std::uint32_t max : {512U, 8192U, 262144U}) {
          for (const std::uint16_t outstanding : {std::uint16_t{1}, std::uint16_t{3}, std::uint16_t{64}}) {
            rows.push_back({initial, immediate, first, max, first == 4096 ? 1024U : 8192U, outstanding});
          }
        }
      }
    }
  }
  return rows;
}
INSTANTIATE_TEST_SUITE_P(EveryCombination, WriteBursts, ::testing::ValuesIn(burst_rows()));

TEST_P(WriteBursts, BringAllDataToItsPlace) {
  const BurstRow& row = GetParam();
  BedOptions options;
  options.preferences.max_recv_data_segment_length = row.segment;
  options.preferences.max_outstanding_r2t = 64;
  set_key(options, "InitialR2T", row.initial_r2t ? "Yes" : "No");
  set_key(options, "ImmediateData", row.immediate_data ? "Yes" : "No");
  set_key(options, "FirstBurstLength", std::to_string(row.first_burst));
  set_key(options, "MaxBurstLength", std::to_string(row.max_burst));
  set_key(options, "MaxOutstandingR2T", std::to_string(row.outstanding));
  TestBed bed(options);
  bed.log_in();
  ASSERT_TRUE(bed.initiator.is_logged_in());
  const SessionParameters& agreed = bed.host.session->parameters();
  for (const std::size_t blocks : {std::size_t{1}, std::size_t{2}, std::size_t{8}, std::size_t{9}, std::size_t{17},
                                   std::size_t{129}, std::size_t{600}}) {
    const std::size_t before = count(bed, Opcode::kReadyToTransfer);
    const Bytes data = pattern(blocks * 512, static_cast<unsigned>(blocks));
    ASSERT_EQ(run(bed, write_blocks(5, data)).status, 0);
    ASSERT_TRUE(std::ranges::equal(data, std::span(bed.host.medium).subspan(std::size_t{5} * 512, data.size())));
    const std::size_t first = std::min<std::size_t>(agreed.first_burst_length, data.size());
    const std::size_t immediate = row.immediate_data ? std::min<std::size_t>(first, row.segment) : 0;
    const std::size_t unsolicited = row.initial_r2t ? immediate : first;
    const std::size_t solicited = data.size() - unsolicited;
    EXPECT_EQ(count(bed, Opcode::kReadyToTransfer) - before,
              (solicited + agreed.max_burst_length - 1) / agreed.max_burst_length);
  }
}

TEST(Write, KeepsNoMoreR2tsOutstandingThanAgreed) {
  for (const std::uint16_t agreed : {std::uint16_t{1}, std::uint16_t{2}, std::uint16_t{64}}) {
    BedOptions options;
    options.preferences.max_outstanding_r2t = 64;
    set_key(options, "MaxOutstandingR2T", std::to_string(agreed));
    set_key(options, "MaxBurstLength", "4096");
    set_key(options, "FirstBurstLength", "4096");
    TestBed bed(options);
    bed.log_in();
    bed.initiator.answer_r2ts(false);
    bed.initiator.send_command(write_blocks(0, Bytes(std::size_t{1} << 20)));
    bed.pump();
    EXPECT_EQ(count(bed, Opcode::kReadyToTransfer), std::min<std::size_t>(agreed, kOutstandingR2tMax));
  }
}

TEST(Write, IsReceivedInPlaceWhateverThePieces) {
  for (const std::size_t piece : {std::size_t{1}, std::size_t{47}, std::size_t{4096}, std::size_t{100000}}) {
    BedOptions options;
    options.receive_piece = piece;
    options.send_piece = piece * 3 + 1;
    set_key(options, "DataDigest", "CRC32C");
    set_key(options, "HeaderDigest", "CRC32C");
    set_key(options, "FirstBurstLength", "200000");
    TestBed bed(options);
    bed.log_in();
    const std::size_t size = piece == 1 ? 20480 : 1 << 20;
    const Bytes data = pattern(size);
    ASSERT_EQ(run(bed, write_blocks(1, data)).status, 0);
    EXPECT_TRUE(std::ranges::equal(data, std::span(bed.host.medium).subspan(512, data.size())));
    EXPECT_EQ(run(bed, read_blocks(1, static_cast<std::uint16_t>(size / 512))).data, data);
  }
}

TEST(Write, AnswersAfterItsUnsolicitedDataEvenWhenItFails) {
  TestBed bed;
  bed.log_in();
  Pdu pdu(Opcode::kScsiCommand);
  pdu.set<bhs::Final>(false).set<bhs::scsi_command::Write>(true).set<bhs::InitiatorTaskTag>(50U);
  pdu.set<bhs::scsi_command::ExpectedDataTransferLength>(1024U);
  pdu.header[32] = std::byte{0xFF};
  pdu.data.resize(512);
  bed.initiator.send(pdu);
  bed.pump();
  EXPECT_EQ(bed.host.started, 1U);
  EXPECT_FALSE(bed.connection->wants_send()) << "the tag stays in use until its data has come";
  Pdu data(Opcode::kDataOut);
  data.set<bhs::InitiatorTaskTag>(50U).set<bhs::TargetTransferTag>(kReservedTag);
  data.set<bhs::data_out::BufferOffset>(512U);
  data.data.resize(512);
  bed.stop_sending = true;
  bed.initiator.send(data);
  bed.pump();
  EXPECT_TRUE(bed.connection->wants_send());
}

TEST(Write, IsRefusedByTheTransportWhenItBreaksWhatWasAgreed) {
  struct Row {
    const char* why;
    const char* immediate;
    const char* initial_r2t;
    std::size_t immediate_size;
    bool final;
    std::uint8_t qualifier;
  };
  const Row rows[] = {
      {"immediate data without ImmediateData", "No", "Yes", 512, true, 0x0C},
      {"unsolicited data with InitialR2T", "Yes", "Yes", 0, false, 0x0C},
      {"immediate data above FirstBurstLength", "Yes", "Yes", 1024, true, 0x0D},
  };
  for (const Row& row : rows) {
    BedOptions options;
    set_key(options, "ImmediateData", row.immediate);
    set_key(options, "InitialR2T", row.initial_r2t);
    set_key(options, "FirstBurstLength", "512");
    TestBed bed(options);
    bed.log_in();
    const auto tag = bed.initiator.send_nop("");  // a tag whose answer the kit checks
    bed.pump();
    ASSERT_TRUE(bed.initiator.outcome(tag)->done);
    Pdu pdu(Opcode::kScsiCommand);
    pdu.set<bhs::Final>(row.final).set<bhs::scsi_command::Write>(true).set<bhs::InitiatorTaskTag>(60U);
    pdu.set<bhs::scsi_command::ExpectedDataTransferLength>(4096U);
    pdu.data.resize(row.immediate_size);
    bed.stop_sending = true;
    bed.initiator.send(pdu);
    bed.pump();
    if (!row.final) {
      Pdu data(Opcode::kDataOut);
      data.set<bhs::InitiatorTaskTag>(60U).set<bhs::TargetTransferTag>(kReservedTag);
      data.data.resize(512);
      EXPECT_FALSE(bed.connection->wants_send());
      bed.initiator.send(data);
      bed.pump();
    }
    EXPECT_EQ(bed.host.started, 0U) << row.why;
    const auto vectors = bed.connection->gather(bed.clock.now());
    ASSERT_EQ(vectors.size(), 2U) << row.why;
    const auto* sense = static_cast<const std::uint8_t*>(vectors[1].iov_base) + 2;
    EXPECT_EQ(sense[2], 0x0B) << row.why;
    EXPECT_EQ(sense[12], 0x0C) << row.why;
    EXPECT_EQ(sense[13], row.qualifier) << row.why;
    bed.connection->on_sent(vectors[0].iov_len + vectors[1].iov_len, bed.clock.now());
    EXPECT_FALSE(bed.connection->close_reason());
  }
}

// Commands on another shard.

TEST(RemoteCommand, BringsDataAndBuffersAcross) {
  TestBed bed;
  testing::FakeShard home(bed.clock);
  bed.host.home = &home;
  bed.log_in();
  const Bytes data = pattern(std::size_t{1} << 18);
  const auto write = bed.initiator.send_command(write_blocks(0, data));
  const auto read = bed.initiator.send_command(read_blocks(0, 512));
  for (int i = 0; i < 40; ++i) {
    bed.pump();
    home.run();
  }
  EXPECT_EQ(bed.initiator.outcome(write)->status, 0);
  EXPECT_TRUE(bed.initiator.outcome(read)->done);
  bed.end();
  EXPECT_EQ(home.buffers().bytes_in_use(), 0U);
}

TEST(RemoteCommand, EndsItsWaitForDataWhenTheConnectionIsLost) {
  TestBed bed;
  testing::FakeShard home(bed.clock);
  bed.host.home = &home;
  bed.log_in();
  bed.initiator.answer_r2ts(false);
  bed.initiator.send_command(write_blocks(0, Bytes(std::size_t{1} << 20)));
  for (int i = 0; i < 4; ++i) {
    bed.pump();
    home.run();
  }
  bed.connection->abandon();
  EXPECT_FALSE(bed.connection->is_drained());
  home.run();
  bed.shard.run();
  EXPECT_TRUE(bed.connection->is_drained());
}

}  // namespace
}  // namespace lunaria::iscsi
