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
  /// The shard had nothing to do for so long, polling included.
  void waited(runtime::Duration length) {
    if (length > max_) {
      window_ = window_ / 2 < kMin ? runtime::Duration::zero() : window_ / 2;
    } else {
      window_ = max_;
    }
  }

 private:
  static constexpr runtime::Duration kMin = std::chrono::microseconds(5);

  runtime::Duration max_;
  runtime::Duration window_ = runtime::Duration::zero();
};

}  // namespace lunaria::reactor
