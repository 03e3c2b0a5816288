// Requests that contradict the standard: opcodes, headers, tags, CmdSN, text (RFC 7143 7.7, 11).
#include "iscsi/testing/hostile_row.h"

namespace lunaria::iscsi::testing {
namespace {

using enum RejectReason;

void add_opcodes(HostileRows& rows) {
  for (unsigned opcode = 0x07; opcode < 0x40; ++opcode) {
    if (opcode == 0x10) {
      continue;
    }
    Pdu pdu = hostile_request(static_cast<Opcode>(opcode));
    rows.push_back(sends("opcode " + std::to_string(opcode), pdu, {kCommandNotSupported}));
  }
  rows.push_back(sends("a login request", hostile_request(Opcode::kLoginRequest), {kProtocolError}));
  for (std::uint8_t kind = 0; kind < 16; ++kind) {
    Pdu snack = hostile_request(Opcode::kSnackRequest);
    snack.header[1] = std::byte{static_cast<std::uint8_t>(0x80U | kind)};
    rows.push_back(sends("SNACK of type " + std::to_string(kind), snack, {kSnackReject}));
  }
}

void add_formats(HostileRows& rows) {
  for (const Opcode opcode :
       {Opcode::kScsiCommand, Opcode::kTaskManagementRequest, Opcode::kTextRequest, Opcode::kLogoutRequest}) {
    Pdu pdu = hostile_request(opcode, false);
    pdu.set<bhs::InitiatorTaskTag>(kReservedTag);
    rows.push_back(breaks_format("reserved tag, " + name_of(opcode), pdu));
  }
  for (const Opcode opcode : {Opcode::kNopOut, Opcode::kTaskManagementRequest, Opcode::kTextRequest, Opcode::kDataOut,
                              Opcode::kLogoutRequest, Opcode::kSnackRequest}) {
    Pdu pdu = hostile_request(opcode);
    pdu.additional.resize(4);
    rows.push_back(breaks_format("an AHS, " + name_of(opcode), pdu));
    Pdu largest = hostile_request(opcode);
    largest.additional.resize(kAhsSizeMax);
    rows.push_back(breaks_format("1020 bytes of AHS, " + name_of(opcode), largest));
    Pdu longer = hostile_request(opcode);
    longer.data.resize(262145);
    rows.push_back(breaks_format("data above MaxRecvDataSegmentLength, " + name_of(opcode), longer));
    Pdu longest = hostile_request(opcode);
    rows.push_back(breaks_format("data of 2^24-1, " + name_of(opcode), longest, {.data_segment_length = 0xFF'FFFF}));
  }
  for (const Opcode opcode : {Opcode::kTaskManagementRequest, Opcode::kLogoutRequest}) {
    Pdu with_data = hostile_request(opcode);
    with_data.data.resize(4);
    rows.push_back(breaks_format("data where there is none, " + name_of(opcode), with_data));
    Pdu not_final = hostile_request(opcode);
    not_final.set<bhs::Final>(false);
    rows.push_back(breaks_format("no F bit, " + name_of(opcode), not_final));
  }
  Pdu sign = hostile_request(Opcode::kNopOut, false);
  sign.set<bhs::InitiatorTaskTag>(kReservedTag);
  rows.push_back(breaks_format("a NOP-Out without tag that is not immediate", sign));
  sign.set<bhs::Immediate>(true);
  rows.push_back(sends("a NOP-Out without tag", sign, {}));
}

void add_commands(HostileRows& rows) {
  for (std::uint8_t attribute = 5; attribute < 8; ++attribute) {
    Pdu pdu = hostile_command();
    pdu.set<bhs::scsi_command::Attributes>(attribute);
    rows.push_back(breaks_format("task attribute " + std::to_string(attribute), pdu));
  }
  Pdu read_with_data = hostile_command(512, true);
  read_with_data.data.resize(512);
  rows.push_back(breaks_format("a read that brings data", read_with_data));
  Pdu unfinished = hostile_command(512, true);
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
    Pdu pdu = hostile_command();
    pdu.additional = bytes;
    rows.push_back(breaks_format(why, pdu));
  }
  Pdu read_all = hostile_command(0xFFFF'FFFF, true);
  rows.push_back({"a read of 4 GiB",
                  [read_all](TestBed& bed) {
                    bed.host.hold_commands = true;
                    bed.initiator.send(read_all);
                  },
                  {},
                  std::nullopt});
  Pdu write_all = hostile_command(0xFFFF'FFFF, false, true);
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

void add_text_and_order(HostileRows& rows) {
  const auto text = [](std::string_view value) {
    Pdu pdu = hostile_request(Opcode::kTextRequest);
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
  Pdu reason = hostile_request(Opcode::kLogoutRequest);
  for (const std::uint8_t value : {std::uint8_t{3}, std::uint8_t{64}, std::uint8_t{127}}) {
    reason.set<bhs::logout_request::Reason>(value);
    rows.push_back(sends("logout reason " + std::to_string(value), reason, {kInvalidPduField}));
  }
  for (const std::uint32_t ahead : {128U, 1000U, 0x7FFF'FFFFU, 0x8000'0000U, 0xFFFF'FFFFU}) {
    rows.push_back({"CmdSN " + std::to_string(ahead) + " ahead",
                    [ahead](TestBed& bed) {
                      Pdu pdu = hostile_command();
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
                    bed.initiator.send(hostile_command());
                    bed.initiator.send(hostile_request(Opcode::kTaskManagementRequest));
                  },
                  {kTaskInProgress},
                  std::nullopt});
}

}  // namespace

void add_rows_of_requests(HostileRows& rows) {
  add_opcodes(rows);
  add_formats(rows);
  add_commands(rows);
  add_text_and_order(rows);
}

}  // namespace lunaria::iscsi::testing
