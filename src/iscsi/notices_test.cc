// What the target says of its own accord: each asynchronous message of RFC 7143 11.9.1.
#include <gtest/gtest.h>

#include "iscsi/testing/bed.h"
#include "iscsi/testing/requests.h"
#include "iscsi/testing/steps.h"

namespace lunaria::iscsi {
namespace {

using namespace std::chrono_literals;
using testing::BedOptions;
using testing::Bytes;
using testing::Pdu;
using testing::read_blocks;
using testing::set_key;
using testing::TestBed;

std::vector<Pdu> messages(const TestBed& bed) {
  std::vector<Pdu> found;
  std::ranges::copy_if(bed.initiator.received(), std::back_inserter(found),
                       [](const Pdu& pdu) { return pdu.opcode() == Opcode::kAsyncMessage; });
  return found;
}

AsyncEvent event_of(const Pdu& pdu) {
  return pdu.get<bhs::async_message::Event>();
}

std::string text_of(const Bytes& data) {
  std::string text;
  std::ranges::transform(data, std::back_inserter(text), [](std::byte byte) { return static_cast<char>(byte); });
  return text;
}

TEST(AsyncMessage, BringsSenseData) {
  TestBed bed;
  bed.log_in();
  scsi::Sense sense;
  sense.key = scsi::SenseKey::kUnitAttention;
  sense.additional = scsi::AdditionalSense{0x2A09};
  bed.connection->report_event(scsi::Lun{0x0003'0000'0000'0000}, scsi::build_sense(sense, scsi::SenseFormat::kFixed));
  bed.pump();
  ASSERT_EQ(messages(bed).size(), 1U);
  const Pdu message = messages(bed).front();
  EXPECT_EQ(event_of(message), AsyncEvent::kScsi);
  EXPECT_EQ(message.get<bhs::Lun>(), 0x0003'0000'0000'0000U);
  EXPECT_EQ(message.get<bhs::InitiatorTaskTag>(), kReservedTag);
  ASSERT_EQ(message.data.size(), 20U);
  EXPECT_EQ(message.data[1], std::byte{18}) << "SenseLength";
  EXPECT_EQ(message.data[2 + 12], std::byte{0x2A});
}

TEST(AsyncMessage, TellsThatAllConnectionsAreDropped) {
  BedOptions options;
  set_key(options, "DefaultTime2Wait", "4");
  TestBed bed(options);
  bed.log_in();
  bed.connection->close(CloseReason::kRequested, bed.clock.now());
  bed.pump();
  ASSERT_EQ(messages(bed).size(), 1U);
  EXPECT_EQ(event_of(messages(bed).front()), AsyncEvent::kSessionDropped);
  EXPECT_EQ(messages(bed).front().get<bhs::async_message::Parameter2>(), 4) << "Time2Wait";
  EXPECT_EQ(bed.connection->close_reason(), CloseReason::kRequested);
}

TEST(AsyncMessage, HasAnotherSegmentLengthNegotiated) {
  TestBed bed;
  bed.log_in();
  const std::uint32_t known = bed.connection->login().connection.max_recv_data_segment_length;
  bed.connection->offer_segment_length(known, 3s, bed.clock.now());
  bed.pump();
  EXPECT_TRUE(messages(bed).empty()) << "the initiator knows";
  bed.connection->offer_segment_length(known + 512, 3s, bed.clock.now());
  bed.connection->offer_segment_length(known + 1024, 3s, bed.clock.now());
  bed.pump();
  ASSERT_EQ(messages(bed).size(), 1U) << "asked once";
  EXPECT_EQ(event_of(messages(bed).front()), AsyncEvent::kNegotiationRequested);
  EXPECT_EQ(messages(bed).front().get<bhs::async_message::Parameter3>(), 3) << "seconds";
  EXPECT_EQ(bed.connection->login().connection.max_recv_data_segment_length, known) << "not before it is told";

  const auto tag = bed.initiator.send_text({});
  bed.pump();
  EXPECT_EQ(text_of(bed.initiator.outcome(tag)->data),
            "MaxRecvDataSegmentLength=" + std::to_string(known + 1024) + std::string(1, '\0'));
  EXPECT_EQ(bed.connection->login().connection.max_recv_data_segment_length, known + 1024);
  const auto again = bed.initiator.send_text({});
  bed.pump();
  EXPECT_EQ(text_of(bed.initiator.outcome(again)->data), "") << "told once";
  bed.connection->offer_segment_length(known + 1024, 3s, bed.clock.now());
  bed.pump();
  EXPECT_EQ(messages(bed).size(), 1U);
}

TEST(AsyncMessage, AShorterSegmentIsToldAndLongerOnesAreStillTaken) {
  TestBed bed;
  bed.log_in();
  const std::uint32_t known = bed.connection->login().connection.max_recv_data_segment_length;
  bed.connection->offer_segment_length(512, 3s, bed.clock.now());
  bed.pump();
  const auto tag = bed.initiator.send_text({});
  bed.pump();
  EXPECT_EQ(text_of(bed.initiator.outcome(tag)->data), std::string("MaxRecvDataSegmentLength=512\0", 29));
  EXPECT_EQ(bed.connection->login().connection.max_recv_data_segment_length, known);
}

// RFC 7143 4.2.3.4 step d.
TEST(AsyncMessage, TellsOfTasksThatAnotherSessionHasEnded) {
  for (const bool is_fast : {true, false}) {
    BedOptions options;
    set_key(options, "TaskReporting", is_fast ? "FastAbort" : "RFC3720");
    TestBed bed(options);
    bed.log_in();
    bed.host.hold_commands = true;
    for (std::uint32_t block = 0; block < 2; ++block) {
      testing::CommandRequest request = read_blocks(block, 1);
      request.lun = 0x0002'0000'0000'0000;
      bed.initiator.send_command(request);
    }
    bed.pump();
    ASSERT_EQ(bed.host.held.size(), 2U);
    for (CommandSlot* slot : std::exchange(bed.host.held, {})) {
      slot->command().aborted = true;  // CLEAR TASK SET by somebody else, without TAS
      bed.connection->complete(*slot);
    }
    bed.pump();
    ASSERT_EQ(messages(bed).size(), is_fast ? 1U : 0U) << "once for a unit";
    if (is_fast) {
      EXPECT_EQ(event_of(messages(bed).front()), AsyncEvent::kTaskTermination);
      EXPECT_EQ(messages(bed).front().get<bhs::Lun>(), 0x0002'0000'0000'0000U);
    }
  }
}

}  // namespace
}  // namespace lunaria::iscsi
