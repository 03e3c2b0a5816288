#pragma once

// Alarm: wakes the one coroutine that waits with it, after a while or when somebody asks for that.

#include <optional>

#include "runtime/event.h"
#include "runtime/shard.h"
#include "runtime/task.h"

namespace lunaria::runtime {

/// Single-threaded. Nobody waits when it is destroyed.
class Alarm final {
 public:
  explicit Alarm(Shard& shard) : shard_(shard) {
    timer_.alarm = this;
    timer_.on_complete([](Operation& timer) noexcept { static_cast<AlarmTimer&>(timer).alarm->ring(); });
  }
  Alarm(const Alarm&) = delete;
  Alarm& operator=(const Alarm&) = delete;

  /// Returns after `delay` (never without one), or as soon as ring() is called, or at once when it was since the last
  /// wait.
  Task<void> wait(std::optional<Duration> delay) {
    if (delay) {
      shard_.start(timer_, *delay);
    }
    co_await rung_.wait();
    shard_.cancel(timer_);
    rung_.reset();
  }
  void ring() { rung_.set(); }

 private:
  struct AlarmTimer : Timer {
    Alarm* alarm = nullptr;
  };

  Shard& shard_;
  Event rung_;
  AlarmTimer timer_;
};

}  // namespace lunaria::runtime
