#pragma once

// The machine's clocks and the kernel's random bytes.

#include "runtime/clock.h"
#include "runtime/random.h"

namespace lunaria::reactor {

/// CLOCK_MONOTONIC and CLOCK_REALTIME.
class SystemClock final : public runtime::Clock {
 public:
  runtime::Instant now() const override;
  runtime::WallTime wall_time() const override;
};

/// getrandom(2): fit for keys.
class SystemRandom final : public runtime::Random {
 public:
  void fill(std::span<std::byte> bytes) override;
};

}  // namespace lunaria::reactor
