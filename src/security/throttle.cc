#include "security/throttle.h"

#include <algorithm>

namespace lunaria::security {
namespace {

/// Doubles from kThrottleDelayFirst; zero while failures are free.
runtime::Duration delay_after(std::uint32_t failures, runtime::Duration delay_max) {
  if (failures <= kThrottleFreeFailures) {
    return runtime::Duration::zero();
  }
  const std::uint32_t doublings = std::min(failures - kThrottleFreeFailures - 1, 16U);
  return std::min(delay_max, runtime::Duration(kThrottleDelayFirst) * (std::int64_t{1} << doublings));
}

/// One key per IPv4 address and per IPv6 /64: a host owns all of the latter.
std::string address_key(const IpAddress& address) {
  if (address.is_v4()) {
    return address.to_string();
  }
  std::array<std::uint8_t, 16> octets = address.octets();
  std::fill(octets.begin() + 8, octets.end(), std::uint8_t{0});
  return IpAddress::v6(octets, address.scope()).to_string();
}

}  // namespace

bool LoginThrottle::Table::evict_one() {
  for (auto entry = order_.end(); entry != order_.begin();) {
    --entry;
    if (entry->pending == 0) {
      index_.erase(entry->key);
      order_.erase(entry);
      return true;
    }
  }
  return false;
}

LoginThrottle::Entry* LoginThrottle::Table::touch(std::string_view key, runtime::Instant now) {
  if (const auto found = index_.find(key); found != index_.end()) {
    order_.splice(order_.begin(), order_, found->second);
    Entry& entry = *found->second;
    if (entry.pending == 0 && now - entry.last_use > kThrottleForget) {
      entry.failures = 0;
    }
    entry.last_use = now;
    return &entry;
  }
  if (order_.size() >= kThrottleEntriesMax && !evict_one()) {
    return nullptr;
  }
  order_.push_front(Entry{.key = std::string(key), .last_use = now});
  index_.emplace(order_.front().key, order_.begin());
  return &order_.front();
}

LoginThrottle::Entry* LoginThrottle::Table::find(std::string_view key) {
  const auto found = index_.find(key);
  return found == index_.end() ? nullptr : &*found->second;
}

void LoginThrottle::Table::forget(std::string_view key) {
  if (const auto found = index_.find(key); found != index_.end() && found->second->pending == 0) {
    const auto entry = found->second;
    index_.erase(found);
    order_.erase(entry);
  }
}

runtime::Instant LoginThrottle::Table::slot(const Entry& entry, runtime::Instant now) {
  return entry.failures <= kThrottleFreeFailures ? now : std::max(now, entry.next_slot);
}

runtime::Duration LoginThrottle::Table::delay(const Entry& entry) const {
  return delay_after(entry.failures, delay_max_);
}

void LoginThrottle::Table::reserve(Entry& entry, runtime::Instant when) const {
  ++entry.pending;
  entry.next_slot = when + delay(entry);
}

Result<runtime::Duration, LoginThrottle::Refused> LoginThrottle::admit(std::string_view user,
                                                                       const std::optional<IpAddress>& address,
                                                                       runtime::Instant now) {
  user = user.substr(0, kUserNameBytesMax);
  Entry* by_user = user.empty() ? nullptr : users_.touch(user, now);
  Entry* by_address = address ? addresses_.touch(address_key(*address), now) : nullptr;
  if ((by_user == nullptr && !user.empty()) || (by_address == nullptr && address)) {
    return fail(Refused{kThrottleWaitMax});
  }
  runtime::Instant when = now;
  std::uint32_t pending = 0;
  for (const Entry* entry : {by_user, by_address}) {
    if (entry != nullptr) {
      when = std::max(when, Table::slot(*entry, now));
      pending = std::max(pending, entry->pending);
    }
  }
  if (pending >= kThrottlePendingMax) {
    return fail(Refused{std::max<runtime::Duration>(when - now, std::chrono::seconds(1))});
  }
  if (when - now > kThrottleWaitMax) {
    return fail(Refused{when - now});
  }
  if (by_user != nullptr) {
    users_.reserve(*by_user, when);
  }
  if (by_address != nullptr) {
    addresses_.reserve(*by_address, when);
  }
  return when - now;
}

void LoginThrottle::report(std::string_view user, const std::optional<IpAddress>& address, Outcome outcome,
                           runtime::Instant now) {
  user = user.substr(0, kUserNameBytesMax);
  const auto settle = [outcome, now](Table& table, std::string_view key) {
    Entry* entry = table.find(key);
    if (entry == nullptr || entry->pending == 0) {
      return;
    }
    --entry->pending;
    switch (outcome) {
      case Outcome::kSuccess:
        entry->failures = 0;
        table.forget(key);
        break;
      case Outcome::kFailure:
        entry->failures = std::min(entry->failures + 1, 1'000'000U);
        entry->last_use = now;
        entry->next_slot = std::max(entry->next_slot, now + table.delay(*entry));
        break;
      case Outcome::kAbandoned:
        break;
    }
  };
  if (!user.empty()) {
    settle(users_, user);
  }
  if (address) {
    settle(addresses_, address_key(*address));
  }
}

}  // namespace lunaria::security
