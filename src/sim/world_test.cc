#include "sim/world.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "runtime/blocking.h"
#include "runtime/gate.h"
#include "runtime/task.h"

namespace lunaria::sim {
namespace {

using namespace std::chrono_literals;
using runtime::Gate;
using runtime::Message;
using runtime::Task;
using runtime::Timer;

struct Note : Message {
  std::vector<int>* order = nullptr;
  int value = 0;
  void arm(std::vector<int>& into, int what) {
    order = &into;
    value = what;
    on_complete([](runtime::Operation& operation) noexcept {
      auto& self = static_cast<Note&>(operation);
      self.order->push_back(self.value);
    });
  }
};

Task<void> post_numbers(runtime::Shard& from, runtime::Shard& to, std::vector<Note>& notes) {
  co_await runtime::move_to(from);
  for (Note& note : notes) {
    to.post(note);
    co_await runtime::yield_on(from);
  }
}

std::vector<int> order_with_seed(std::uint64_t seed) {
  World world({.seed = seed});
  SimShard& target = world.add_shard();
  std::vector<int> order;
  std::vector<std::vector<Note>> notes;
  Gate gate;
  for (int poster = 0; poster < 4; ++poster) {
    notes.emplace_back(10);
    for (int i = 0; i < 10; ++i) {
      notes.back()[static_cast<std::size_t>(i)].arm(order, 100 * poster + i);
    }
  }
  for (std::vector<Note>& list : notes) {
    spawn(gate, post_numbers(world.add_shard(), target, list));
  }
  EXPECT_TRUE(world.run_until_idle());
  EXPECT_EQ(gate.count(), 0U);
  return order;
}

TEST(World, ShufflesPostersButKeepsTheOrderOfEach) {
  const std::vector<int> order = order_with_seed(3);
  ASSERT_EQ(order.size(), 40U);
  std::vector<int> last(4, -1);
  for (const int value : order) {
    EXPECT_GT(value % 100, last[static_cast<std::size_t>(value / 100)]);
    last[static_cast<std::size_t>(value / 100)] = value % 100;
  }
}

TEST(World, ReplaysARunFromItsSeedAndOtherSeedsDiffer) {
  EXPECT_EQ(order_with_seed(1), order_with_seed(1));
  EXPECT_NE(order_with_seed(1), order_with_seed(2));
}

Task<void> sleep_and_note(runtime::Shard& shard, runtime::Duration delay, std::vector<runtime::Instant>& woken) {
  co_await runtime::sleep_for(shard, delay);
  woken.push_back(shard.clock().now());
}

TEST(World, LetsTimePassOnlyWhenNothingIsReady) {
  World world;
  SimShard& shard = world.add_shard();
  const runtime::Instant start = world.clock().now();
  std::vector<runtime::Instant> woken;
  Gate gate;
  spawn(gate, sleep_and_note(shard, 20ms, woken));
  spawn(gate, sleep_and_note(shard, 10ms, woken));
  EXPECT_TRUE(world.run_until([&woken] { return woken.size() == 1; }));
  EXPECT_EQ(world.clock().now(), start + 10ms);
  EXPECT_FALSE(world.run_until([&woken] { return woken.size() == 2; }, 9ms));
  EXPECT_TRUE(world.run_until_idle());
  EXPECT_EQ(woken, (std::vector{start + 10ms, start + 20ms}));
  world.run_for(1s);
  EXPECT_EQ(world.clock().now(), start + 20ms + 1s);
}

TEST(World, CancelsTimers) {
  World world;
  SimShard& shard = world.add_shard();
  bool fired = false;
  struct Fire : Timer {
    bool* fired = nullptr;
  } fire;
  fire.fired = &fired;
  fire.on_complete([](runtime::Operation& operation) noexcept { *static_cast<Fire&>(operation).fired = true; });
  shard.start(fire, 1ms);
  EXPECT_TRUE(shard.cancel(fire));
  EXPECT_FALSE(shard.cancel(fire));
  EXPECT_TRUE(world.run_until_idle());
  EXPECT_FALSE(fired);
}

Task<void> block_once(SimShard& shard, std::string& seen) {
  co_await runtime::move_to(shard);
  World& world = shard.world();
  const bool on_shard = co_await runtime::run_blocking(shard, [&world] { return world.current() != nullptr; });
  seen = std::string(on_shard ? "worker on shard" : "worker on its own") + (shard.is_current() ? ", back" : ", lost");
}

TEST(World, RunsBlockingWorkApartAndComesBack) {
  World world;
  SimShard& shard = world.add_shard();
  std::string seen;
  Gate gate;
  spawn(gate, block_once(shard, seen));
  EXPECT_TRUE(world.run_until_idle());
  EXPECT_EQ(seen, "worker on its own, back");
}

TEST(World, CivilTimeMayJumpWhileMonotonicTimeDoesNot) {
  World world;
  const runtime::Instant now = world.clock().now();
  const runtime::WallTime wall = world.clock().wall_time();
  world.clock().jump_wall_time(-1h);
  EXPECT_EQ(world.clock().now(), now);
  EXPECT_EQ(world.clock().wall_time(), wall - 1h);
}

}  // namespace
}  // namespace lunaria::sim
