#include "iscsi/pdu_receiver.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>

#include "iscsi/bhs.h"
#include "iscsi/limits.h"

namespace lunaria::iscsi {
namespace {

/// Receives `count` bytes of headers that are all zeros, without data segments; returns how many PDUs that were.
std::size_t take(PduReceiver& receiver, std::size_t count) {
  std::ranges::fill(receiver.memory(nullptr).first(count), std::byte{0});
  receiver.received(count);
  std::size_t taken = 0;
  while (receiver.next() == PduReceiver::Event::kHeader) {
    receiver.accept({});
    EXPECT_EQ(receiver.next(), PduReceiver::Event::kPdu);
    ++taken;
  }
  return taken;
}

TEST(PduReceiver, OffersRoomForSixteenHeadersOnceAllHasBeenReceived) {
  PduReceiver receiver;
  EXPECT_EQ(receiver.memory(nullptr).size(), kQuietReceiveSize);
  EXPECT_EQ(take(receiver, bhs::kSize), 1U);
  EXPECT_EQ(receiver.memory(nullptr).size(), kFirstReceiveSize);
  EXPECT_EQ(take(receiver, kFirstReceiveSize), 16U);
  // There may be more.
  EXPECT_EQ(receiver.memory(nullptr).size(), kQuietReceiveSize);
}

TEST(PduReceiver, OffersAllItsRoomWhereCommandsBringData) {
  PduReceiver receiver;
  EXPECT_EQ(take(receiver, bhs::kSize), 1U);
  std::array<std::byte, 512> sink{};
  const auto memory = receiver.memory(nullptr);
  std::ranges::fill(memory.first(bhs::kSize + sink.size()), std::byte{0});
  bhs::DataSegmentLength::set(memory.first<bhs::kSize>(), sink.size());
  receiver.received(bhs::kSize + sink.size());
  ASSERT_EQ(receiver.next(), PduReceiver::Event::kHeader);
  receiver.accept(sink);
  ASSERT_EQ(receiver.next(), PduReceiver::Event::kPdu);
  EXPECT_EQ(receiver.memory(nullptr).size(), kQuietReceiveSize);
}

}  // namespace
}  // namespace lunaria::iscsi
