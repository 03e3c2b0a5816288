#include "runtime/timer_heap.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <vector>

namespace lunaria::runtime {
namespace {

TEST(TimerHeap, GivesEqualDeadlinesBackInTheOrderOfStarting) {
  TimerHeap heap;
  std::vector<Timer> timers(10);
  for (Timer& timer : timers) {
    heap.start(timer, Instant(Duration(5)));
  }
  EXPECT_EQ(heap.pop_due(Instant(Duration(4))), nullptr);
  for (Timer& timer : timers) {
    EXPECT_EQ(heap.pop_due(Instant(Duration(5))), &timer);
    EXPECT_FALSE(timer.pending);
  }
  EXPECT_TRUE(heap.empty());
}

TEST(TimerHeap, StaysSortedUnderAnyMixOfStartsAndCancels) {
  TimerHeap heap;
  std::vector<Timer> timers(500);
  std::uint64_t state = 7;
  for (int round = 0; round < 20'000; ++round) {
    state = state * 6364136223846793005ULL + 1442695040888963407ULL;
    Timer& timer = timers[(state >> 33) % timers.size()];
    if (timer.pending) {
      EXPECT_TRUE(heap.cancel(timer));
    } else {
      heap.start(timer, Instant(Duration((state >> 50) + 1)));
    }
    EXPECT_FALSE(timer.pending && heap.next_deadline() > timer.deadline);
  }
  std::size_t pending = static_cast<std::size_t>(std::ranges::count_if(timers, &Timer::pending));
  EXPECT_EQ(heap.size(), pending);
  Instant previous{};
  while (!heap.empty()) {
    const Timer* timer = heap.pop_due(Instant::max());
    EXPECT_GE(timer->deadline, previous);
    previous = timer->deadline;
    --pending;
  }
  EXPECT_EQ(pending, 0U);
}

TEST(TimerHeap, CancelsOnlyWhatIsPending) {
  TimerHeap heap;
  Timer timer;
  EXPECT_FALSE(heap.cancel(timer));
  heap.start(timer, Instant(Duration(1)));
  EXPECT_TRUE(heap.cancel(timer));
  EXPECT_FALSE(heap.cancel(timer));
}

}  // namespace
}  // namespace lunaria::runtime
