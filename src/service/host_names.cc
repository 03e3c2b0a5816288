#include "service/host_names.h"

#include <algorithm>

namespace lunaria::service {
namespace {

std::vector<IpAddress> in_order(std::vector<IpAddress> addresses) {
  std::ranges::sort(addresses);
  const auto repeated = std::ranges::unique(addresses);
  addresses.erase(repeated.begin(), repeated.end());
  addresses.resize(std::min(addresses.size(), kAddressesPerNameMax));
  return addresses;
}

}  // namespace

const KnownHost* HostNames::find(const std::string& name) const {
  const auto found = entries_.find(name);
  return found == entries_.end() ? nullptr : &found->second.known;
}

void HostNames::recall(const std::string& name, std::vector<IpAddress> addresses) {
  Entry& entry = entries_[name];
  entry.known.addresses = in_order(std::move(addresses));
  entry.good_until = shard_.clock().now() + kNameStaleMax;
}

void HostNames::keep(const std::vector<std::string>& names) {
  std::map<std::string, Entry> kept;
  for (const std::string& name : names) {
    auto entry = entries_.extract(name);
    if (entry.empty()) {
      kept.try_emplace(name);
    } else {
      kept.insert(std::move(entry));
    }
  }
  entries_ = std::move(kept);
}

bool HostNames::learn(const NameAnswer& answer) {
  const auto found = entries_.find(answer.name);
  if (found == entries_.end()) {
    return false;  // the last rule with the name has gone meanwhile
  }
  Entry& entry = found->second;
  const runtime::Instant now = shard_.clock().now();
  std::vector<IpAddress> addresses = entry.known.addresses;
  if (answer.kind == NameAnswer::Kind::kUnavailable) {
    entry.retry = std::clamp(entry.retry * 2, kNameRetryMin, kNameRetryMax);
    entry.due = now + entry.retry;
    entry.known.failure = answer.reason;
    if (now >= entry.good_until) {
      addresses.clear();
    }
  } else {
    const bool is_found = answer.kind == NameAnswer::Kind::kFound;
    entry.retry = std::chrono::seconds(0);
    entry.due = now + (is_found ? std::clamp(answer.time_to_live, kNameAgeMin, kNameAgeMax) : kNameAgeMin);
    entry.good_until = now + kNameStaleMax;
    entry.known.confirmed = shard_.clock().wall_time();
    entry.known.failure = is_found ? "" : "there is no such name";
    addresses = is_found ? in_order(answer.addresses) : std::vector<IpAddress>();
  }
  const bool is_new = addresses != entry.known.addresses;
  entry.known.addresses = std::move(addresses);
  return is_new;
}

runtime::Instant HostNames::next_due() const {
  runtime::Instant next = runtime::Instant::max();
  for (const auto& [name, entry] : entries_) {
    next = std::min(next, entry.due);
  }
  return next;
}

runtime::Task<std::vector<std::string>> HostNames::due() {
  while (!is_stopped_) {
    const runtime::Instant now = shard_.clock().now();
    const runtime::Instant next = next_due();
    if (next <= now) {
      break;
    }
    co_await alarm_.wait(next == runtime::Instant::max() ? std::nullopt : std::optional<runtime::Duration>(next - now));
  }
  std::vector<std::string> names;
  const runtime::Instant now = shard_.clock().now();
  for (const auto& [name, entry] : entries_) {
    if (!is_stopped_ && entry.due <= now && names.size() < kNamesPerLookupMax) {
      names.push_back(name);
    }
  }
  co_return names;
}

void HostNames::stop() {
  is_stopped_ = true;
  alarm_.ring();
}

}  // namespace lunaria::service
