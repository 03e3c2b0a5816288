#pragma once

// RateLimiter: when the next command of a logical unit or an initiator may begin. Generic cell rate algorithm (ITU-T
// I.371 annex A): what is kept of a limit is the time at which the next command is due, so that asking is one atomic
// exchange, wherever the commands run.

#include <atomic>
#include <cstdint>

#include "runtime/clock.h"
#include "scsi/rate_limit.h"

namespace lunaria::scsi {

/// Thread-safe, without a lock. A limit that changes is a new limiter.
class RateLimiter final {
 public:
  /// At most 10^9 commands a second, as times are nanoseconds.
  explicit RateLimiter(const RateLimit& limit);
  RateLimiter(const RateLimiter&) = delete;
  RateLimiter& operator=(const RateLimiter&) = delete;

  const RateLimit& limit() const { return limit_; }
  /// Takes the next place for a command of so many bytes; when it may begin, `now` or later. Whoever does not wait for
  /// that has used its place all the same.
  runtime::Instant reserve(runtime::Instant now, std::uint64_t bytes) noexcept;

 private:
  /// Nanoseconds of one limit.
  class Schedule final {
   public:
    explicit Schedule(std::int64_t tolerance) : tolerance_(tolerance) {}
    std::int64_t reserve(std::int64_t now, std::int64_t cost) noexcept;

   private:
    std::int64_t tolerance_;                ///< how much ahead of its time a command may begin
    std::atomic<std::int64_t> arrival_{0};  ///< when the next one is due without it
  };

  RateLimit limit_;
  std::int64_t command_cost_;
  Schedule commands_;
  Schedule bytes_;
};

}  // namespace lunaria::scsi
