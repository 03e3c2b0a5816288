#include "sim/shard.h"

#include "base/check.h"
#include "sim/file_system.h"
#include "sim/world.h"

namespace lunaria::sim {

using runtime::Instant;
using runtime::Message;
using runtime::Operation;
using runtime::Timer;

SimShard::SimShard(World& world, runtime::ShardId id)
    : world_(world), id_(id), buffers_(world.options().buffer_budget), network_(world.network().face(*this)) {}

SimShard::~SimShard() = default;

bool SimShard::is_current() const {
  return world_.current() == this;
}

const runtime::Clock& SimShard::clock() const {
  return world_.clock();
}

runtime::Random& SimShard::random() {
  return world_.random();
}

void SimShard::start(Timer& timer, runtime::Duration delay) {
  timers_.start(timer, world_.clock().now() + std::max(delay, runtime::Duration::zero()));
}

bool SimShard::submit(runtime::FileRequest& request) noexcept {
  check(request.file != nullptr, "a file request names its file");
  return static_cast<SimFile*>(request.file)->submit(request, *this);
}

void SimShard::complete_later(Operation& operation) noexcept {
  // Queue 0 belongs to the test's own code, queue n + 1 to shard n.
  std::size_t poster = 0;
  if (world_.options().shuffle && world_.current() != nullptr) {
    poster = static_cast<std::size_t>(world_.current()->id()) + 1;
  }
  while (queues_.size() <= poster) {
    queues_.emplace_back();
  }
  queues_[poster].push(operation);
  ++queued_;
}

void SimShard::run_blocking(Message& work, Message& done) noexcept {
  if (free_calls_ == nullptr) {
    free_calls_ = &blocking_calls_.emplace_back();
    free_calls_->shard = this;
  }
  BlockingCall& call = *std::exchange(free_calls_, free_calls_->next_free);
  call.next_free = nullptr;
  call.work = &work;
  call.done = &done;
  call.on_complete([](Operation& operation) noexcept {
    auto& self = static_cast<BlockingCall&>(operation);
    self.shard->finish(self);
  });
  const auto longest = static_cast<std::uint64_t>(world_.options().blocking_max.count());
  start(call, runtime::Duration(world_.dice().between(0, longest)));
}

void SimShard::finish(BlockingCall& call) {
  Message* work = call.work;
  Message* done = call.done;
  call.next_free = std::exchange(free_calls_, &call);
  // A worker thread is nobody's shard.
  SimShard* const before = std::exchange(world_.current_, nullptr);
  work->complete();
  world_.current_ = before;
  complete_later(*done);
}

bool SimShard::is_ready() const {
  return queued_ != 0 || (!timers_.empty() && timers_.next_deadline() <= world_.clock().now());
}

void SimShard::run_one() {
  const Instant now = world_.clock().now();
  const bool timer_due = !timers_.empty() && timers_.next_deadline() <= now;
  Operation* next = nullptr;
  if (timer_due && (queued_ == 0 || (world_.options().shuffle && world_.dice().below(2) == 0))) {
    next = timers_.pop_due(now);
  } else {
    std::size_t index = world_.options().shuffle ? world_.dice().below(queues_.size()) : 0;
    while (queues_[index].empty()) {
      index = (index + 1) % queues_.size();
    }
    next = queues_[index].pop();
    --queued_;
  }
  run([next] { next->complete(); });
}

Instant SimShard::next_deadline() const {
  return timers_.empty() ? Instant::max() : timers_.next_deadline();
}

SimShard* SimShard::enter() {
  return std::exchange(world_.current_, this);
}

void SimShard::leave(SimShard* before) {
  world_.current_ = before;
}

}  // namespace lunaria::sim
