#include "providers/rate_limit_properties.h"

#include <array>
#include <optional>
#include <utility>

#include "providers/values.h"

namespace lunaria::providers {

void set_rate_limit(cim::Instance& instance, const RateLimitNames& names, const service::RateLimit& limit) {
  set(instance, names.iops, cim::Value(limit.iops));
  set(instance, names.iops_burst, cim::Value(limit.iops_burst));
  set(instance, names.bandwidth, cim::Value(limit.bandwidth));
  set(instance, names.bandwidth_burst, cim::Value(limit.bandwidth_burst));
}

Result<service::SetRateLimit, cim::Error> changed_rate_limit(const cim::Instance& changes,
                                                             const RateLimitNames& names) {
  service::SetRateLimit change;
  const std::array<std::pair<std::string_view, std::optional<std::uint64_t>*>, 4> fields{
      {{names.iops, &change.iops},
       {names.iops_burst, &change.iops_burst},
       {names.bandwidth, &change.bandwidth},
       {names.bandwidth_burst, &change.bandwidth_burst}}};
  for (const auto& [name, field] : fields) {
    const auto number = changed_number(changes, name, UINT64_MAX);  // the service knows the bounds
    if (!number) {
      return fail(number.error());
    }
    *field = *number;
  }
  return change;
}

}  // namespace lunaria::providers
