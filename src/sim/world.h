#pragma once

// World: everything a test needs to run a whole server, and its clients, on one thread with virtual time. Shards, their
// timers, network and disks take every decision from one seed: the same seed replays the same run, step by step.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "runtime/clock.h"
#include "runtime/random.h"
#include "sim/dice.h"
#include "sim/network.h"
#include "sim/shard.h"

namespace lunaria::sim {

struct WorldOptions {
  std::uint64_t seed = 1;
  /// Run what is ready in an order drawn from the seed (messages of one poster stay in order). Otherwise in order.
  bool shuffle = true;
  /// run_blocking takes up to this long.
  runtime::Duration blocking_max = std::chrono::milliseconds(2);
  /// Bytes of each shard's BufferPool.
  std::size_t buffer_budget = std::size_t{64} << 20;
};

/// Virtual time. Both clocks stand still while anything is ready to run.
class VirtualClock final : public runtime::Clock {
 public:
  runtime::Instant now() const override { return now_; }
  runtime::WallTime wall_time() const override;
  /// Lets the civil clock jump, as administrators and NTP do.
  void jump_wall_time(runtime::Duration by) { wall_offset_ += by; }

 private:
  friend class World;
  runtime::Instant now_{std::chrono::hours(1)};
  runtime::Duration wall_offset_{};
};

/// Random bytes that are the same in every run.
class SeededRandom final : public runtime::Random {
 public:
  explicit SeededRandom(std::uint64_t seed) : dice_(seed) {}
  void fill(std::span<std::byte> bytes) override;

 private:
  Dice dice_;
};

/// Owns clock, dice, network and shards. Whatever lives on a shard must be gone before the world is. Single-threaded.
class World final {
 public:
  explicit World(const WorldOptions& options = {});
  World(const World&) = delete;
  World& operator=(const World&) = delete;
  ~World();

  const WorldOptions& options() const { return options_; }
  VirtualClock& clock() { return clock_; }
  runtime::Random& random() { return random_; }
  /// Chance for faults and orders; apart from `random()`, so that the code under test cannot disturb it.
  Dice& dice() { return dice_; }
  SimNetwork& network() { return network_; }

  /// A further shard; stays until the world's end.
  SimShard& add_shard();
  std::size_t shard_count() const { return shards_.size(); }
  SimShard& shard(std::size_t index) { return *shards_[index]; }
  /// The shard whose code runs right now; nullptr in the test's own code.
  SimShard* current() const { return current_; }

  /// Runs one ready thing, or lets time pass to the next timer; false when there is neither.
  bool step();
  /// Runs until nothing is ready and no timer pends, or `limit` of virtual time has passed (then false: code with
  /// periodic timers never gets idle).
  bool run_until_idle(runtime::Duration limit = std::chrono::hours(1));
  /// Runs for this long; the clock stands at the end of it afterwards.
  void run_for(runtime::Duration duration);
  /// Runs until `predicate()` holds, tested after every step; false when idle or out of time first.
  template <class Predicate>
  bool run_until(Predicate predicate, runtime::Duration limit = std::chrono::hours(1)) {
    const runtime::Instant end = clock_.now() + limit;
    while (!predicate()) {
      if (!step_before(end)) {
        return false;
      }
    }
    return true;
  }

 private:
  friend class SimShard;
  bool run_ready();
  bool step_before(runtime::Instant end);

  WorldOptions options_;
  VirtualClock clock_;
  Dice dice_;
  SeededRandom random_;
  SimNetwork network_;
  std::vector<std::unique_ptr<SimShard>> shards_;
  SimShard* current_ = nullptr;
};

}  // namespace lunaria::sim
