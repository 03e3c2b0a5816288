#include "reactor/clock.h"

#include <sys/random.h>

#include <cerrno>
#include <ctime>

#include "base/check.h"

namespace lunaria::reactor {

namespace {

std::chrono::nanoseconds read_clock(clockid_t clock) {
  timespec time{};
  check(::clock_gettime(clock, &time) == 0, "the kernel has this clock");
  return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

}  // namespace

runtime::Instant SystemClock::now() const {
  return runtime::Instant(read_clock(CLOCK_MONOTONIC));
}

runtime::WallTime SystemClock::wall_time() const {
  return runtime::WallTime(std::chrono::duration_cast<std::chrono::microseconds>(read_clock(CLOCK_REALTIME)));
}

void SystemRandom::fill(std::span<std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::getrandom(bytes.data(), bytes.size(), 0);
    check(count > 0 || errno == EINTR, "the kernel has random bytes");
    bytes = bytes.subspan(count > 0 ? static_cast<std::size_t>(count) : 0);
  }
}

}  // namespace lunaria::reactor
