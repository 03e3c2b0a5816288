// What a peer may do wrong, and the answer that RFC 7143 asks for: every row of the table, with another session that
// must be served while the peer hangs and afterwards. Nothing may be left behind when the connection goes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "iscsi/testing/hostile_row.h"
#include "iscsi/testing/wire.h"

namespace lunaria::iscsi {
namespace {

using testing::BedOptions;
using testing::Bytes;
using testing::HostileRow;
using testing::HostileRows;
using testing::Pdu;
using testing::TestBed;
using testing::Wire;
using enum RejectReason;

constexpr std::size_t kRowsMin = 400;
constexpr std::chrono::seconds kStep(5);

HostileRows hostile_rows() {
  HostileRows rows;
  testing::add_rows_before_login(rows);
  testing::add_rows_during_login(rows);
  testing::add_rows_of_negotiation(rows);
  testing::add_rows_of_requests(rows);
  testing::add_rows_of_data(rows);
  testing::add_rows_of_recovery(rows);
  testing::add_rows_of_streams(rows);
  testing::add_rows_of_numbers(rows);
  return rows;
}

/// Another session on the same shard, with the same memory and slots.
class Neighbour final {
 public:
  explicit Neighbour(TestBed& bed) : wire_(bed.clock, bed.shard, bed.slots, {}) { EXPECT_TRUE(wire_.log_in("")); }

  bool is_served() {
    wire_.advance(runtime::Duration::zero());
    wire_.take();
    ++tag_;
    wire_.send(wire_.command(tag_, testing::read_blocks(tag_ % 64, 2)));
    const auto answers = wire_.take();
    return answers.size() == 1 && answers[0].get<bhs::InitiatorTaskTag>() == tag_ &&
           answers[0].get<bhs::data_in::StatusFollows>() && answers[0].data.size() == 1024;
  }

 private:
  Wire wire_;
  std::uint32_t tag_ = 0;
};

void expect_as_told(TestBed& bed, const HostileRow& row) {
  EXPECT_EQ(bed.connection->close_reason(), row.closed);
  EXPECT_THAT(bed.initiator.rejects(), ::testing::ElementsAreArray(row.rejects));
  EXPECT_EQ(bed.initiator.refusal(), row.refusal);
  if (row.closed) {
    EXPECT_TRUE(bed.connection->receive_paused());
    return;
  }
  const auto ping = bed.initiator.send_nop("alive?");
  bed.pump();
  EXPECT_TRUE(bed.initiator.outcome(ping)->done);
}

void play(const HostileRow& row) {
  SCOPED_TRACE(row.why);
  TestBed bed(row.options);
  Neighbour neighbour(bed);
  if (row.logs_in) {
    bed.log_in();
  }
  row.act(bed);
  bed.pump();
  EXPECT_TRUE(neighbour.is_served()) << "while it hangs";
  for (runtime::Duration passed{}; passed < row.hangs; passed += kStep) {
    bed.advance(kStep);
    EXPECT_TRUE(neighbour.is_served()) << "while it hangs";
  }
  if (row.expects) {
    row.expects(bed);
  }
  expect_as_told(bed, row);
  bed.end();
  EXPECT_TRUE(neighbour.is_served()) << "afterwards";
}

TEST(Hostile, EveryRowIsAnsweredAsTheTableSays) {
  const HostileRows rows = hostile_rows();
  std::set<std::string> names;
  for (const HostileRow& row : rows) {
    EXPECT_TRUE(names.insert(row.why).second) << row.why << " stands in the table twice";
    play(row);
  }
  EXPECT_GE(names.size(), kRowsMin);
  RecordProperty("rows", static_cast<int>(names.size()));
}

TEST(Hostile, DiscoverySessionsTakeTextAndLogoutOnly) {
  for (const Opcode opcode : {Opcode::kScsiCommand, Opcode::kTaskManagementRequest, Opcode::kNopOut}) {
    BedOptions options;
    options.initiator.discovery = true;
    TestBed bed(options);
    bed.log_in();
    bed.initiator.send(testing::hostile_request(opcode));
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
