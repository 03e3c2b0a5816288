#pragma once

// EventChannel: carries events from any data shard to the control shard. Bounded: what finds it full is counted and
// lost.

#include <atomic>
#include <cstdint>
#include <functional>

#include "runtime/shard.h"
#include "target/data_plane.h"

namespace lunaria::target {

/// The control shard outlives it; nobody reports once it is being destroyed.
class EventChannel final {
 public:
  static constexpr std::size_t kPendingMax = 4096;

  explicit EventChannel(runtime::Shard& control) : control_(control) {}
  EventChannel(const EventChannel&) = delete;
  EventChannel& operator=(const EventChannel&) = delete;

  /// On the control shard.
  void observe(std::function<void(const Event&)> observer) { observer_ = std::move(observer); }
  /// From any shard. Allocates: for things that happen to sessions and disks, never to single commands.
  void report(Event event);
  std::uint64_t lost() const { return lost_.load(std::memory_order_relaxed); }
  /// Events on their way.
  std::size_t pending() const { return pending_.load(std::memory_order_acquire); }

 private:
  struct Carried : runtime::Message {
    Event event;
    EventChannel* channel = nullptr;
  };

  runtime::Shard& control_;
  std::function<void(const Event&)> observer_;
  std::atomic<std::size_t> pending_{0};
  std::atomic<std::uint64_t> lost_{0};
};

}  // namespace lunaria::target
