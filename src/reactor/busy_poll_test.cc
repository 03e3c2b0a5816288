#include "reactor/busy_poll.h"

#include <gtest/gtest.h>

namespace lunaria::reactor {
namespace {

using namespace std::chrono_literals;

TEST(BusyPoll, BeginsWhenWorkCameFast) {
  BusyPoll poll(50us);
  EXPECT_EQ(poll.window(), 0us);
  poll.waited(51us);
  EXPECT_EQ(poll.window(), 0us);
  poll.waited(50us);
  EXPECT_EQ(poll.window(), 50us);
}

TEST(BusyPoll, OutlastsOneLongWait) {
  BusyPoll poll(50us);
  poll.waited(1us);
  poll.waited(10ms);
  EXPECT_GT(poll.window(), 0us);
}

TEST(BusyPoll, EndsAfterAFewLongWaits) {
  BusyPoll poll(50us);
  poll.waited(49us);
  for (int i = 0; i < 4; ++i) {
    poll.waited(10ms);
  }
  EXPECT_EQ(poll.window(), 0us);
}

TEST(BusyPoll, IsNeverWhenTheMaximumIsZero) {
  BusyPoll poll(0us);
  poll.waited(0us);
  poll.waited(1us);
  EXPECT_EQ(poll.window(), 0us);
}

}  // namespace
}  // namespace lunaria::reactor
