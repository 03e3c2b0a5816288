#include "sim/world.h"

#include "base/check.h"

namespace lunaria::sim {

using runtime::Duration;
using runtime::Instant;

runtime::WallTime VirtualClock::wall_time() const {
  constexpr std::chrono::sys_days kStart(std::chrono::year(2030) / std::chrono::January / 1);
  return kStart + std::chrono::duration_cast<std::chrono::microseconds>(now_.time_since_epoch() + wall_offset_);
}

void SeededRandom::fill(std::span<std::byte> bytes) {
  for (std::byte& byte : bytes) {
    byte = static_cast<std::byte>(dice_.next() >> 56);
  }
}

World::World(const WorldOptions& options)
    : options_(options), dice_(options.seed), random_(~options.seed), network_(*this) {}

World::~World() = default;

SimShard& World::add_shard() {
  shards_.push_back(std::make_unique<SimShard>(*this, static_cast<runtime::ShardId>(shards_.size())));
  return *shards_.back();
}

bool World::run_ready() {
  // Counting first keeps the draw fair without a list of the ready ones.
  std::size_t ready = 0;
  for (const auto& shard : shards_) {
    ready += shard->is_ready() ? 1 : 0;
  }
  if (ready == 0) {
    return false;
  }
  std::size_t skip = options_.shuffle ? dice_.below(ready) : 0;
  for (const auto& shard : shards_) {
    if (shard->is_ready() && skip-- == 0) {
      shard->run_one();
      return true;
    }
  }
  return false;
}

bool World::step_before(Instant end) {
  check(current_ == nullptr, "the world is turned from outside");
  if (run_ready()) {
    return true;
  }
  Instant next = Instant::max();
  for (const auto& shard : shards_) {
    next = std::min(next, shard->next_deadline());
  }
  if (next == Instant::max() || next > end) {
    return false;
  }
  clock_.now_ = std::max(clock_.now_, next);
  return run_ready();
}

bool World::step() {
  return step_before(Instant::max());
}

bool World::run_until_idle(Duration limit) {
  const Instant end = clock_.now() + limit;
  while (step_before(end)) {
  }
  for (const auto& shard : shards_) {
    if (shard->next_deadline() != Instant::max()) {
      return false;
    }
  }
  return true;
}

void World::run_for(Duration duration) {
  const Instant end = clock_.now() + duration;
  while (step_before(end)) {
  }
  clock_.now_ = end;
}

}  // namespace lunaria::sim
