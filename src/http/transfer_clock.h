#pragma once

// TransferClock: how long to wait for a peer that sends a body. It has kTransferGrace to begin with and must keep up
// kTransferRateMin after that; only time spent waiting for the peer counts. Pure: the caller passes the time.

#include <algorithm>
#include <cstdint>

#include "http/limits.h"
#include "runtime/clock.h"

namespace lunaria::http {

class TransferClock final {
 public:
  /// Begins a new transfer.
  void start() { *this = TransferClock(); }
  /// A wait begins now; returns when it must end.
  runtime::Instant wait(runtime::Instant now) {
    began_ = now;
    return now + std::clamp<runtime::Duration>(allowance(), runtime::Duration::zero(), kTransferGrace);
  }
  /// The wait has ended with so many bytes.
  void arrived(std::uint64_t bytes, runtime::Instant now) {
    waited_ += now - began_;
    began_ = now;
    bytes_ += bytes;
  }

 private:
  runtime::Duration allowance() const {
    return kTransferGrace + std::chrono::milliseconds(bytes_ * 1000 / kTransferRateMin) - waited_;
  }

  runtime::Instant began_{};
  runtime::Duration waited_{};
  std::uint64_t bytes_ = 0;
};

/// When a send of so many bytes must be done.
inline runtime::Instant send_deadline(runtime::Instant now, std::uint64_t bytes) {
  return now + kTransferGrace + std::chrono::milliseconds(bytes * 1000 / kTransferRateMin);
}

}  // namespace lunaria::http
