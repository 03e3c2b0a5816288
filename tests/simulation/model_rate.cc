#include "simulation/model_rate.h"

#include <algorithm>
#include <chrono>

namespace lunaria::simulation {

namespace {

/// What a limit lets through in a tenth of a second, if no burst is set (scsi::RateLimit).
std::uint64_t burst_of(std::uint64_t burst, std::uint64_t rate) {
  return burst != 0 ? burst : rate / 10;
}

ModelRate::Judgement judge(const char* what, std::uint64_t seen, std::uint64_t allowed, std::uint64_t rate,
                           std::chrono::microseconds passed) {
  const auto time_allows =
      static_cast<std::uint64_t>(static_cast<double>(rate) * static_cast<double>(passed.count()) / 1e6);
  if (rate == 0 || seen <= allowed + time_allows) {
    return std::nullopt;
  }
  return "a rate limit of " + std::to_string(rate) + " " + what + " a second let " + std::to_string(seen) +
         " through in " + std::to_string(passed.count()) + " us; it allows " + std::to_string(allowed + time_allows);
}

}  // namespace

void ModelRate::begin(runtime::Instant now, const scsi::RateLimit& limit, const Load& under_way) {
  limit_ = limit;
  since_ = now;
  seen_ = {};
  largest_ = 0;
  // One more than the burst, as a command is let through that begins within it.
  allowed_.commands = burst_of(limit.iops_burst, limit.iops) + 1 + under_way.commands;
  allowed_.bytes = burst_of(limit.bandwidth_burst, limit.bandwidth) + under_way.bytes;
}

ModelRate::Judgement ModelRate::note(runtime::Instant now, std::uint64_t bytes) {
  ++seen_.commands;
  seen_.bytes += bytes;
  largest_ = std::max(largest_, bytes);
  const auto passed = std::chrono::duration_cast<std::chrono::microseconds>(now - since_);
  Judgement judgement = judge("commands", seen_.commands, allowed_.commands, limit_.iops, passed);
  if (!judgement) {
    judgement = judge("bytes", seen_.bytes, allowed_.bytes + largest_, limit_.bandwidth, passed);
  }
  return judgement;
}

}  // namespace lunaria::simulation
