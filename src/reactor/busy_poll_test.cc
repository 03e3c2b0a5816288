#include "reactor/busy_poll.h"

#include <gtest/gtest.h>

namespace lunaria::reactor {
namespace {

using namespace std::chrono_literals;

TEST(BusyPoll, BeginsWhenWorkCameFast) {
  BusyPoll poll(50us);
  EXPECT_EQ(poll.window(), 0us);
  poll.waited(51us, false);
  EXPECT_EQ(poll.window(), 0us);
  poll.waited(50us, false);
  EXPECT_EQ(poll.window(), 50us);
}

TEST(BusyPoll, OutlastsOneLongWait) {
  BusyPoll poll(50us);
  poll.waited(1us, false);
  poll.waited(10ms, true);
  EXPECT_GT(poll.window(), 0us);
}

TEST(BusyPoll, EndsAfterAFewLongWaits) {
  BusyPoll poll(50us);
  poll.waited(49us, false);
  for (int i = 0; i < 4; ++i) {
    poll.waited(10ms, true);
  }
  EXPECT_EQ(poll.window(), 0us);
}

// The work came within the maximum; that it was noticed later is the cost of sleeping.
TEST(BusyPoll, TakesTheWakingForNoWait) {
  BusyPoll poll(50us);
  poll.waited(100us, true);
  EXPECT_EQ(poll.window(), 50us);
  poll.waited(101us, true);
  EXPECT_EQ(poll.window(), 25us);
}

TEST(BusyPoll, IsNeverWhenTheMaximumIsZero) {
  BusyPoll poll(0us);
  poll.waited(0us, false);
  poll.waited(1us, false);
  EXPECT_EQ(poll.window(), 0us);
}

}  // namespace
}  // namespace lunaria::reactor
