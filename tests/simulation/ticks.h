#pragma once

// Ticks: the order in which a simulation observes things. Virtual time stands still while anything is ready to run, so
// it cannot tell what came first; ticks can.

#include <cstdint>

namespace lunaria::simulation {

using Tick = std::uint64_t;
inline constexpr Tick kNever = UINT64_MAX;

/// One for a whole simulation; every observation takes the next tick.
class Ticks final {
 public:
  Tick next() { return ++now_; }
  Tick now() const { return now_; }

 private:
  Tick now_ = 0;
};

}  // namespace lunaria::simulation
