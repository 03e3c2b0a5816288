// What a peer may do wrong, and the answer that RFC 7143 asks for. After every row the engine must be healthy: either
// closing for the stated reason, or answering a ping; and nothing may be left behind when the connection goes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "iscsi/connection.h"
#include "iscsi/testing/bed.h"
#include "iscsi/testing/requests.h"

namespace lunaria::iscsi {
namespace {

using testing::BedOptions;
using testing::Bytes;
using testing::Pdu;
using testing::TestBed;
using enum RejectReason;

struct Row {
  std::string why;
  std::function<void(TestBed&)> act;
  std::vector<RejectReason> rejects;
  std::optional<CloseReason> closed;
};

/// A request of the given kind with a tag of its own, acceptable but for what the row changes.
Pdu request(Opcode opcode, bool immediate = true) {
  Pdu pdu(opcode, immediate);
  pdu.set<bhs::InitiatorTaskTag>(0x700U);
  if (opcode == Opcode::kNopOut || opcode == Opcode::kTextRequest) {
    pdu.set<bhs::TargetTransferTag>(kReservedTag);
  }
  return pdu;
}
Pdu command(std::uint32_t expected = 0, bool read = false, bool write = false) {
  Pdu pdu = request(Opcode::kScsiCommand, false);
  pdu.set<bhs::scsi_command::Read>(read).set<bhs::scsi_command::Write>(write);
  pdu.set<bhs::scsi_command::ExpectedDataTransferLength>(expected);
  return pdu;
}
Pdu data_out(std::uint32_t tag, std::uint32_t transfer_tag, std::uint32_t sn, std::uint32_t offset, std::size_t size,
             bool final = true) {
  Pdu pdu(Opcode::kDataOut);
  pdu.set<bhs::Final>(final).set<bhs::InitiatorTaskTag>(tag).set<bhs::TargetTransferTag>(transfer_tag);
  pdu.set<bhs::data_out::DataSn>(sn).set<bhs::data_out::BufferOffset>(offset);
  pdu.data.resize(size);
  return pdu;
}

Row sends(std::string why, Pdu pdu, std::vector<RejectReason> rejects, std::optional<CloseReason> closed = {},
          testing::Encoding encoding = {}) {
  return {std::move(why), [pdu = std::move(pdu), encoding](TestBed& bed) { bed.initiator.send(pdu, false, encoding); },
          std::move(rejects), closed};
}
Row breaks_format(std::string why, Pdu pdu, testing::Encoding encoding = {}) {
  return sends(std::move(why), std::move(pdu), {kInvalidPduField}, CloseReason::kFormatError, encoding);
}

void add_opcodes(std::vector<Row>& rows) {
  for (unsigned opcode = 0x07; opcode < 0x40; ++opcode) {
    if (opcode == 0x10) {
      continue;
    }
    Pdu pdu = request(static_cast<Opcode>(opcode));
    rows.push_back(sends("opcode " + std::to_string(opcode), pdu, {kCommandNotSupported}));
  }
  rows.push_back(sends("a login request", request(Opcode::kLoginRequest), {kProtocolError}));
  for (std::uint8_t kind = 0; kind < 16; ++kind) {
    Pdu snack = request(Opcode::kSnackRequest);
    snack.header[1] = std::byte{static_cast<std::uint8_t>(0x80U | kind)};
    rows.push_back(sends("SNACK of type " + std::to_string(kind), snack, {kSnackReject}));
  }
}

void add_formats(std::vector<Row>& rows) {
  for (const Opcode opcode :
       {Opcode::kScsiCommand, Opcode::kTaskManagementRequest, Opcode::kTextRequest, Opcode::kLogoutRequest}) {
    Pdu pdu = request(opcode, false);
    pdu.set<bhs::InitiatorTaskTag>(kReservedTag);
    rows.push_back(breaks_format("reserved tag, opcode " + std::to_string(static_cast<int>(opcode)), pdu));
  }
  for (const Opcode opcode : {Opcode::kNopOut, Opcode::kTaskManagementRequest, Opcode::kTextRequest, Opcode::kDataOut,
                              Opcode::kLogoutRequest, Opcode::kSnackRequest}) {
    Pdu pdu = request(opcode);
    pdu.additional.resize(4);
    rows.push_back(breaks_format("an AHS, opcode " + std::to_string(static_cast<int>(opcode)), pdu));
    Pdu largest = request(opcode);
    largest.additional.resize(kAhsSizeMax);
    rows.push_back(breaks_format("1020 bytes of AHS, opcode " + std::to_string(static_cast<int>(opcode)), largest));
    Pdu longer = request(opcode);
    longer.data.resize(262145);
    rows.push_back(breaks_format(
        "data above MaxRecvDataSegmentLength, opcode " + std::to_string(static_cast<int>(opcode)), longer));
    Pdu longest = request(opcode);
    rows.push_back(breaks_format("data of 2^24-1, opcode " + std::to_string(static_cast<int>(opcode)), longest,
                                 {.data_segment_length = 0xFF'FFFF}));
  }
  for (const Opcode opcode : {Opcode::kTaskManagementRequest, Opcode::kLogoutRequest}) {
    Pdu with_data = request(opcode);
    with_data.data.resize(4);
    rows.push_back(
        breaks_format("data where there is none, opcode " + std::to_string(static_cast<int>(opcode)), with_data));
    Pdu not_final = request(opcode);
    not_final.set<bhs::Final>(false);
    rows.push_back(breaks_format("no F bit, opcode " + std::to_string(static_cast<int>(opcode)), not_final));
  }
  Pdu sign = request(Opcode::kNopOut, false);
  sign.set<bhs::InitiatorTaskTag>(kReservedTag);
  rows.push_back(breaks_format("a NOP-Out without tag that is not immediate", sign));
  sign.set<bhs::Immediate>(true);
  rows.push_back(sends("a NOP-Out without tag", sign, {}));
}

void add_commands(std::vector<Row>& rows) {
  for (std::uint8_t attribute = 5; attribute < 8; ++attribute) {
    Pdu pdu = command();
    pdu.set<bhs::scsi_command::Attributes>(attribute);
    rows.push_back(breaks_format("task attribute " + std::to_string(attribute), pdu));
  }
  Pdu read_with_data = command(512, true);
  read_with_data.data.resize(512);
  rows.push_back(breaks_format("a read that brings data", read_with_data));
  Pdu unfinished = command(512, true);
  unfinished.set<bhs::Final>(false);
  rows.push_back(breaks_format("a read that promises data", unfinished));
  const std::pair<const char*, Bytes> additional[] = {
      {"an AHS longer than the header says", {std::byte{0}, std::byte{200}, std::byte{1}, std::byte{0}}},
      {"an AHS of length 0", {std::byte{0}, std::byte{0}, std::byte{1}, std::byte{0}}},
      {"an AHS of length 65535", {std::byte{255}, std::byte{255}, std::byte{1}, std::byte{0}}},
      {"an AHS of unknown type", {std::byte{0}, std::byte{1}, std::byte{9}, std::byte{0}}},
      {"a read length AHS that is short", {std::byte{0}, std::byte{1}, std::byte{2}, std::byte{0}}},
  };
  for (const auto& [why, bytes] : additional) {
    Pdu pdu = command();
    pdu.additional = bytes;
    rows.push_back(breaks_format(why, pdu));
  }
  Pdu read_all = command(0xFFFF'FFFF, true);
  rows.push_back({"a read of 4 GiB",
                  [read_all](TestBed& bed) {
                    bed.host.hold_commands = true;
                    bed.initiator.send(read_all);
                  },
                  {},
                  std::nullopt});
  Pdu write_all = command(0xFFFF'FFFF, false, true);
  rows.push_back({"a write of 4 GiB",
                  [write_all](TestBed& bed) {
                    bed.host.hold_commands = true;
                    bed.initiator.send(write_all);
                    bed.pump();
                    EXPECT_LE(bed.shard.buffers().bytes_in_use(), runtime::BufferPool::kSizeMax);
                  },
                  {},
                  std::nullopt});
}

/// Starts a write of 4096 bytes that waits for its data; returns its R2T.
Pdu start_write(TestBed& bed, std::uint32_t length = 262144) {
  bed.initiator.answer_r2ts(false);
  bed.initiator.send_command(testing::write_blocks(0, Bytes(length)));
  bed.pump();
  for (const Pdu& pdu : bed.initiator.received()) {
    if (pdu.opcode() == Opcode::kReadyToTransfer) {
      return pdu;
    }
  }
  check_failed("a long write is solicited", std::source_location::current());
}

/// A Data-Out for the R2T of start_write, changed by the row.
Row answers_r2t(std::string why, std::function<void(Pdu&)> change) {
  return {std::move(why),
          [change = std::move(change)](TestBed& bed) {
            const Pdu r2t = start_write(bed);
            Pdu pdu = data_out(r2t.get<bhs::InitiatorTaskTag>(), r2t.get<bhs::TargetTransferTag>(), 0,
                               r2t.get<bhs::ready_to_transfer::BufferOffset>(), 512, false);
            change(pdu);
            bed.initiator.send(pdu);
          },
          {kProtocolError},
          CloseReason::kProtocolError};
}

void add_data_out(std::vector<Row>& rows) {
  rows.push_back(sends("data for no task", data_out(0x999, 5, 0, 0, 512), {kProtocolError}));
  rows.push_back(sends("unsolicited data for no task", data_out(0x999, kReservedTag, 0, 0, 512), {kProtocolError}));
  rows.push_back(answers_r2t("another transfer tag", [](Pdu& pdu) { pdu.set<bhs::TargetTransferTag>(77U); }));
  rows.push_back(answers_r2t("no transfer tag", [](Pdu& pdu) { pdu.set<bhs::TargetTransferTag>(kReservedTag); }));
  for (const std::uint32_t sn : {1U, 27U, 0xFFFF'FFFFU}) {
    rows.push_back(answers_r2t("DataSN " + std::to_string(sn), [sn](Pdu& pdu) { pdu.set<bhs::data_out::DataSn>(sn); }));
  }
  for (const std::uint32_t offset : {0U, 65535U, 65537U, 262144U, 0xFFFF'FFFFU}) {
    rows.push_back(answers_r2t("offset " + std::to_string(offset),
                               [offset](Pdu& pdu) { pdu.set<bhs::data_out::BufferOffset>(offset); }));
  }
  rows.push_back(answers_r2t("an end that comes early", [](Pdu& pdu) { pdu.set<bhs::Final>(true); }));
  rows.push_back(answers_r2t("no data and no end", [](Pdu& pdu) { pdu.data.clear(); }));
  rows.push_back(answers_r2t("no end at the end", [](Pdu& pdu) { pdu.data.resize(262144 - 65536); }));
  rows.push_back(answers_r2t("more than asked for", [](Pdu& pdu) { pdu.data.resize(262144 - 65536 + 4); }));
  rows.push_back({"the same data twice",
                  [](TestBed& bed) {
                    const Pdu r2t = start_write(bed);
                    for (int i = 0; i < 2; ++i) {
                      bed.initiator.send(data_out(r2t.get<bhs::InitiatorTaskTag>(), r2t.get<bhs::TargetTransferTag>(),
                                                  0, 65536, 512, false));
                    }
                  },
                  {kProtocolError},
                  CloseReason::kProtocolError});
  const auto unsolicited = [](std::string why, std::function<void(TestBed&)> act) {
    return Row{std::move(why),
               [act = std::move(act)](TestBed& bed) {
                 bed.host.hold_commands = true;
                 Pdu pdu = command(262144, false, true);
                 pdu.set<bhs::Final>(false);
                 pdu.data.resize(512);
                 bed.initiator.send(pdu);
                 act(bed);
               },
               {kProtocolError},
               CloseReason::kProtocolError};
  };
  const auto piece = [](std::uint32_t sn, std::uint32_t offset, std::size_t size, bool final) {
    return [=](TestBed& bed) { bed.initiator.send(data_out(0x700, kReservedTag, sn, offset, size, final)); };
  };
  rows.push_back(unsolicited("unsolicited data with a gap", piece(0, 1024, 512, true)));
  rows.push_back(unsolicited("unsolicited data that repeats", piece(0, 0, 512, true)));
  rows.push_back(unsolicited("unsolicited data out of sequence", piece(1, 512, 512, true)));
  rows.push_back(unsolicited("unsolicited data above FirstBurstLength", piece(0, 512, 65536, true)));
  rows.push_back(unsolicited("unsolicited data without end", piece(0, 512, 65536 - 512, false)));
  rows.push_back(unsolicited("nothing, and no end", piece(0, 512, 0, false)));
  rows.push_back(unsolicited("unsolicited data after its end", [](TestBed& bed) {
    bed.initiator.send(data_out(0x700, kReservedTag, 0, 512, 512, true));
    bed.initiator.send(data_out(0x700, kReservedTag, 1, 1024, 512, true));
  }));
  rows.push_back({"unsolicited data for a task that has ended its own",
                  [](TestBed& bed) {
                    bed.host.hold_commands = true;
                    bed.initiator.send(command(0));
                    bed.initiator.send(data_out(0x700, kReservedTag, 0, 0, 512, true));
                  },
                  {kProtocolError},
                  CloseReason::kProtocolError});
}

void add_text_and_order(std::vector<Row>& rows) {
  const auto text = [](std::string_view value) {
    Pdu pdu = request(Opcode::kTextRequest);
    return pdu.set_text(value);
  };
  rows.push_back(sends("text without NUL", text("SendTargets="), {kProtocolError}));
  rows.push_back(sends("text without separator", text(std::string_view("SendTargets\0", 12)), {kProtocolError}));
  rows.push_back(sends("text with a key twice", text(std::string_view("A=1\0A=2\0", 8)), {kProtocolError}));
  rows.push_back(sends("text above 16 KiB", text(std::string(16385, 'x')), {kOutOfResources}));
  Pdu both = text("");
  both.set<bhs::text::Continue>(true);
  rows.push_back(sends("text with F and C", both, {kProtocolError}));
  Pdu stale = text("");
  stale.set<bhs::TargetTransferTag>(0x55U);
  rows.push_back(sends("a continuation of nothing", stale, {kProtocolError}));
  Pdu reason = request(Opcode::kLogoutRequest);
  for (const std::uint8_t value : {std::uint8_t{3}, std::uint8_t{64}, std::uint8_t{127}}) {
    reason.set<bhs::logout_request::Reason>(value);
    rows.push_back(sends("logout reason " + std::to_string(value), reason, {kInvalidPduField}));
  }
  for (const std::uint32_t ahead : {128U, 1000U, 0x7FFF'FFFFU, 0x8000'0000U, 0xFFFF'FFFFU}) {
    rows.push_back({"CmdSN " + std::to_string(ahead) + " ahead",
                    [ahead](TestBed& bed) {
                      Pdu pdu = command();
                      pdu.set<bhs::CmdSn>(bed.initiator.command_sn() + ahead);
                      bed.initiator.send(pdu, true);
                      bed.pump();
                      EXPECT_EQ(bed.host.started, 0U);
                      EXPECT_EQ(bed.slots.in_use(), 0U);
                    },
                    {},
                    std::nullopt});
  }
  rows.push_back({"a tag in use",
                  [](TestBed& bed) {
                    bed.host.hold_commands = true;
                    bed.initiator.send(command());
                    bed.initiator.send(request(Opcode::kTaskManagementRequest));
                  },
                  {kTaskInProgress},
                  std::nullopt});
}

std::vector<Row> hostile_rows() {
  std::vector<Row> rows;
  add_opcodes(rows);
  add_formats(rows);
  add_commands(rows);
  add_data_out(rows);
  add_text_and_order(rows);
  return rows;
}

void expect_healthy(TestBed& bed, const Row& row) {
  EXPECT_EQ(bed.connection->close_reason(), row.closed) << row.why;
  EXPECT_THAT(bed.initiator.rejects(), ::testing::ElementsAreArray(row.rejects)) << row.why;
  if (row.closed) {
    EXPECT_TRUE(bed.connection->receive_paused()) << row.why;
    return;
  }
  const auto ping = bed.initiator.send_nop("alive?");
  bed.pump();
  EXPECT_TRUE(bed.initiator.outcome(ping)->done) << row.why;
}

TEST(Hostile, FullFeaturePhaseAnswersAsTheTableSays) {
  const auto rows = hostile_rows();
  EXPECT_GE(rows.size(), 80U);
  for (const Row& row : rows) {
    TestBed bed;
    bed.log_in();
    row.act(bed);
    bed.pump();
    expect_healthy(bed, row);
    bed.end();
  }
}

TEST(Hostile, EveryPduCutShortIsDroppedInTime) {
  for (const Row& row : hostile_rows()) {
    for (const std::size_t cut : {std::size_t{1}, std::size_t{47}, std::size_t{48}, std::size_t{51}}) {
      TestBed bed;
      bed.log_in();
      bed.initiator.answer_probes(false);
      row.act(bed);
      Bytes output = bed.initiator.take_output();
      if (output.size() <= cut) {
        continue;
      }
      output.resize(cut);
      bed.feed(output);
      bed.advance(std::chrono::seconds(30));
      bed.advance(std::chrono::seconds(30));
      bed.advance(std::chrono::seconds(60));
      EXPECT_TRUE(bed.connection->close_reason()) << row.why << " cut at " << cut;
      bed.end();
    }
  }
}

TEST(Hostile, DiscoverySessionsTakeTextAndLogoutOnly) {
  for (const Opcode opcode : {Opcode::kScsiCommand, Opcode::kTaskManagementRequest, Opcode::kNopOut}) {
    BedOptions options;
    options.initiator.discovery = true;
    TestBed bed(options);
    bed.log_in();
    bed.initiator.send(request(opcode));
    bed.pump();
    EXPECT_THAT(bed.initiator.rejects(), ::testing::ElementsAre(kProtocolError));
    EXPECT_EQ(bed.host.started, 0U);
  }
}

TEST(Hostile, GarbageBeforeLoginIsDropped) {
  for (unsigned first = 0; first < 256; ++first) {
    TestBed bed;
    Bytes garbage = testing::pattern(3000, first);
    garbage[0] = std::byte{static_cast<std::uint8_t>(first)};
    garbage[4] = garbage[5] = garbage[6] = std::byte{};
    bed.feed(garbage);
    bed.advance(std::chrono::seconds(15));
    EXPECT_TRUE(bed.connection->close_reason()) << first;
    EXPECT_FALSE(bed.initiator.is_logged_in());
  }
}

TEST(Hostile, PduLengthsBeforeLoginAreBounded) {
  for (const std::uint32_t length : {8193U, 65536U, 0xFF'FFFFU}) {
    TestBed bed;
    Pdu pdu(Opcode::kLoginRequest, true);
    bed.feed(testing::encode(pdu, {.data_segment_length = length}));
    EXPECT_EQ(bed.initiator.refusal(), LoginStatus::kInitiatorError);
    EXPECT_EQ(bed.connection->close_reason(), CloseReason::kLoginRefused);
    EXPECT_EQ(bed.shard.buffers().bytes_in_use(), 0U);
  }
}

TEST(Hostile, DataAfterTheLastLoginRequestWaits) {
  TestBed bed;
  bed.host.establish_at_once = false;
  bed.log_in();
  Pdu ping(Opcode::kNopOut, true);
  ping.set<bhs::InitiatorTaskTag>(kReservedTag).set<bhs::TargetTransferTag>(kReservedTag);
  bed.feed(testing::encode(ping));
  EXPECT_EQ(bed.unread(), 48U) << "not read before there is a session";
  bed.host.establish_now(bed.connection->login());
  bed.pump();
  EXPECT_EQ(bed.unread(), 0U);
  EXPECT_FALSE(bed.connection->close_reason());
}

}  // namespace
}  // namespace lunaria::iscsi
