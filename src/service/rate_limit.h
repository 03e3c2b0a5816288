#pragma once

// Rate limits of disks and initiators, as values and as changes.

#include <cstdint>
#include <optional>

#include "scsi/rate_limit.h"

namespace lunaria::service {

using scsi::RateLimit;

/// Changes what is given; 0 takes a limit away, or makes its burst the usual one.
struct SetRateLimit {
  std::optional<std::uint64_t> iops{};             ///< up to kIopsLimitMax
  std::optional<std::uint64_t> iops_burst{};       ///< up to kIopsLimitMax
  std::optional<std::uint64_t> bandwidth{};        ///< bytes a second, kBandwidthLimitMin to kBandwidthLimitMax
  std::optional<std::uint64_t> bandwidth_burst{};  ///< bytes, up to kBandwidthLimitMax
};

}  // namespace lunaria::service
