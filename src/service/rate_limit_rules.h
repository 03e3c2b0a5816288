#pragma once

// Rate limits between rows and values. Private to the service.

#include "catalogue/rows.h"
#include "service/error.h"
#include "service/rate_limit.h"

namespace lunaria::service {

RateLimit rate_limit_value(const catalogue::RateLimitColumns& columns);
/// With the change applied, or what is wrong with it.
Outcome<catalogue::RateLimitColumns> changed_rate_limit(const catalogue::RateLimitColumns& columns,
                                                        const SetRateLimit& change);

}  // namespace lunaria::service
