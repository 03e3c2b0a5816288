#pragma once

// Limits of what administrators may set up: they keep memory, start and every publication bounded.

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace lunaria::service {

/// A login looks a rule up in logarithmic time; what many rules cost is the publication of each change.
inline constexpr std::size_t kAccessRulesPerTargetMax = 8192;
/// Initiators that one mapping names.
inline constexpr std::size_t kInitiatorsPerMappingMax = 1024;
/// Initiators that something is set for.
inline constexpr std::size_t kInitiatorsMax = 16384;
/// More than any host has addresses; a target's choice of groups is looked through on each login.
inline constexpr std::size_t kPortalGroupsMax = 256;
/// Limits of rates: what a nanosecond can tell apart, and no single command waits for more than minutes.
inline constexpr std::uint64_t kIopsLimitMax = 10'000'000;
inline constexpr std::uint64_t kBandwidthLimitMin = std::uint64_t{64} << 10;
inline constexpr std::uint64_t kBandwidthLimitMax = std::uint64_t{64} << 30;

/// A portal that cannot be opened is tried again after this, doubled each time up to the maximum: addresses come with
/// their interfaces, and the kernel keeps those of a process that was killed for a moment.
inline constexpr std::chrono::milliseconds kPortalRetryMin{50};
inline constexpr std::chrono::seconds kPortalRetryMax{10};

/// Failed logins of one source are told at most once in this time.
inline constexpr std::chrono::minutes kLoginFailureInterval{1};
/// Sources of failed logins that are told apart: bounds what is told in that time, whatever names initiators make up.
inline constexpr std::size_t kLoginFailureSourcesMax = 32;

}  // namespace lunaria::service
