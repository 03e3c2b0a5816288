#pragma once

// LoginThrottle: slows guessing down, per user name and per peer address, in bounded memory. Reads no clock: the caller
// passes the time. One shard owns it.
//
// An attempt is admitted, judged (on a worker thread) and then reported. After kThrottleFreeFailures wrong passwords
// in a row each further attempt waits for its own slot, and the distance between slots doubles; parallel attempts get
// slots one behind the other, so that guessing in parallel gains nothing.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/ip_address.h"
#include "base/result.h"
#include "runtime/clock.h"
#include "security/limits.h"

namespace lunaria::security {

class LoginThrottle final {
 public:
  enum class Outcome : std::uint8_t { kSuccess, kFailure, kAbandoned };

  /// The attempt is refused without being judged; try again after this.
  struct Refused {
    runtime::Duration retry_after;
  };

  /// Admits an attempt: judge it after the returned wait (zero normally, at most kThrottleWaitMax) and report() it,
  /// exactly once. `address` is nullopt for Unix sockets, which count by user alone; `user` is empty where the
  /// credentials do not tell it before they are judged, which counts by address alone. IPv6 peers count by their /64.
  Result<runtime::Duration, Refused> admit(std::string_view user, const std::optional<IpAddress>& address,
                                           runtime::Instant now);
  /// How the attempt went. Success forgets the failures of that user from that address.
  void report(std::string_view user, const std::optional<IpAddress>& address, Outcome outcome, runtime::Instant now);

  /// Entries held, for tests: never more than 2 * kThrottleEntriesMax.
  std::size_t entry_count() const { return users_.size() + addresses_.size(); }

 private:
  struct Entry {
    std::string key;
    std::uint32_t failures = 0;
    std::uint32_t pending = 0;
    runtime::Instant next_slot{};
    runtime::Instant last_use{};
  };

  /// Entries in order of use, found by key, the longest unused one leaving first.
  class Table final {
   public:
    explicit Table(runtime::Duration delay_max) : delay_max_(delay_max) {}
    /// nullptr when full of attempts being judged.
    Entry* touch(std::string_view key, runtime::Instant now);
    Entry* find(std::string_view key);
    void forget(std::string_view key);
    /// The earliest time at which another attempt may be judged.
    static runtime::Instant slot(const Entry& entry, runtime::Instant now);
    /// The distance from one attempt to the next.
    runtime::Duration delay(const Entry& entry) const;
    void reserve(Entry& entry, runtime::Instant when) const;
    std::size_t size() const { return order_.size(); }

   private:
    bool evict_one();

    runtime::Duration delay_max_;
    std::list<Entry> order_;  // front: used last
    std::unordered_map<std::string_view, std::list<Entry>::iterator> index_;
  };

  Table users_{kThrottleUserDelayMax};
  Table addresses_{kThrottleAddressDelayMax};
};

}  // namespace lunaria::security
