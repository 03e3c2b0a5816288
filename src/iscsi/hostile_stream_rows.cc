// Streams that stop: half PDUs, answers that are not read, data that never comes; and digests that are wrong
// (RFC 7143 7.8, 13.1).
#include "iscsi/testing/hostile_row.h"

namespace lunaria::iscsi::testing {
namespace {

using enum RejectReason;
using std::chrono::seconds;

constexpr Opcode kOpcodes[] = {Opcode::kNopOut,       Opcode::kScsiCommand, Opcode::kTaskManagementRequest,
                               Opcode::kTextRequest,  Opcode::kDataOut,     Opcode::kLogoutRequest,
                               Opcode::kSnackRequest, Opcode::kLoginRequest};

bool has_data(Opcode opcode) {
  return opcode == Opcode::kNopOut || opcode == Opcode::kScsiCommand || opcode == Opcode::kTextRequest;
}

/// A request with 512 bytes where it may have data.
Pdu example(Opcode opcode) {
  Pdu pdu = opcode == Opcode::kScsiCommand ? hostile_command(512, false, true) : hostile_request(opcode);
  if (has_data(opcode)) {
    pdu.data.resize(512);
  }
  return pdu;
}

std::vector<std::pair<std::string, std::string>> digests(bool header, bool data, const char* level = "0") {
  return {{"HeaderDigest", header ? "CRC32C" : "None"},
          {"DataDigest", data ? "CRC32C" : "None"},
          {"ErrorRecoveryLevel", level},
          {"ImmediateData", "Yes"}};
}

/// Sends the first bytes of a PDU and no more.
HostileRow stops(const std::string& why, Pdu pdu, std::size_t count, bool with_digests = false) {
  HostileRow row{.why = why + ", the first " + std::to_string(count) + " bytes",
                 .act =
                     [pdu = std::move(pdu), count, with_digests](TestBed& bed) {
                       bed.initiator.answer_probes(false);
                       bed.host.hold_commands = true;
                       Pdu copy = pdu;
                       copy.set<bhs::CmdSn>(bed.initiator.command_sn());
                       Bytes bytes =
                           encode(std::move(copy), {.header_digest = with_digests, .data_digest = with_digests});
                       EXPECT_LT(count, bytes.size());
                       bytes.resize(count);
                       bed.feed(bytes);
                     },
                 .closed = CloseReason::kStalled,
                 .hangs = seconds(30)};
  if (with_digests) {
    row.options.initiator.keys = digests(true, true);
  }
  return row;
}

void add_half_pdus(HostileRows& rows) {
  for (const Opcode opcode : kOpcodes) {
    for (const std::size_t count : {1U, 4U, 8U, 20U, 47U}) {
      rows.push_back(stops(name_of(opcode), example(opcode), count));
    }
    if (has_data(opcode)) {
      for (const std::size_t count : {48U, 49U, 303U, 559U}) {
        rows.push_back(stops(name_of(opcode), example(opcode), count));
      }
      for (const std::size_t count : {50U, 52U, 564U, 567U}) {
        rows.push_back(stops(name_of(opcode) + " with digests", example(opcode), count, true));
      }
    }
  }
  Pdu padded = hostile_request(Opcode::kNopOut);
  padded.data.resize(5);
  rows.push_back(stops("a ping without its padding", padded, 53));
}

void add_wrong_digests(HostileRows& rows) {
  for (const Opcode opcode : kOpcodes) {
    HostileRow row = sends("a wrong header digest, " + name_of(opcode), example(opcode), {},
                           CloseReason::kHeaderDigestError, {.break_header_digest = true});
    row.options.initiator.keys = digests(true, true);
    rows.push_back(std::move(row));
    if (!has_data(opcode)) {
      continue;
    }
    for (const char* level : {"0", "1", "2"}) {
      const bool recovers = *level != '0';
      HostileRow wrong =
          sends("a wrong data digest at level " + std::string(level) + ", " + name_of(opcode), example(opcode),
                {kDataDigestError}, recovers ? std::nullopt : std::optional(CloseReason::kDataDigestError),
                {.break_data_digest = true});
      wrong.options.initiator.keys = digests(false, true, level);
      wrong.options.preferences.error_recovery_level = 2;
      wrong.expects = [](TestBed& bed) { EXPECT_EQ(bed.host.started, 0U); };
      rows.push_back(std::move(wrong));
    }
  }
}

/// Sends requests, and reads no answer any more.
HostileRow does_not_read(std::string why, std::function<void(TestBed&)> act) {
  return {.why = std::move(why),
          .act =
              [act = std::move(act)](TestBed& bed) {
                bed.stop_sending = true;
                bed.initiator.answer_probes(false);
                act(bed);
                bed.pump();
                EXPECT_FALSE(bed.connection->gather(bed.clock.now()).empty());  // given to the socket, which is full
              },
          .closed = CloseReason::kStalled,
          .hangs = seconds(30)};
}

void add_stalled_readers(HostileRows& rows) {
  rows.push_back(does_not_read("reads 1 MiB and takes nothing of it", [](TestBed& bed) {
    for (std::uint32_t i = 0; i < 16; ++i) {
      bed.initiator.send_command(read_blocks(i * 128, 128));
    }
  }));
  rows.push_back(does_not_read("a whole window of reads", [](TestBed& bed) {
    for (std::uint32_t i = 0; i < kCommandWindow; ++i) {
      bed.initiator.send_command(read_blocks(i, 8));
    }
  }));
  rows.push_back(does_not_read("pings, and does not take the answers", [](TestBed& bed) {
    for (std::uint32_t i = 0; i < kImmediateCommandsMax; ++i) {
      bed.initiator.send_nop(std::string(4096, 'x'));
    }
  }));
  rows.push_back(does_not_read("earns rejects without end", [](TestBed& bed) {
    for (std::size_t i = 0; i < 4 * kPendingRejectsMax; ++i) {
      bed.initiator.send(hostile_request(static_cast<Opcode>(0x1C)));
    }
    bed.pump();
    EXPECT_EQ(bed.connection->counters().rejects, kPendingRejectsMax);  // the others wait to be read
  }));
  rows.push_back(does_not_read("a write, and does not take the R2T",
                               [](TestBed& bed) { bed.initiator.send_command(write_blocks(0, Bytes(262144))); }));
  rows.push_back(does_not_read("task management, and does not take the answer", [](TestBed& bed) {
    bed.initiator.send_task_management(TaskFunction::kLogicalUnitReset, 0);
  }));
  rows.push_back(does_not_read("text, and does not take the answer", [](TestBed& bed) {
    bed.initiator.send_text(std::string_view("MaxRecvDataSegmentLength=8192\0", 30));
  }));
  rows.push_back(
      does_not_read("a logout, and does not take the answer", [](TestBed& bed) { bed.initiator.send_logout(); }));
  // What waits to be sent counts against the bound of the connection, and more than that is not read.
  rows.push_back(does_not_read("commands beyond its slots", [](TestBed& bed) {
    for (std::uint32_t i = 0; i < 4 * kCommandWindow; ++i) {
      bed.initiator.send_command(read_blocks(0, 1));
    }
    bed.pump();
    EXPECT_LE(bed.slots.in_use(), std::size_t{kSlotsPerConnectionMax} + 1);
  }));
}

void add_silence(HostileRows& rows) {
  rows.push_back({.why = "says nothing and answers no ping",
                  .act = [](TestBed& bed) { bed.initiator.answer_probes(false); },
                  .closed = CloseReason::kProbeUnanswered,
                  .hangs = seconds(30)});
  rows.push_back({.why = "answers pings and never sends what an R2T asks for",
                  .act = [](TestBed& bed) { start_write(bed); },
                  .closed = CloseReason::kStalled,
                  .hangs = seconds(60)});
  rows.push_back({.why = "sends half of what an R2T asks for",
                  .act =
                      [](TestBed& bed) {
                        const Pdu r2t = start_write(bed);
                        bed.initiator.send(hostile_data_out(r2t.get<bhs::InitiatorTaskTag>(),
                                                            r2t.get<bhs::TargetTransferTag>(), 0, 65536, 512, false));
                      },
                  .closed = CloseReason::kStalled,
                  .hangs = seconds(60)});
  rows.push_back({.why = "at level 1, never sends what R2Ts ask for again and again",
                  .act =
                      [](TestBed& bed) {
                        bed.initiator.answer_r2ts(false);
                        bed.initiator.send_command(write_blocks(0, Bytes(262144)));
                      },
                  .closed = CloseReason::kStalled,
                  .hangs = seconds(180),
                  .options =
                      [] {
                        BedOptions options;
                        options.initiator.keys = digests(false, false, "1");
                        options.preferences.error_recovery_level = 1;
                        return options;
                      }()});
  rows.push_back({.why = "promises unsolicited data and sends no sign of life",
                  .act =
                      [](TestBed& bed) {
                        bed.initiator.answer_probes(false);
                        bed.initiator.send(hostile_command(65536, false, true).set<bhs::Final>(false));
                      },
                  .closed = CloseReason::kProbeUnanswered,
                  .hangs = seconds(30)});
}

/// What comes after a logout is not read any more (RFC 7143 11.14).
void add_after_logout(HostileRows& rows) {
  for (const Opcode opcode : kOpcodes) {
    rows.push_back({.why = "after a logout: " + name_of(opcode),
                    .act =
                        [opcode](TestBed& bed) {
                          bed.initiator.send_logout();
                          bed.initiator.send(example(opcode));
                        },
                    .closed = CloseReason::kLoggedOut,
                    .expects = [](TestBed& bed) { EXPECT_EQ(bed.host.started, 0U); }});
  }
}

}  // namespace

void add_rows_of_streams(HostileRows& rows) {
  add_half_pdus(rows);
  add_wrong_digests(rows);
  add_stalled_readers(rows);
  add_silence(rows);
  add_after_logout(rows);
}

}  // namespace lunaria::iscsi::testing
