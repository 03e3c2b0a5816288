#include "iscsi/connection.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "iscsi/connection_state.h"
#include "iscsi/testing/bed.h"
#include "iscsi/testing/requests.h"

namespace lunaria::iscsi {
namespace {

using namespace std::chrono_literals;
using testing::BedOptions;
using testing::Bytes;
using testing::Outcome;
using testing::pattern;
using testing::Pdu;
using testing::read_blocks;
using testing::TestBed;
using testing::write_blocks;

void set_key(BedOptions& options, const std::string& name, const std::string& value) {
  for (auto& [key, current] : options.initiator.keys) {
    if (key == name) {
      current = value;
      return;
    }
  }
  options.initiator.keys.emplace_back(name, value);
}

/// Runs one request to its end.
const Outcome& run(TestBed& bed, const testing::CommandRequest& request) {
  const auto tag = bed.initiator.send_command(request);
  bed.pump();
  const Outcome& outcome = *bed.initiator.outcome(tag);
  EXPECT_TRUE(outcome.done);
  return outcome;
}

std::size_t count(const TestBed& bed, Opcode opcode) {
  return static_cast<std::size_t>(
      std::ranges::count_if(bed.initiator.received(), [opcode](const Pdu& pdu) { return pdu.opcode() == opcode; }));
}

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

// Pings, text, logout.

TEST(Nop, EchoesItsData) {
  TestBed bed;
  bed.log_in();
  const auto plain = bed.initiator.send_nop("");
  const auto data = bed.initiator.send_nop("are you there?!");
  bed.pump();
  EXPECT_TRUE(bed.initiator.outcome(plain)->done);
  EXPECT_EQ(testing::to_text(bed.initiator.outcome(data)->data), "are you there?!");
}

TEST(Nop, EchoesNoMoreThanTheInitiatorTakes) {
  BedOptions options;
  set_key(options, "MaxRecvDataSegmentLength", "512");
  TestBed bed(options);
  bed.log_in();
  const auto tag = bed.initiator.send_nop(std::string(2000, 'n'));
  bed.pump();
  EXPECT_EQ(testing::to_text(bed.initiator.outcome(tag)->data), std::string(512, 'n'));
}

TEST(Nop, AnswersABurstOfPings) {
  TestBed bed;
  bed.log_in();
  for (int i = 0; i < 500; ++i) {
    bed.initiator.send_nop("");
  }
  bed.pump();
  EXPECT_EQ(count(bed, Opcode::kNopIn), 500U);
  EXPECT_TRUE(bed.initiator.rejects().empty());
}

DiscoveredTarget target(const std::string& name, std::size_t addresses = 1) {
  DiscoveredTarget found{.name = name, .addresses = {}};
  for (std::size_t i = 0; i < addresses; ++i) {
    found.addresses.push_back({*IpEndpoint::parse("[2001:db8::1]:3260"), static_cast<std::uint16_t>(i + 1)});
  }
  return found;
}

std::string send_targets(TestBed& bed, const std::string& value) {
  const auto tag = bed.initiator.send_text("SendTargets=" + value + std::string(1, '\0'));
  bed.pump();
  const Outcome& outcome = *bed.initiator.outcome(tag);
  EXPECT_TRUE(outcome.done);
  std::string text = testing::to_text(outcome.data);
  std::ranges::replace(text, '\0', ' ');
  return text;
}

TEST(SendTargets, ListsEveryTargetInDiscovery) {
  BedOptions options;
  options.initiator.discovery = true;
  TestBed bed(options);
  bed.host.targets = {target("iqn.x:a", 2), target("iqn.x:b")};
  bed.log_in();
  ASSERT_TRUE(bed.initiator.is_logged_in());
  EXPECT_EQ(send_targets(bed, "All"),
            "TargetName=iqn.x:a TargetAddress=[2001:db8::1]:3260,1 TargetAddress=[2001:db8::1]:3260,2 "
            "TargetName=iqn.x:b TargetAddress=[2001:db8::1]:3260,1 ");
  EXPECT_EQ(send_targets(bed, "IQN.X:B"), "TargetName=iqn.x:b TargetAddress=[2001:db8::1]:3260,1 ");
  EXPECT_EQ(send_targets(bed, "iqn.x:none"), "");
  EXPECT_EQ(send_targets(bed, ""), "SendTargets=Reject ");
}

TEST(SendTargets, TellsANormalSessionOfItsOwnTarget) {
  TestBed bed;
  bed.host.targets = {target("iqn.2004-01.org.example:disk"), target("iqn.x:b")};
  bed.log_in();
  EXPECT_EQ(send_targets(bed, ""), "TargetName=iqn.2004-01.org.example:disk TargetAddress=[2001:db8::1]:3260,1 ");
  EXPECT_EQ(send_targets(bed, "All"), "SendTargets=Reject ");
}

TEST(SendTargets, GoesOnInFurtherResponsesWhenItIsLong) {
  BedOptions options;
  options.initiator.discovery = true;
  options.initiator.keys = {{"MaxRecvDataSegmentLength", "512"}};
  TestBed bed(options);
  std::string expected;
  for (int i = 0; i < 200; ++i) {
    bed.host.targets.push_back(target("iqn.x:" + std::to_string(i)));
    expected += "TargetName=iqn.x:" + std::to_string(i) + " TargetAddress=[2001:db8::1]:3260,1 ";
  }
  bed.log_in();
  EXPECT_EQ(send_targets(bed, "All"), expected);
  for (const Pdu& pdu : bed.initiator.received()) {
    EXPECT_LE(pdu.data.size(), 512U);
    EXPECT_NE(pdu.get<bhs::Final>(), pdu.get<bhs::text::Continue>());
  }
}

TEST(Text, AnswersKeysInFullFeaturePhase) {
  TestBed bed;
  bed.log_in();
  const std::pair<std::string, std::string> rows[] = {
      {"MaxBurstLength=512", "MaxBurstLength=Reject "},
      {"X-a=1", "X-a=NotUnderstood "},
      {"InitiatorAlias=me", ""},
      {"MaxRecvDataSegmentLength=1024", ""},
      {"MaxRecvDataSegmentLength=1", "MaxRecvDataSegmentLength=Reject "},
  };
  for (const auto& [request, expected] : rows) {
    const auto tag = bed.initiator.send_text(request + std::string(1, '\0'));
    bed.pump();
    std::string text = testing::to_text(bed.initiator.outcome(tag)->data);
    std::ranges::replace(text, '\0', ' ');
    EXPECT_EQ(text, expected) << request;
  }
  EXPECT_EQ(bed.connection->login().connection.max_send_data_segment_length, 1024U);
}

TEST(Text, GathersARequestOverPdus) {
  TestBed bed;
  bed.host.targets = {target("iqn.2004-01.org.example:disk")};
  bed.log_in();
  Pdu first(Opcode::kTextRequest, true);
  first.set<bhs::Final>(false).set<bhs::text::Continue>(true).set<bhs::InitiatorTaskTag>(bed.initiator.next_tag());
  first.set<bhs::TargetTransferTag>(kReservedTag).set_text("SendTar");
  // The kit answers an answer that is not final with an empty request; this one is to carry the rest instead.
  bed.stop_sending = true;
  bed.initiator.send(first);
  bed.pump();
  const auto vectors = bed.connection->gather(bed.clock.now());
  ASSERT_EQ(vectors.size(), 1U);
  const bhs::View answer(static_cast<const std::byte*>(vectors[0].iov_base), 48);
  EXPECT_FALSE(bhs::Final::get(answer));
  const std::uint32_t transfer_tag = bhs::TargetTransferTag::get(answer);
  EXPECT_NE(transfer_tag, kReservedTag);
  bed.connection->on_sent(48, bed.clock.now());
  Pdu second(Opcode::kTextRequest, true);
  second.set<bhs::InitiatorTaskTag>(bed.initiator.next_tag()).set<bhs::TargetTransferTag>(transfer_tag);
  second.set_text(std::string("gets=\0", 6));
  bed.initiator.send(second);
  bed.pump();
  const auto rest = bed.connection->gather(bed.clock.now());
  ASSERT_GE(rest.size(), 2U);
  EXPECT_EQ(std::memcmp(rest[1].iov_base, "TargetName=", 11), 0);
}

TEST(Logout, EndsTheConnection) {
  for (const LogoutReason reason : {LogoutReason::kCloseSession, LogoutReason::kCloseConnection}) {
    TestBed bed;
    bed.log_in();
    const auto tag = bed.initiator.send_logout(reason);
    bed.pump();
    EXPECT_EQ(bed.initiator.outcome(tag)->response, static_cast<std::uint8_t>(LogoutResponse::kClosed));
    EXPECT_EQ(bed.connection->close_reason(), CloseReason::kLoggedOut);
  }
}

TEST(Logout, IsAnsweredAfterTheLastCommand) {
  TestBed bed;
  bed.log_in();
  bed.host.hold_commands = true;
  const auto command = bed.initiator.send_command(read_blocks(0, 1));
  const auto tag = bed.initiator.send_logout();
  bed.pump();
  EXPECT_FALSE(bed.initiator.outcome(tag)->done);
  bed.host.run_held();
  bed.pump();
  EXPECT_TRUE(bed.initiator.outcome(tag)->done);
  EXPECT_FALSE(bed.initiator.outcome(command)->done) << "a logout ends what is not done";
}

TEST(Logout, DoesNotWaitForeverForCommands) {
  TestBed bed;
  bed.log_in();
  bed.host.hold_commands = true;
  bed.initiator.send_command(read_blocks(0, 1));
  const auto tag = bed.initiator.send_logout();
  bed.pump();
  bed.advance(10s);
  EXPECT_TRUE(bed.initiator.outcome(tag)->done);
  EXPECT_EQ(bed.connection->close_reason(), CloseReason::kLoggedOut);
}

TEST(Logout, IsRefusedForRecoveryAndForOthers) {
  TestBed bed;
  bed.log_in();
  const auto recovery = bed.initiator.send_logout(LogoutReason::kRemoveForRecovery);
  bed.pump();
  EXPECT_EQ(bed.initiator.outcome(recovery)->response,
            static_cast<std::uint8_t>(LogoutResponse::kRecoveryNotSupported));
  Pdu other(Opcode::kLogoutRequest, true);
  other.set<bhs::logout_request::Reason>(std::uint8_t{1}).set<bhs::logout_request::Cid>(std::uint16_t{9});
  other.set<bhs::InitiatorTaskTag>(1000U);
  bed.stop_sending = true;
  bed.initiator.send(other);
  bed.pump();
  const auto vectors = bed.connection->gather(bed.clock.now());
  const bhs::View answer(static_cast<const std::byte*>(vectors[0].iov_base), 48);
  EXPECT_EQ(bhs::logout_response::Response::get(answer), LogoutResponse::kConnectionNotFound);
  EXPECT_FALSE(bed.connection->close_reason());
}

// Task management.

TEST(TaskManagement, AbortsARunningTask) {
  TestBed bed;
  bed.log_in();
  bed.host.hold_commands = true;
  const auto tag = bed.initiator.send_command(read_blocks(0, 1));
  const auto abort = bed.initiator.send_task_management(TaskFunction::kAbortTask, 0, tag);
  bed.pump();
  EXPECT_FALSE(bed.initiator.outcome(abort)->done) << "the command may still touch the medium";
  bed.advance(kTaskEndWait);
  EXPECT_EQ(bed.initiator.outcome(abort)->response, static_cast<std::uint8_t>(TaskResponse::kFunctionComplete))
      << "also while the command hangs";
  bed.host.run_held();
  bed.pump();
  EXPECT_FALSE(bed.initiator.outcome(tag)->done);
  EXPECT_EQ(bed.slots.in_use(), 0U);
}

TEST(TaskManagement, AbortsATaskThatWaitsForData) {
  TestBed bed;
  bed.log_in();
  bed.initiator.answer_r2ts(false);
  const Bytes before = bed.host.medium;
  const auto tag = bed.initiator.send_command(write_blocks(0, pattern(std::size_t{1} << 20)));
  bed.pump();
  const auto abort = bed.initiator.send_task_management(TaskFunction::kAbortTask, 0, tag);
  bed.pump();
  EXPECT_EQ(bed.initiator.outcome(abort)->response, static_cast<std::uint8_t>(TaskResponse::kFunctionComplete));
  EXPECT_EQ(bed.slots.in_use(), 0U);
  EXPECT_EQ(bed.host.medium, before);
  Pdu late(Opcode::kDataOut);
  late.set<bhs::InitiatorTaskTag>(tag).set<bhs::TargetTransferTag>(1U);
  late.data.resize(512);
  bed.initiator.send(late);
  bed.pump();
  EXPECT_TRUE(bed.initiator.rejects().empty()) << "data of an aborted task is dropped silently";
}

TEST(TaskManagement, SaysWhenThereIsNoSuchTask) {
  TestBed bed;
  bed.log_in();
  const auto abort = bed.initiator.send_task_management(TaskFunction::kAbortTask, 0, 999, bed.initiator.command_sn());
  bed.pump();
  EXPECT_EQ(bed.initiator.outcome(abort)->response, static_cast<std::uint8_t>(TaskResponse::kTaskDoesNotExist));
  EXPECT_TRUE(bed.host.held_management.empty());
}

TEST(TaskManagement, ResetsAUnitAndNoOther) {
  TestBed bed;
  bed.log_in();
  bed.host.hold_commands = true;
  testing::CommandRequest other = read_blocks(0, 1);
  other.lun = std::uint64_t{1} << 48;
  const auto first = bed.initiator.send_command(read_blocks(0, 1));
  const auto second = bed.initiator.send_command(other);
  const auto reset = bed.initiator.send_task_management(TaskFunction::kLogicalUnitReset, 0);
  bed.pump();
  const auto third = bed.initiator.send_command(read_blocks(0, 1));
  bed.pump();
  bed.host.run_held();
  bed.pump();
  EXPECT_TRUE(bed.initiator.outcome(reset)->done);
  EXPECT_FALSE(bed.initiator.outcome(first)->done);
  EXPECT_TRUE(bed.initiator.outcome(second)->done);
  EXPECT_TRUE(bed.initiator.outcome(third)->done);
}

TEST(TaskManagement, SparesWhatCameAfterItInCommandOrder) {
  TestBed bed;
  bed.log_in();
  bed.host.hold_commands = true;
  bed.host.hold_management = true;
  bed.initiator.send_task_management(TaskFunction::kLogicalUnitReset, 0, 0, 0, false);
  const auto later = bed.initiator.send_command(read_blocks(0, 1));
  bed.pump();
  ASSERT_EQ(bed.host.held_management.size(), 1U);
  bed.connection->complete_task_management(*bed.host.held_management[0], TaskResponse::kFunctionComplete);
  bed.host.held_management.clear();
  bed.host.run_held();
  bed.pump();
  EXPECT_TRUE(bed.initiator.outcome(later)->done);
}

TEST(TaskManagement, AnswersEveryFunction) {
  const std::pair<std::uint8_t, TaskResponse> rows[] = {
      {0, TaskResponse::kNotSupported},     {2, TaskResponse::kFunctionComplete},
      {3, TaskResponse::kFunctionComplete}, {4, TaskResponse::kFunctionComplete},
      {5, TaskResponse::kFunctionComplete}, {6, TaskResponse::kFunctionComplete},
      {7, TaskResponse::kFunctionComplete}, {8, TaskResponse::kReassignmentNotSupported},
      {9, TaskResponse::kNotSupported},     {10, TaskResponse::kNotSupported},
      {11, TaskResponse::kNotSupported},    {12, TaskResponse::kNotSupported},
      {13, TaskResponse::kNotSupported},    {127, TaskResponse::kNotSupported},
  };
  for (const auto& [function, response] : rows) {
    TestBed bed;
    bed.log_in();
    const auto tag = bed.initiator.send_task_management(static_cast<TaskFunction>(function), 0);
    bed.pump();
    EXPECT_EQ(bed.initiator.outcome(tag)->response, static_cast<std::uint8_t>(response)) << int{function};
    EXPECT_EQ(bed.connection->close_reason().has_value(), function == 7) << "a cold reset ends the sessions";
  }
}

TEST(TaskManagement, PassesOtherResponsesOn) {
  TestBed bed;
  bed.log_in();
  bed.host.management_response = TaskResponse::kLunDoesNotExist;
  const auto tag = bed.initiator.send_task_management(TaskFunction::kLogicalUnitReset, 99);
  bed.pump();
  EXPECT_EQ(bed.initiator.outcome(tag)->response, static_cast<std::uint8_t>(TaskResponse::kLunDoesNotExist));
}

TEST(TaskManagement, OpensAWindowThatAbortsHaveClosed) {
  TestBed bed;
  bed.log_in();
  bed.host.hold_commands = true;
  for (std::uint32_t i = 0; i < kCommandWindow; ++i) {
    bed.initiator.send_command(read_blocks(0, 1));
  }
  bed.initiator.send_task_management(TaskFunction::kLogicalUnitReset, 0);
  bed.pump();
  const std::uint32_t closed = bed.initiator.command_sn() - 1;
  EXPECT_EQ(bed.initiator.max_command_sn(), closed);
  bed.host.run_held();
  bed.pump();
  EXPECT_EQ(bed.initiator.max_command_sn(), closed + kCommandWindow) << "told by a NOP-In";
}

// Digests.

TEST(Digests, ProtectEveryPduBothWays) {
  for (const char* header : {"None", "CRC32C"}) {
    for (const char* data : {"None", "CRC32C"}) {
      BedOptions options;
      set_key(options, "HeaderDigest", header);
      set_key(options, "DataDigest", data);
      TestBed bed(options);
      bed.log_in();
      const Bytes bytes = pattern(std::size_t{300} * 512);
      EXPECT_EQ(run(bed, write_blocks(0, bytes)).status, 0);
      EXPECT_EQ(run(bed, read_blocks(0, 300)).data, bytes);
      const auto nop = bed.initiator.send_nop("odd");
      bed.pump();
      EXPECT_EQ(testing::to_text(bed.initiator.outcome(nop)->data), "odd");
      EXPECT_EQ(bed.connection->login().connection.header_digest, std::string(header) == "CRC32C");
    }
  }
}

TEST(Digests, DropTheConnectionWhenAHeaderIsWrong) {
  BedOptions options;
  set_key(options, "HeaderDigest", "CRC32C");
  TestBed bed(options);
  bed.log_in();
  Pdu pdu(Opcode::kNopOut, true);
  pdu.set<bhs::InitiatorTaskTag>(5U).set<bhs::TargetTransferTag>(kReservedTag);
  bed.initiator.send(pdu, false, {.break_header_digest = true});
  bed.pump();
  EXPECT_EQ(bed.connection->close_reason(), CloseReason::kHeaderDigestError);
  EXPECT_TRUE(bed.initiator.received().empty());
}

TEST(Digests, RejectAndDropWhenDataIsWrong) {
  BedOptions options;
  set_key(options, "DataDigest", "CRC32C");
  TestBed bed(options);
  bed.log_in();
  Pdu pdu(Opcode::kScsiCommand);
  pdu.set<bhs::scsi_command::Write>(true).set<bhs::InitiatorTaskTag>(5U);
  pdu.set<bhs::scsi_command::ExpectedDataTransferLength>(512U);
  pdu.data.resize(512);
  bed.initiator.send(pdu, false, {.break_data_digest = true});
  bed.pump();
  EXPECT_EQ(bed.initiator.rejects(), std::vector{RejectReason::kDataDigestError});
  EXPECT_EQ(bed.connection->close_reason(), CloseReason::kDataDigestError);
  EXPECT_EQ(bed.host.started, 0U);
}

// Time.

TEST(Deadlines, ProbeAnIdleConnection) {
  TestBed bed;
  bed.log_in();
  for (int i = 0; i < 5; ++i) {
    bed.advance(15s);
    EXPECT_FALSE(bed.connection->close_reason());
  }
  EXPECT_EQ(count(bed, Opcode::kNopIn), 5U);
  bed.initiator.answer_probes(false);
  bed.advance(15s);
  EXPECT_FALSE(bed.connection->close_reason());
  bed.advance(15s);
  EXPECT_EQ(bed.connection->close_reason(), CloseReason::kProbeUnanswered);
}

TEST(Deadlines, DoNotProbeWhenTheTargetIsToldNotTo) {
  BedOptions options;
  options.preferences.enforce_idle_timeout_detection = false;
  TestBed bed(options);
  bed.log_in();
  EXPECT_EQ(bed.connection->next_deadline(), runtime::Instant::max());
}

TEST(Deadlines, DropAPeerThatStopsInTheMiddleOfAPdu) {
  TestBed bed;
  bed.log_in();
  bed.initiator.answer_probes(false);  // the answer would be taken for the rest of the PDU
  bed.feed(Bytes(20));
  bed.advance(29s);
  EXPECT_FALSE(bed.connection->close_reason());
  bed.advance(1s);
  EXPECT_EQ(bed.connection->close_reason(), CloseReason::kStalled);
}

TEST(Deadlines, DropAPeerThatDoesNotRead) {
  TestBed bed;
  bed.log_in();
  bed.stop_sending = true;
  bed.initiator.send_nop("");
  bed.pump();
  EXPECT_FALSE(bed.connection->gather(bed.clock.now()).empty());
  bed.advance(30s);
  EXPECT_EQ(bed.connection->close_reason(), CloseReason::kStalled);
}

TEST(Deadlines, DropAPeerThatNeverSendsItsData) {
  TestBed bed;
  bed.log_in();
  bed.initiator.answer_r2ts(false);
  bed.initiator.send_command(write_blocks(0, Bytes(std::size_t{1} << 20)));
  bed.pump();
  for (int i = 0; i < 5; ++i) {
    bed.advance(10s);
    bed.initiator.send_nop("");
    bed.pump();
    EXPECT_FALSE(bed.connection->close_reason());
  }
  bed.advance(10s);
  EXPECT_EQ(bed.connection->close_reason(), CloseReason::kStalled);
}

TEST(Deadlines, EndAnIdleDiscovery) {
  BedOptions options;
  options.initiator.discovery = true;
  TestBed bed(options);
  bed.log_in();
  bed.advance(15s);
  bed.advance(15s);
  EXPECT_EQ(bed.connection->close_reason(), CloseReason::kDiscoveryDone);
  EXPECT_TRUE(bed.initiator.received().empty()) << "a discovery session takes no NOP-In";
}

TEST(Deadlines, EndWithTheConnection) {
  TestBed bed;
  bed.log_in();
  bed.host.hold_commands = true;
  bed.initiator.send_command(read_blocks(0, 1));
  bed.pump();
  bed.stop_sending = true;
  bed.initiator.send_nop("");
  bed.pump();
  bed.connection->close(CloseReason::kRequested, bed.clock.now());
  EXPECT_FALSE(bed.connection->close_reason()) << "what is queued may still be sent";
  EXPECT_EQ(bed.connection->next_deadline(), bed.clock.now() + 3s);
  bed.advance(3s);
  EXPECT_EQ(bed.connection->close_reason(), CloseReason::kRequested);
  EXPECT_EQ(bed.connection->next_deadline(), runtime::Instant::max());
  bed.connection->abandon();
  EXPECT_FALSE(bed.connection->is_drained());
  EXPECT_EQ(bed.connection->next_deadline(), runtime::Instant::max()) << "a command that hangs costs no processor time";
}

TEST(RequestLogout, AsksAndThenDrops) {
  TestBed bed;
  bed.log_in();
  bed.connection->request_logout(5s, bed.clock.now());
  bed.pump();
  ASSERT_EQ(count(bed, Opcode::kAsyncMessage), 1U);
  const Pdu& message = bed.initiator.received().back();
  EXPECT_EQ(message.get<bhs::async_message::Event>(), AsyncEvent::kLogoutRequested);
  EXPECT_EQ(message.get<bhs::async_message::Parameter3>(), 5);
  bed.advance(4s);
  EXPECT_FALSE(bed.connection->close_reason());
  bed.advance(1s);
  EXPECT_EQ(bed.connection->close_reason(), CloseReason::kRequested);
}

TEST(RequestLogout, LetsTheInitiatorLogOut) {
  TestBed bed;
  bed.log_in();
  bed.connection->request_logout(5s, bed.clock.now());
  bed.pump();
  bed.initiator.send_logout();
  bed.pump();
  EXPECT_EQ(bed.connection->close_reason(), CloseReason::kLoggedOut);
}

// Aborted by others than its own nexus.

TEST(Abort, EndsTheWaitForDataThatMayNeverCome) {
  for (const bool is_remote : {false, true}) {
    BedOptions options;
    set_key(options, "ImmediateData", "No");
    set_key(options, "InitialR2T", "Yes");
    TestBed bed(options);
    testing::FakeShard home(bed.clock);
    bed.host.home = is_remote ? &home : nullptr;
    const auto settle = [&] {
      do {
        bed.pump();
      } while (home.run());
    };
    bed.log_in();
    bed.initiator.answer_r2ts(false);
    const auto tag = bed.initiator.send_command(write_blocks(0, pattern(4096)));
    settle();
    ASSERT_EQ(count(bed, Opcode::kReadyToTransfer), 1U);
    CommandSlot& slot = *bed.host.last_started;
    slot.command().aborted = true;
    slot.command().status = scsi::Status::kTaskAborted;
    slot.on_abort();
    settle();
    EXPECT_TRUE(bed.initiator.outcome(tag)->done);
    EXPECT_EQ(bed.initiator.outcome(tag)->status, static_cast<std::uint8_t>(scsi::Status::kTaskAborted));
    EXPECT_EQ(bed.slots.in_use(), 0U);
    const auto r2t = std::ranges::find(bed.initiator.received(), Opcode::kReadyToTransfer, &Pdu::opcode);
    Pdu late(Opcode::kDataOut);
    late.set<bhs::InitiatorTaskTag>(tag).set<bhs::TargetTransferTag>(r2t->get<bhs::TargetTransferTag>());
    late.data.resize(4096);
    bed.initiator.send(late);
    settle();
    EXPECT_TRUE(bed.initiator.rejects().empty()) << "data that was on its way is dropped";
    EXPECT_FALSE(bed.connection->close_reason());
    bed.end();
  }
}

// Memory.

TEST(Memory, HoldsUnsolicitedDataBackUntilThereIsABuffer) {
  BedOptions options;
  options.buffer_budget = runtime::BufferPool::kSizeMax;
  TestBed bed(options);
  bed.log_in();
  runtime::Buffer hog = bed.shard.buffers().try_allocate(runtime::BufferPool::kSizeMax);
  const auto tag = bed.initiator.send_command(write_blocks(0, pattern(512)));
  bed.pump();
  EXPECT_TRUE(bed.connection->receive_paused());
  bed.advance(2ms);
  EXPECT_FALSE(bed.initiator.outcome(tag)->done);
  hog.reset();
  bed.advance(2ms);
  EXPECT_EQ(bed.initiator.outcome(tag)->status, 0);
  EXPECT_FALSE(bed.connection->receive_paused());
}

TEST(Memory, AnswersBusyWhenThereIsNoBufferForLong) {
  BedOptions options;
  options.buffer_budget = runtime::BufferPool::kSizeMax;
  TestBed bed(options);
  bed.log_in();
  const runtime::Buffer hog = bed.shard.buffers().try_allocate(runtime::BufferPool::kSizeMax);
  const auto tag = bed.initiator.send_command(write_blocks(0, pattern(512)));
  bed.pump();
  bed.advance(500ms);
  EXPECT_EQ(bed.initiator.outcome(tag)->status, static_cast<std::uint8_t>(scsi::Status::kBusy));
  EXPECT_EQ(bed.host.started, 0U);
}

TEST(Memory, WithholdsR2tsUntilThereIsABuffer) {
  BedOptions options;
  options.buffer_budget = runtime::BufferPool::kSizeMax;
  set_key(options, "ImmediateData", "No");
  set_key(options, "InitialR2T", "Yes");
  TestBed bed(options);
  bed.log_in();
  runtime::Buffer hog = bed.shard.buffers().try_allocate(runtime::BufferPool::kSizeMax);
  const auto tag = bed.initiator.send_command(write_blocks(0, pattern(4096)));
  const auto nop = bed.initiator.send_nop("");
  bed.pump();
  EXPECT_FALSE(bed.connection->receive_paused()) << "others are not held up";
  EXPECT_TRUE(bed.initiator.outcome(nop)->done);
  bed.advance(1s);
  EXPECT_EQ(count(bed, Opcode::kReadyToTransfer), 0U);
  hog.reset();
  bed.advance(2ms);
  EXPECT_EQ(bed.initiator.outcome(tag)->status, 0);
}

TEST(Memory, StopsReadingWhenAnswersAreNotTaken) {
  TestBed bed;
  bed.log_in();
  bed.stop_sending = true;
  for (std::uint32_t i = 0; i < kSlotsPerConnectionMax + 10; ++i) {
    bed.initiator.send_nop("");
  }
  bed.pump();
  EXPECT_TRUE(bed.connection->receive_paused());
  EXPECT_LE(bed.slots.in_use(), kSlotsPerConnectionMax);
  bed.stop_sending = false;
  bed.pump();
  EXPECT_EQ(count(bed, Opcode::kNopIn), kSlotsPerConnectionMax + 10);
}

TEST(Memory, WaitsForASlotOfASharedPool) {
  BedOptions options;
  options.slots = 16;
  TestBed bed(options);
  bed.log_in();
  bed.host.hold_commands = true;
  for (int i = 0; i < 20; ++i) {
    bed.initiator.send_command(read_blocks(0, 1));
  }
  bed.pump();
  EXPECT_TRUE(bed.connection->receive_paused());
  EXPECT_EQ(bed.host.started, 16U);
  bed.host.hold_commands = false;
  bed.host.run_held();
  bed.pump();
  EXPECT_EQ(bed.host.started, 20U);
}

TEST(Memory, StopsReadingWhenRejectsAreNotTaken) {
  TestBed bed;
  bed.log_in();
  bed.stop_sending = true;
  Pdu unknown;
  unknown.set<bhs::OpcodeField>(static_cast<Opcode>(0x1F));
  for (std::size_t i = 0; i < 3 * kPendingRejectsMax; ++i) {
    bed.initiator.send(unknown, true);
  }
  bed.pump();
  EXPECT_TRUE(bed.connection->receive_paused());
  bed.stop_sending = false;
  bed.pump();
  EXPECT_EQ(bed.initiator.rejects().size(), 3 * kPendingRejectsMax);
}

TEST(Memory, IsSmallWhenIdle) {
  static_assert(sizeof(ConnectionState) + sizeof(Session) < 24 * 1024);
  static_assert(sizeof(CommandSlot) <= 1024);
  TestBed bed;
  bed.log_in();
  run(bed, write_blocks(0, pattern(std::size_t{1} << 20)));
  for (int i = 0; i < 100; ++i) {
    run(bed, read_blocks(0, 8));
  }
  EXPECT_EQ(bed.shard.buffers().bytes_in_use(), 0U) << "no buffer is kept for an idle connection";
  EXPECT_EQ(bed.slots.in_use(), 0U);
}

TEST(Abandon, EndsEveryStateOfACommand) {
  for (const bool digest : {false, true}) {
    BedOptions options;
    set_key(options, "DataDigest", digest ? "CRC32C" : "None");
    TestBed bed(options);
    bed.log_in();
    bed.initiator.answer_r2ts(false);
    bed.host.hold_commands = true;
    bed.initiator.send_command(read_blocks(0, 1));                 // running
    bed.initiator.set_command_sn(bed.initiator.command_sn() + 1);  // a gap
    bed.initiator.send_command(read_blocks(0, 1));                 // held
    bed.pump();
    bed.host.hold_commands = false;
    testing::CommandRequest immediate = write_blocks(0, Bytes(std::size_t{1} << 20));
    immediate.immediate = true;
    bed.initiator.send_command(immediate);  // waits for solicited data
    bed.pump();
    bed.stop_sending = true;
    bed.initiator.send_nop("queued");
    bed.pump();
    bed.connection->gather(bed.clock.now());  // being sent
    Pdu half(Opcode::kNopOut, true);
    half.set<bhs::InitiatorTaskTag>(700U).set<bhs::TargetTransferTag>(kReservedTag);
    half.data.resize(4096);
    Bytes wire = testing::encode(half);
    wire.resize(1000);
    bed.feed(wire);  // being received
    EXPECT_EQ(bed.slots.in_use(), 5U);
    bed.end();
  }
}

}  // namespace
}  // namespace lunaria::iscsi
