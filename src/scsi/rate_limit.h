#pragma once

// RateLimit: how many commands and bytes a second a logical unit or an initiator may have, as an administrator sets it.

#include <cstdint>

namespace lunaria::scsi {

/// Zero: no limit. A burst of zero is what the limit lets through in a tenth of a second.
struct RateLimit {
  std::uint64_t iops = 0;             ///< commands that touch the medium, a second
  std::uint64_t iops_burst = 0;       ///< of them at once after a pause
  std::uint64_t bandwidth = 0;        ///< bytes of their data a second
  std::uint64_t bandwidth_burst = 0;  ///< of them at once after a pause
  bool is_limited() const { return iops != 0 || bandwidth != 0; }
  friend bool operator==(const RateLimit&, const RateLimit&) = default;
};

}  // namespace lunaria::scsi
