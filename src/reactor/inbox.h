#pragma once

// Inbox: where other threads put messages for a shard. Internal to reactor.

#include <atomic>

#include "runtime/operation.h"
#include "runtime/operation_queue.h"

namespace lunaria::reactor {

/// A stack that many threads push to and the shard takes whole, without locks. Its one word also says whether the shard
/// sleeps, so that exactly the push that finds it asleep has to wake it, and no other.
class Inbox final {
 public:
  Inbox() = default;
  Inbox(const Inbox&) = delete;
  Inbox& operator=(const Inbox&) = delete;

  /// From any thread. True when the shard sleeps and must be woken.
  bool push(runtime::Operation& message) noexcept {
    runtime::Operation* head = head_.load(std::memory_order_relaxed);
    do {
      message.next = head == &asleep_ ? nullptr : head;
    } while (!head_.compare_exchange_weak(head, &message, std::memory_order_acq_rel, std::memory_order_relaxed));
    return head == &asleep_;
  }

  /// Shard only: announces sleep; false when there are messages instead.
  bool try_sleep() noexcept {
    runtime::Operation* expected = nullptr;
    return head_.compare_exchange_strong(expected, &asleep_, std::memory_order_acq_rel, std::memory_order_relaxed);
  }

  /// Shard only, awake.
  bool empty() const noexcept { return head_.load(std::memory_order_relaxed) == nullptr; }

  /// Shard only: moves all messages to `queue`, oldest first, and ends the sleep.
  void take(runtime::OperationQueue& queue) noexcept {
    if (head_.load(std::memory_order_relaxed) == nullptr) {
      return;
    }
    runtime::Operation* newest = head_.exchange(nullptr, std::memory_order_acq_rel);
    if (newest == &asleep_) {
      return;
    }
    runtime::Operation* oldest = nullptr;
    while (newest != nullptr) {
      runtime::Operation* const older = newest->next;
      newest->next = oldest;
      oldest = newest;
      newest = older;
    }
    while (oldest != nullptr) {
      runtime::Operation* const newer = oldest->next;
      queue.push(*oldest);
      oldest = newer;
    }
  }

 private:
  struct Mark : runtime::Operation {};
  Mark asleep_;
  std::atomic<runtime::Operation*> head_{nullptr};
};

}  // namespace lunaria::reactor
