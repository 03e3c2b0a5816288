#include "reactor/reactor.h"

#include <gtest/gtest.h>

#include <atomic>
#include <set>
#include <thread>
#include <vector>

#include "reactor/test_support.h"
#include "runtime/blocking.h"

namespace lunaria::reactor {
namespace {

using namespace std::chrono_literals;
using runtime::Gate;
using runtime::Message;
using runtime::Operation;
using runtime::Task;

class ReactorTest : public testing::BackendTest {};
INSTANTIATE_TEST_SUITE_P(Backends, ReactorTest, testing::every_backend(), testing::name_of_backend);

Task<void> hop(Reactor& reactor, std::size_t start, int hops, std::atomic<int>& count) {
  for (int i = 0; i < hops; ++i) {
    Shard& next = reactor.shard((start + static_cast<std::size_t>(i)) % reactor.shard_count());
    co_await runtime::move_to(next);
    EXPECT_TRUE(next.is_current());
    ++count;
  }
  co_await runtime::move_to(reactor.shard(0));
}

Task<void> run_hoppers(Reactor& reactor, int hoppers, int hops, std::atomic<int>& count) {
  Gate gate;
  for (int i = 0; i < hoppers; ++i) {
    spawn(gate, hop(reactor, static_cast<std::size_t>(i), hops, count));
  }
  gate.close();
  co_await gate.drained();
}

TEST_P(ReactorTest, CarriesAStormOfMessagesBetweenShards) {
  auto reactor = start_reactor(4);
  std::atomic<int> count = 0;
  reactor->run_to_completion(0, run_hoppers(*reactor, 64, 2000, count));
  EXPECT_EQ(count, 64 * 2000);
}

struct Numbered : Message {
  std::vector<int>* seen = nullptr;
  int number = 0;
};

TEST_P(ReactorTest, KeepsTheOrderOfEachThreadThatPosts) {
  constexpr int kThreads = 4;
  constexpr int kMessages = 5000;
  std::vector<int> seen;
  std::vector<std::vector<Numbered>> messages;
  auto reactor = start_reactor(1);
  for (int poster = 0; poster < kThreads; ++poster) {
    std::vector<Numbered>& list = messages.emplace_back(kMessages);
    for (int i = 0; i < kMessages; ++i) {
      Numbered& message = list[static_cast<std::size_t>(i)];
      message.seen = &seen;
      message.number = poster * kMessages + i;
      message.on_complete([](Operation& operation) noexcept {
        auto& self = static_cast<Numbered&>(operation);
        self.seen->push_back(self.number);
      });
    }
  }
  std::vector<std::thread> threads;
  threads.reserve(kThreads);
  for (std::vector<Numbered>& list : messages) {
    threads.emplace_back([&list, shard = &reactor->shard(0)] {
      for (Numbered& message : list) {
        shard->post(message);
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  reactor->run_on(0, [] {});
  ASSERT_EQ(seen.size(), static_cast<std::size_t>(kThreads * kMessages));
  std::vector<int> last(kThreads, -1);
  for (const int number : seen) {
    int& before = last[static_cast<std::size_t>(number / kMessages)];
    EXPECT_GT(number % kMessages, before);
    before = number % kMessages;
  }
}

Task<void> note_after(runtime::Shard& shard, runtime::Duration delay, int value, std::vector<int>& order) {
  co_await runtime::sleep_for(shard, delay);
  order.push_back(value);
}

Task<void> run_timers(runtime::Shard& shard, std::vector<int>& order) {
  Gate gate;
  const runtime::Instant start = shard.clock().now();
  spawn(gate, note_after(shard, 20ms, 3, order));
  spawn(gate, note_after(shard, 10ms, 2, order));
  spawn(gate, note_after(shard, 0ms, 1, order));
  spawn(gate, note_after(shard, 20ms, 4, order));
  gate.close();
  co_await gate.drained();
  EXPECT_GE(shard.clock().now() - start, 20ms);
}

TEST_P(ReactorTest, FiresTimersInTheOrderOfTheirDeadlines) {
  auto reactor = start_reactor();
  std::vector<int> order;
  reactor->run_to_completion(0, run_timers(reactor->shard(0), order));
  EXPECT_EQ(order, (std::vector{1, 2, 3, 4}));
}

Task<void> cancel_one(runtime::Shard& shard) {
  struct Never : runtime::Timer {
    bool fired = false;
  } never;
  never.on_complete([](Operation& operation) noexcept { static_cast<Never&>(operation).fired = true; });
  shard.start(never, 5ms);
  EXPECT_TRUE(shard.cancel(never));
  EXPECT_FALSE(shard.cancel(never));
  co_await runtime::sleep_for(shard, 10ms);
  EXPECT_FALSE(never.fired);
}

TEST_P(ReactorTest, ACancelledTimerDoesNotFire) {
  auto reactor = start_reactor();
  reactor->run_to_completion(0, cancel_one(reactor->shard(0)));
}

Task<void> pause(runtime::Shard& shard, runtime::Duration duration) {
  co_await runtime::sleep_for(shard, duration);
}

TEST_P(ReactorTest, AnIdleShardDoesNotTurn) {
  auto reactor = start_reactor(2);
  std::uint64_t before = 0;
  std::uint64_t after = 0;
  Shard& idle = reactor->shard(1);
  reactor->run_on(1, [&] { before = idle.turn(); });
  reactor->run_to_completion(0, pause(reactor->shard(0), 100ms));
  reactor->run_on(1, [&] { after = idle.turn(); });
  // A turn to finish the first call, perhaps one for its wake-up, and one for the second.
  EXPECT_LE(after - before, 4U);
}

Task<void> yield_many(runtime::Shard& shard, int count, bool& stop) {
  for (int i = 0; i < count && !stop; ++i) {
    co_await runtime::yield_on(shard);
  }
}

Task<void> race_timer_with_yields(runtime::Shard& shard) {
  Gate gate;
  bool stop = false;
  spawn(gate, yield_many(shard, 1'000'000'000, stop));
  co_await runtime::sleep_for(shard, 5ms);
  stop = true;
  gate.close();
  co_await gate.drained();
}

TEST_P(ReactorTest, TimersFireWhileOthersKeepTheShardBusy) {
  auto reactor = start_reactor();
  reactor->run_to_completion(0, race_timer_with_yields(reactor->shard(0)));
}

Task<void> block_and_collect(runtime::Shard& shard, std::set<std::thread::id>& threads) {
  const std::thread::id here = std::this_thread::get_id();
  for (int i = 0; i < 100; ++i) {
    const std::thread::id there = co_await runtime::run_blocking(shard, [] { return std::this_thread::get_id(); });
    EXPECT_EQ(std::this_thread::get_id(), here);
    EXPECT_NE(there, here);
    threads.insert(there);
  }
}

Task<void> block_concurrently(runtime::Shard& shard, std::set<std::thread::id>& threads) {
  Gate gate;
  for (int i = 0; i < 8; ++i) {
    spawn(gate, block_and_collect(shard, threads));
  }
  gate.close();
  co_await gate.drained();
}

TEST_P(ReactorTest, RunsBlockingWorkOnABoundedNumberOfOtherThreads) {
  auto reactor = start_reactor();
  std::set<std::thread::id> threads;
  reactor->run_to_completion(0, block_concurrently(reactor->shard(0), threads));
  EXPECT_GE(threads.size(), 1U);
  EXPECT_LE(threads.size(), 2U);
}

TEST_P(ReactorTest, SaysWhatItRunsOn) {
  auto reactor = start_reactor(3);
  EXPECT_EQ(reactor->backend_name(), backend() == BackendChoice::kEpoll ? "epoll" : "io_uring");
  EXPECT_FALSE(reactor->uring_refusal().has_value());
  EXPECT_EQ(reactor->shard_count(), 3U);
  EXPECT_EQ(reactor->shard(2).id(), runtime::ShardId{2});
  EXPECT_FALSE(reactor->shard(0).is_current());
}

TEST(SystemRandom, GivesOtherBytesEachTime) {
  SystemRandom random;
  EXPECT_NE(random.next_u64(), random.next_u64());
}

}  // namespace
}  // namespace lunaria::reactor
