#pragma once

// The options of rate limits, the same for disks and initiators.

#include "cli/command.h"
#include "cli/requests.h"

namespace lunaria::cli {

/// The properties that they change.
struct RateLimitNames {
  std::string_view iops;
  std::string_view iops_burst;
  std::string_view bandwidth;
  std::string_view bandwidth_burst;
};

/// Adds what the options ask for.
void add_rate_limit(const Arguments& arguments, const RateLimitNames& names, Properties& changes);

inline constexpr Option kIopsLimit{"--iops-limit", Takes::kNumber, "Commands a second at most"};
inline constexpr Option kIopsBurst{"--iops-burst", Takes::kNumber,
                                   "Commands at once after a pause; 0: a tenth of a second's"};
inline constexpr Option kNoIopsLimit{"--no-iops-limit", Takes::kNothing, "Any number of commands a second"};
inline constexpr Option kBandwidthLimit{"--bandwidth-limit", Takes::kSize, "Bytes a second at most, such as 100MiB"};
inline constexpr Option kBandwidthBurst{"--bandwidth-burst", Takes::kSize,
                                        "Bytes at once after a pause; a tenth of a second's unless given"};
inline constexpr Option kNoBandwidthLimit{"--no-bandwidth-limit", Takes::kNothing, "Any number of bytes a second"};

}  // namespace lunaria::cli
