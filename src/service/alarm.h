#pragma once

// Alarm: wakes the one coroutine that waits with it, after a while or when somebody asks for that. Private to the
// service.

#include <optional>

#include "runtime/event.h"
#include "runtime/shard.h"
#include "runtime/task.h"

namespace lunaria::service {

/// Single-threaded. Nobody waits when it is destroyed.
class Alarm final {
 public:
  explicit Alarm(runtime::Shard& shard) : shard_(shard) {
    timer_.alarm = this;
    timer_.on_complete([](runtime::Operation& timer) noexcept { static_cast<AlarmTimer&>(timer).alarm->ring(); });
  }
  Alarm(const Alarm&) = delete;
  Alarm& operator=(const Alarm&) = delete;

  /// Returns after `delay` (never without one), or as soon as ring() is called, or at once when it was since the last
  /// wait.
  runtime::Task<void> wait(std::optional<runtime::Duration> delay) {
    if (delay) {
      shard_.start(timer_, *delay);
    }
    co_await rung_.wait();
    shard_.cancel(timer_);
    rung_.reset();
  }
  void ring() { rung_.set(); }

 private:
  struct AlarmTimer : runtime::Timer {
    Alarm* alarm = nullptr;
  };

  runtime::Shard& shard_;
  runtime::Event rung_;
  AlarmTimer timer_;
};

}  // namespace lunaria::service
