#include "service/rate_limit_rules.h"

#include <fmt/format.h>

#include "service/limits.h"

namespace lunaria::service {
namespace {

Error out_of_range(std::string message) {
  return {ErrorCode::kInvalidArgument, std::move(message)};
}

}  // namespace

RateLimit rate_limit_value(const catalogue::RateLimitColumns& columns) {
  return {columns.iops, columns.iops_burst, columns.bandwidth, columns.bandwidth_burst};
}

Outcome<catalogue::RateLimitColumns> changed_rate_limit(const catalogue::RateLimitColumns& columns,
                                                        const SetRateLimit& change) {
  catalogue::RateLimitColumns changed;
  changed.iops = change.iops.value_or(columns.iops);
  changed.iops_burst = change.iops_burst.value_or(columns.iops_burst);
  changed.bandwidth = change.bandwidth.value_or(columns.bandwidth);
  changed.bandwidth_burst = change.bandwidth_burst.value_or(columns.bandwidth_burst);
  if (changed.iops > kIopsLimitMax || changed.iops_burst > kIopsLimitMax) {
    return fail(out_of_range(
        fmt::format("A limit of commands a second, and its burst, is at most {}; 0 is none.", kIopsLimitMax)));
  }
  if (changed.bandwidth > kBandwidthLimitMax || changed.bandwidth_burst > kBandwidthLimitMax ||
      (changed.bandwidth != 0 && changed.bandwidth < kBandwidthLimitMin)) {
    return fail(
        out_of_range(fmt::format("A limit of bandwidth is {} to {} bytes a second; 0 is none. Its burst is at "
                                 "most {} bytes.",
                                 kBandwidthLimitMin, kBandwidthLimitMax, kBandwidthLimitMax)));
  }
  return changed;
}

}  // namespace lunaria::service
