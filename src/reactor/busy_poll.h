#pragma once

// BusyPoll: how long a shard looks for work before it sleeps. Internal to reactor.

#include <chrono>

#include "runtime/clock.h"

namespace lunaria::reactor {

/// Sleeping and being woken costs tens of microseconds, most of them in a virtual machine: more than a short request.
/// So a shard whose next work lately came within `max` looks for it that long before it sleeps; one whose work comes
/// more rarely sleeps at once. docs/decisions/0015. Single-threaded.
class BusyPoll final {
 public:
  /// Zero: never.
  explicit BusyPoll(runtime::Duration max) : max_(max) {}

  runtime::Duration window() const { return window_; }
  /// The shard had nothing to do for so long, polling and being woken included.
  void waited(runtime::Duration length, bool slept) {
    if (length > max_ + (slept ? kWake : runtime::Duration::zero())) {
      window_ = window_ / 2 < kMin ? runtime::Duration::zero() : window_ / 2;
    } else {
      window_ = max_;
    }
  }

 private:
  static constexpr runtime::Duration kMin = std::chrono::microseconds(5);
  /// Of a wait that was slept through, so much may be the waking: without it, a shard that slept once would see no
  /// short wait any more.
  static constexpr runtime::Duration kWake = std::chrono::microseconds(50);

  runtime::Duration max_;
  runtime::Duration window_ = runtime::Duration::zero();
};

}  // namespace lunaria::reactor
