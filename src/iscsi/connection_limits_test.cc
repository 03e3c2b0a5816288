// What ends, delays or drops: digests, time, aborts by others, memory.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "iscsi/connection_state.h"
#include "iscsi/testing/bed.h"
#include "iscsi/testing/requests.h"
#include "iscsi/testing/steps.h"

namespace lunaria::iscsi {
namespace {

using namespace std::chrono_literals;
using testing::BedOptions;
using testing::Bytes;
using testing::count;
using testing::pattern;
using testing::Pdu;
using testing::read_blocks;
using testing::run;
using testing::set_key;
using testing::TestBed;
using testing::write_blocks;

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
