#pragma once

// Time as code may see it. The daemon injects the real clocks, tests a virtual one.

#include <chrono>

namespace lunaria::runtime {

using Duration = std::chrono::nanoseconds;

/// Tag of monotonic time points; its zero means nothing.
struct Monotonic {
  using duration = Duration;
  using rep = duration::rep;
  using period = duration::period;
};
/// A point in monotonic time: for deadlines and durations.
using Instant = std::chrono::time_point<Monotonic, Duration>;
/// A point in civil time (UTC, microseconds): for what people and protocols see. May jump.
using WallTime = std::chrono::sys_time<std::chrono::microseconds>;

/// Thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual Instant now() const = 0;
  virtual WallTime wall_time() const = 0;
};

}  // namespace lunaria::runtime
