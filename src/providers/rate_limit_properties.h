#pragma once

// Rate limits as properties of an instance, and changes of them back: LUNARIA_Disk and LUNARIA_Initiator have the same
// ones.

#include <string_view>

#include "cim/error.h"
#include "cim/instance.h"
#include "service/rate_limit.h"

namespace lunaria::providers {

struct RateLimitNames {
  std::string_view iops;
  std::string_view iops_burst;
  std::string_view bandwidth;
  std::string_view bandwidth_burst;
};

void set_rate_limit(cim::Instance& instance, const RateLimitNames& names, const service::RateLimit& limit);
Result<service::SetRateLimit, cim::Error> changed_rate_limit(const cim::Instance& changes, const RateLimitNames& names);

}  // namespace lunaria::providers
