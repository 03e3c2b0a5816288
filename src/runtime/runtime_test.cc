#include <gtest/gtest.h>

#include <vector>

#include "runtime/buffer_pool.h"
#include "runtime/event.h"
#include "runtime/gate.h"
#include "runtime/io_error.h"
#include "runtime/task.h"

namespace lunaria::runtime {
namespace {

Task<int> ready_value(int value) {
  co_return value;
}

Task<void> sum_many(int count, long& sum) {
  for (int i = 0; i < count; ++i) {
    const int value = co_await ready_value(1);
    sum += value;
  }
}

TEST(Task, MillionReadyCompletionsDoNotGrowTheStack) {
  Gate gate;
  long sum = 0;
  ASSERT_TRUE(spawn(gate, sum_many(1'000'000, sum)));
  EXPECT_EQ(sum, 1'000'000);
  EXPECT_EQ(gate.count(), 0U);
}

Task<void> wait_and_count(Event& event, int& count) {
  co_await event.wait();
  ++count;
}

TEST(Gate, LetsNobodyInOnceClosedAndWaitsForTheLast) {
  Gate gate;
  Event event;
  int count = 0;
  ASSERT_TRUE(spawn(gate, wait_and_count(event, count)));
  ASSERT_TRUE(spawn(gate, wait_and_count(event, count)));
  gate.close();
  EXPECT_FALSE(spawn(gate, wait_and_count(event, count)));
  EXPECT_EQ(gate.count(), 2U);
  event.set();
  EXPECT_EQ(gate.count(), 0U);
  EXPECT_EQ(count, 2);
}

Task<void> allocate_into(BufferPool& pool, std::size_t size, std::vector<Buffer>& out) {
  Buffer buffer = co_await pool.allocate(size);
  out.push_back(std::move(buffer));
}

TEST(BufferPool, MakesARequestWaitInOrderWhenTheBudgetIsSpent) {
  BufferPool pool(BufferPool::kSizeMax);
  Gate gate;
  std::vector<Buffer> held;
  held.push_back(pool.try_allocate(BufferPool::kSizeMax));
  ASSERT_TRUE(held.front());
  std::vector<Buffer> later;
  spawn(gate, allocate_into(pool, BufferPool::kSizeMax, later));
  spawn(gate, allocate_into(pool, 1, later));
  EXPECT_FALSE(pool.try_allocate(1));
  EXPECT_TRUE(later.empty());
  held.clear();
  ASSERT_EQ(later.size(), 1U);
  EXPECT_EQ(later.front().memory().size(), BufferPool::kSizeMax);
  later.front().reset();
  EXPECT_EQ(gate.count(), 0U);
  ASSERT_EQ(later.size(), 2U);
  EXPECT_EQ(later.back().memory().size(), BufferPool::kSizeMin);
}

TEST(BufferPool, GivesIdleSizesBackToMakeRoomForOthers) {
  BufferPool pool(BufferPool::kSizeMax);
  {
    const Buffer small = pool.try_allocate(1);
  }
  EXPECT_TRUE(pool.try_allocate(BufferPool::kSizeMax));
}

TEST(IoError, HasANameAndAText) {
  EXPECT_EQ(to_string(IoError{28}), "No space left on device (ENOSPC)");
}

}  // namespace
}  // namespace lunaria::runtime
