// Numbers at their bounds: CmdSN at the wrap and at the edges of its window, lengths (RFC 7143 4.2.2, 11.2, 13.12 to
// 13.14). What is within bounds must work; what is beyond is answered.
#include "iscsi/testing/hostile_row.h"

namespace lunaria::iscsi::testing {
namespace {

constexpr auto kCheckCondition = static_cast<std::uint8_t>(scsi::Status::kCheckCondition);

void add_command_numbers(HostileRows& rows) {
  enum class Fate : std::uint8_t { kStarts, kWaits, kIsIgnored };
  const std::pair<std::uint32_t, Fate> distances[] = {{0, Fate::kStarts},
                                                      {1, Fate::kWaits},
                                                      {kCommandWindow - 1, Fate::kWaits},
                                                      {kCommandWindow, Fate::kIsIgnored},
                                                      {0x7FFF'FFFF, Fate::kIsIgnored},
                                                      {0x8000'0000, Fate::kIsIgnored},
                                                      {0xFFFF'FFFF, Fate::kIsIgnored}};
  for (const std::uint32_t first : {0U, 0x7FFF'FFF0U, 0x8000'0000U, 0xFFFF'FF81U, 0xFFFF'FFFEU, 0xFFFF'FFFFU}) {
    for (const auto& [distance, fate] : distances) {
      HostileRow row{.why = "CmdSN " + std::to_string(first) + ", and then " + std::to_string(distance) + " ahead",
                     .act =
                         [distance](TestBed& bed) {
                           bed.host.hold_commands = true;
                           Pdu pdu = hostile_command();
                           pdu.set<bhs::CmdSn>(bed.initiator.command_sn() + distance);
                           bed.initiator.send(pdu, true);
                           bed.initiator.set_command_sn(bed.initiator.command_sn() + (distance == 0 ? 1 : 0));
                         },
                     .expects =
                         [fate](TestBed& bed) {
                           EXPECT_EQ(bed.host.started, fate == Fate::kStarts ? 1U : 0U);
                           EXPECT_EQ(bed.slots.in_use(), fate == Fate::kIsIgnored ? 0U : 1U);
                         }};
      row.options.initiator.first_command_sn = first;
      rows.push_back(std::move(row));
    }
    HostileRow twice{.why = "CmdSN " + std::to_string(first) + " twice",
                     .act =
                         [](TestBed& bed) {
                           bed.host.hold_commands = true;
                           const std::uint32_t sn = bed.initiator.command_sn();
                           bed.initiator.send(hostile_command());
                           bed.initiator.send(hostile_command().set<bhs::CmdSn>(sn).set<bhs::InitiatorTaskTag>(0x701U),
                                              true);
                         },
                     .expects = [](TestBed& bed) { EXPECT_EQ(bed.host.started, 1U); }};
    twice.options.initiator.first_command_sn = first;
    rows.push_back(std::move(twice));
  }
}

/// A ping comes back, cut to what the initiator takes in one PDU.
void add_ping_lengths(HostileRows& rows) {
  for (const std::size_t length : {0U, 1U, 2U, 3U, 4U, 5U, 4095U, 65535U, 65536U, 65537U, 262143U, 262144U}) {
    rows.push_back({.why = "a ping of " + std::to_string(length) + " bytes", .act = [length](TestBed& bed) {
                      const auto tag = bed.initiator.send_nop(std::string(length, 'p'));
                      bed.pump();
                      EXPECT_EQ(bed.initiator.outcome(tag)->data.size(), std::min<std::size_t>(length, 65536));
                    }});
  }
  rows.push_back(breaks_format("a ping of 262145 bytes", [] {
    Pdu pdu = hostile_request(Opcode::kNopOut);
    pdu.data.resize(262145);
    return pdu;
  }()));
}

/// Immediate data of `length` bytes for a command that announces `expected`.
void add_immediate_lengths(HostileRows& rows) {
  struct Case {
    std::uint32_t expected;
    std::size_t length;
    bool is_refused;
  };
  for (const Case& one :
       {Case{512, 0, false}, Case{512, 511, false}, Case{512, 512, false}, Case{512, 513, true}, Case{512, 65536, true},
        Case{65536, 65535, false}, Case{65536, 65536, false}, Case{131072, 65536, false}, Case{131072, 65537, true},
        Case{262144, 262144, true}, Case{1, 1, false}, Case{1, 2, true}, Case{0, 0, false}, Case{0, 4, true}}) {
    rows.push_back({.why = std::to_string(one.length) + " immediate bytes of " + std::to_string(one.expected),
                    .act = [one](TestBed& bed) {
                      bed.host.hold_commands = true;
                      Pdu pdu = hostile_command(one.expected, false, true);
                      pdu.data.resize(one.length);
                      const auto tag = pdu.get<bhs::InitiatorTaskTag>();
                      bed.initiator.await(tag);
                      bed.initiator.send(pdu);
                      bed.pump();
                      const Outcome& outcome = *bed.initiator.outcome(tag);
                      EXPECT_EQ(outcome.done, one.is_refused);
                      EXPECT_EQ(outcome.status == kCheckCondition, one.is_refused);
                      EXPECT_EQ(bed.host.started, one.is_refused ? 0U : 1U);
                      EXPECT_EQ(bed.slots.in_use(), one.is_refused ? 0U : 1U);
                    }});
  }
}

/// The host transfers what CDB and announcement have in common; the rest is a residual.
void add_transfer_lengths(HostileRows& rows) {
  for (const std::uint32_t announced : {0U, 1U, 511U, 512U, 513U, 4095U, 4096U, 4097U, 1048576U}) {
    rows.push_back({.why = "a read of 4096 bytes into " + std::to_string(announced), .act = [announced](TestBed& bed) {
                      CommandRequest request = read_blocks(0, 8);
                      request.read_length = announced;
                      const auto tag = bed.initiator.send_command(request);
                      bed.pump();
                      const Outcome& outcome = *bed.initiator.outcome(tag);
                      EXPECT_TRUE(outcome.done);
                      EXPECT_EQ(outcome.data.size(), std::min(announced, 4096U));
                      EXPECT_EQ(outcome.overflow, announced < 4096);
                      EXPECT_EQ(outcome.underflow, announced > 4096);
                      EXPECT_EQ(outcome.residual, announced < 4096 ? 4096 - announced : announced - 4096);
                    }});
  }
}

/// RFC 7143 11.10: text in pieces, with the continue bit and the tag of the target.
void add_text_lengths(HostileRows& rows) {
  for (const std::size_t length : {0U, 1U, 2U, 4095U, 8191U, 8192U, 8193U, 16383U}) {
    rows.push_back({.why = "text of " + std::to_string(length) + " NULs", .act = [length](TestBed& bed) {
                      const auto tag = bed.initiator.send_text(std::string(length, '\0'));
                      bed.pump();
                      EXPECT_TRUE(bed.initiator.outcome(tag)->done);
                    }});
  }
}

}  // namespace

void add_rows_of_numbers(HostileRows& rows) {
  add_command_numbers(rows);
  add_ping_lengths(rows);
  add_immediate_lengths(rows);
  add_transfer_lengths(rows);
  add_text_lengths(rows);
}

}  // namespace lunaria::iscsi::testing
