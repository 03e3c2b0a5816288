#pragma once

// SimShard: a shard of a simulated world. Several share one thread; the world decides which of them runs next.

#include <cstddef>
#include <deque>
#include <memory>
#include <vector>

#include "runtime/buffer_pool.h"
#include "runtime/network.h"
#include "runtime/operation_queue.h"
#include "runtime/shard.h"
#include "runtime/timer_heap.h"

namespace lunaria::sim {

class World;

/// Made by World::add_shard.
class SimShard final : public runtime::Shard {
 public:
  SimShard(World& world, runtime::ShardId id);
  ~SimShard() override;

  runtime::ShardId id() const override { return id_; }
  bool is_current() const override;
  const runtime::Clock& clock() const override;
  runtime::Random& random() override;
  runtime::Network& network() override { return *network_; }
  runtime::BufferPool& buffers() override { return buffers_; }
  void post(runtime::Message& message) noexcept override { complete_later(message); }
  void start(runtime::Timer& timer, runtime::Duration delay) override;
  bool cancel(runtime::Timer& timer) override { return timers_.cancel(timer); }
  /// `request.file` must be a SimFile.
  bool submit(runtime::FileRequest& request) noexcept override;
  void run_blocking(runtime::Message& work, runtime::Message& done) noexcept override;

  World& world() { return world_; }
  /// Runs `function()` as this shard's code: for tests that start coroutines or call what checks is_current().
  template <class Function>
  void run(Function function) {
    SimShard* const before = enter();
    function();
    leave(before);
  }

  /// Queues any operation for completion on this shard; for files and streams.
  void complete_later(runtime::Operation& operation) noexcept;
  /// Whether something can run without time passing.
  bool is_ready() const;
  /// Runs one ready thing. Only the world calls it.
  void run_one();
  /// Instant::max() when no timer pends.
  runtime::Instant next_deadline() const;

 private:
  struct BlockingCall : runtime::Timer {
    SimShard* shard = nullptr;
    runtime::Message* work = nullptr;
    runtime::Message* done = nullptr;
    BlockingCall* next_free = nullptr;
  };

  SimShard* enter();
  void leave(SimShard* before);
  void finish(BlockingCall& call);

  World& world_;
  runtime::ShardId id_;
  runtime::BufferPool buffers_;
  std::unique_ptr<runtime::Network> network_;
  /// One queue per poster, so that the order per poster survives the shuffling.
  std::vector<runtime::OperationQueue> queues_;
  std::size_t queued_ = 0;
  runtime::TimerHeap timers_;
  std::deque<BlockingCall> blocking_calls_;
  BlockingCall* free_calls_ = nullptr;
};

}  // namespace lunaria::sim
