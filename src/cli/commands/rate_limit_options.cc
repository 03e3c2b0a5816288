#include "cli/commands/rate_limit_options.h"

namespace lunaria::cli {
namespace {

void add(std::string_view property, std::optional<std::uint64_t> number, Properties& changes) {
  if (number) {
    changes.push_back({std::string(property), cim::Value(*number)});
  }
}

}  // namespace

void add_rate_limit(const Arguments& arguments, const RateLimitNames& names, Properties& changes) {
  const bool is_free = arguments.has(kNoIopsLimit.name);
  add(names.iops, is_free ? 0 : arguments.number(kIopsLimit.name), changes);
  add(names.iops_burst, is_free ? 0 : arguments.number(kIopsBurst.name), changes);
  const bool is_wide = arguments.has(kNoBandwidthLimit.name);
  add(names.bandwidth, is_wide ? 0 : arguments.size(kBandwidthLimit.name), changes);
  add(names.bandwidth_burst, is_wide ? 0 : arguments.size(kBandwidthBurst.name), changes);
}

}  // namespace lunaria::cli
