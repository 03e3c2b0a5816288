#pragma once

// Throttle: the commands of one logical unit that wait until a RateLimiter lets them begin.

#include <coroutine>

#include "runtime/clock.h"
#include "runtime/shard.h"

namespace lunaria::scsi {

/// Single shard. Must have no waiters when destroyed.
class Throttle final {
 public:
  explicit Throttle(runtime::Shard& shard) : shard_(shard) {}
  Throttle(const Throttle&) = delete;
  Throttle& operator=(const Throttle&) = delete;

  class Wait;
  /// `co_await throttle.until(due)`: returns then, or when look_again() is called: who waits decides anew.
  Wait until(runtime::Instant due);
  /// Wakes everyone, in the order in which they came: one was aborted, or a limit has changed.
  void look_again();
  bool empty() const { return first_ == nullptr; }

 private:
  void link(Wait& wait);
  void unlink(Wait& wait);

  runtime::Shard& shard_;
  Wait* first_ = nullptr;
  Wait* last_ = nullptr;
};

/// Lives in the frame of whoever waits.
class Throttle::Wait final {
 public:
  Wait(Throttle& throttle, runtime::Instant due) : throttle_(throttle), due_(due) {}
  Wait(const Wait&) = delete;
  Wait& operator=(const Wait&) = delete;
  bool await_ready() const { return false; }
  void await_suspend(std::coroutine_handle<> waiter);
  void await_resume() const {}

 private:
  friend Throttle;
  struct DueTimer : runtime::Timer {
    Wait* wait = nullptr;
  };

  Throttle& throttle_;
  runtime::Instant due_;
  DueTimer timer_;
  std::coroutine_handle<> waiter_;
  Wait* previous_ = nullptr;
  Wait* next_ = nullptr;
};

inline Throttle::Wait Throttle::until(runtime::Instant due) {
  return {*this, due};
}

}  // namespace lunaria::scsi
