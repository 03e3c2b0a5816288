#pragma once

// TimerHeap: the pending timers of one shard, soonest first. For implementations of Shard.

#include <cstddef>
#include <cstdint>
#include <vector>

#include "runtime/clock.h"
#include "runtime/shard.h"

namespace lunaria::runtime {

/// Single-threaded. A binary heap of references; each timer knows its place (`Timer::slot`), so that cancelling costs
/// O(log n) and leaves nothing behind. Memory grows to the most timers ever pending and is kept.
class TimerHeap final {
 public:
  TimerHeap() = default;
  TimerHeap(const TimerHeap&) = delete;
  TimerHeap& operator=(const TimerHeap&) = delete;

  bool empty() const { return entries_.empty(); }
  std::size_t size() const { return entries_.size(); }
  /// The soonest deadline; only when not empty.
  Instant next_deadline() const { return entries_.front().deadline; }

  /// Adds a timer that is not pending.
  void start(Timer& timer, Instant deadline);
  /// Takes a timer out; false when it was not pending.
  bool cancel(Timer& timer);
  /// Takes out the soonest timer whose deadline is not after `now`, or returns nullptr. Equal deadlines leave in the
  /// order in which they were started.
  Timer* pop_due(Instant now);

 private:
  struct Entry {
    Instant deadline;
    std::uint64_t sequence;
    Timer* timer;
    bool before(const Entry& other) const {
      return deadline != other.deadline ? deadline < other.deadline : sequence < other.sequence;
    }
  };

  void place(std::size_t slot, const Entry& entry);
  void sift_up(std::size_t slot, const Entry& entry);
  void sift_down(std::size_t slot, const Entry& entry);

  std::vector<Entry> entries_;
  std::uint64_t sequence_ = 0;
};

}  // namespace lunaria::runtime
