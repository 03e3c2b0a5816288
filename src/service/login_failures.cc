#include "service/login_failures.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "service/limits.h"

namespace lunaria::service {
namespace {

std::string key_of(const LoginsFailed& failure) {
  return fmt::format("{} {} {}", std::to_underlying(failure.kind),
                     failure.address ? failure.address->to_string() : std::string(), failure.initiator_name);
}

}  // namespace

std::optional<LoginsFailed> LoginFailures::add(LoginsFailed failure, runtime::Instant now) {
  std::string key = key_of(failure);
  if (!sources_.contains(key) && sources_.size() >= kLoginFailureSourcesMax) {
    failure.initiator_name.clear();
    failure.address.reset();
    key = key_of(failure);
  }
  const auto [entry, is_new] = sources_.try_emplace(std::move(key));
  Source& source = entry->second;
  failure.count = is_new ? 0 : source.last.count + 1;
  source.last = std::move(failure);
  if (!is_new) {
    return std::nullopt;
  }
  source.next = now + kLoginFailureInterval;
  LoginsFailed told = source.last;
  told.count = 1;
  return told;
}

std::vector<LoginsFailed> LoginFailures::take_due(runtime::Instant now) {
  std::vector<LoginsFailed> due;
  for (auto entry = sources_.begin(); entry != sources_.end();) {
    Source& source = entry->second;
    if (source.next > now) {
      ++entry;
    } else if (source.last.count == 0) {
      entry = sources_.erase(entry);
    } else {
      due.push_back(source.last);
      source.last.count = 0;
      source.next = now + kLoginFailureInterval;
      ++entry;
    }
  }
  return due;
}

std::optional<runtime::Duration> LoginFailures::time_to_next(runtime::Instant now) const {
  std::optional<runtime::Duration> shortest;
  for (const auto& [key, source] : sources_) {
    const runtime::Duration left = std::max<runtime::Duration>(source.next - now, {});
    shortest = std::min(shortest.value_or(left), left);
  }
  return shortest;
}

}  // namespace lunaria::service
