#include "scsi/rate_limiter.h"

#include <algorithm>
#include <chrono>

namespace lunaria::scsi {
namespace {

constexpr std::int64_t kSecond = std::chrono::nanoseconds(std::chrono::seconds(1)).count();
constexpr std::int64_t kUsualTolerance = kSecond / 10;

/// How long `amount` takes at `rate` a second.
std::int64_t time_for(std::uint64_t amount, std::uint64_t rate) {
  return static_cast<std::int64_t>(static_cast<unsigned __int128>(amount) * kSecond / rate);
}

/// The last of a burst begins with the first, so the burst is one short of the time that it takes.
std::int64_t command_tolerance(const RateLimit& limit) {
  if (limit.iops == 0) {
    return 0;
  }
  const std::uint64_t burst = limit.iops_burst != 0 ? limit.iops_burst : std::max<std::uint64_t>(limit.iops / 10, 1);
  return time_for(burst - 1, limit.iops);
}

std::int64_t byte_tolerance(const RateLimit& limit) {
  if (limit.bandwidth == 0) {
    return 0;
  }
  return limit.bandwidth_burst != 0 ? time_for(limit.bandwidth_burst, limit.bandwidth) : kUsualTolerance;
}

}  // namespace

RateLimiter::RateLimiter(const RateLimit& limit)
    : limit_(limit),
      command_cost_(limit.iops == 0 ? 0 : time_for(1, limit.iops)),
      commands_(command_tolerance(limit)),
      bytes_(byte_tolerance(limit)) {}

runtime::Instant RateLimiter::reserve(runtime::Instant now, std::uint64_t bytes) noexcept {
  const std::int64_t current = now.time_since_epoch().count();
  std::int64_t due = current;
  if (limit_.iops != 0) {
    due = commands_.reserve(current, command_cost_);
  }
  if (limit_.bandwidth != 0) {
    due = std::max(due, bytes_.reserve(current, time_for(bytes, limit_.bandwidth)));
  }
  return runtime::Instant(runtime::Duration(std::max(due, current)));
}

std::int64_t RateLimiter::Schedule::reserve(std::int64_t now, std::int64_t cost) noexcept {
  std::int64_t known = arrival_.load(std::memory_order_relaxed);
  std::int64_t start = 0;
  do {
    start = std::max(known, now);
  } while (!arrival_.compare_exchange_weak(known, start + cost, std::memory_order_relaxed));
  return start - tolerance_;
}

}  // namespace lunaria::scsi
