#pragma once

// HostNames: the DNS names of access rules with the addresses that were found for them. Asks again when what it knows
// grows old; logins never wait for it.

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/ip_address.h"
#include "runtime/alarm.h"
#include "runtime/clock.h"
#include "runtime/shard.h"
#include "runtime/task.h"

namespace lunaria::service {

/// What came of asking for one name.
struct NameAnswer {
  enum class Kind : std::uint8_t {
    kFound,
    kNoSuchName,   ///< the name does not exist, or has no address
    kUnavailable,  ///< no answer: `reason` says why
  };
  std::string name;
  Kind kind = Kind::kUnavailable;
  std::vector<IpAddress> addresses{};
  std::chrono::seconds time_to_live{0};
  std::string reason{};
};

/// Interface to the name service.
class NameResolver {
 public:
  virtual ~NameResolver() = default;
  /// One answer for each name, forward, both families. On a worker thread; returns within kNameLookupMax whatever
  /// happens. Several calls at a time.
  virtual std::vector<NameAnswer> resolve(const std::vector<std::string>& names) = 0;
  /// From any thread: a call under way and all later ones return at once.
  virtual void cancel() = 0;
};

inline constexpr std::chrono::seconds kNameLookupMax{5};
/// Names in one question, and addresses of one name that are used.
inline constexpr std::size_t kNamesPerLookupMax = 64;
inline constexpr std::size_t kAddressesPerNameMax = 64;
/// Names in all rules of the server.
inline constexpr std::size_t kHostNamesMax = 1024;
/// Answers are used for as long as they say, but neither shorter nor longer than this.
inline constexpr std::chrono::seconds kNameAgeMin{30};
inline constexpr std::chrono::seconds kNameAgeMax{3600};
/// When the name service does not answer: asked again after this, doubled each time up to kNameRetryMax. What was found
/// before is good for kNameStaleMax after it was last confirmed; then nobody is let in by the name.
inline constexpr std::chrono::seconds kNameRetryMin{10};
inline constexpr std::chrono::seconds kNameRetryMax{300};
inline constexpr std::chrono::hours kNameStaleMax{24};

/// One name as far as it is known.
struct KnownHost {
  std::vector<IpAddress> addresses;            ///< ascending; empty when none is known
  std::optional<runtime::WallTime> confirmed;  ///< when the name service last said so; none: before this start
  std::string failure;                         ///< why the last question had no answer; empty when it had one
};

class HostNames final {
 public:
  explicit HostNames(runtime::Shard& shard) : shard_(shard), alarm_(shard) {}
  HostNames(const HostNames&) = delete;
  HostNames& operator=(const HostNames&) = delete;

  /// Null when the name was never looked at.
  const KnownHost* find(const std::string& name) const;
  /// What was known at an earlier start; asked for anew at once.
  void recall(const std::string& name, std::vector<IpAddress> addresses);
  /// Keeps exactly these names; new ones are due at once.
  void keep(const std::vector<std::string>& names);
  /// Has due() look again. After keep().
  void look_again() { alarm_.ring(); }
  /// Takes an answer in; true when the addresses are others than before.
  bool learn(const NameAnswer& answer);
  /// At most kNamesPerLookupMax names that are due, waiting until there is one; none when stop() was called.
  runtime::Task<std::vector<std::string>> due();
  void stop();
  bool is_stopped() const { return is_stopped_; }

 private:
  struct Entry {
    KnownHost known;
    runtime::Instant due{};
    runtime::Instant good_until{};
    std::chrono::seconds retry{0};
  };
  runtime::Instant next_due() const;

  runtime::Shard& shard_;
  std::map<std::string, Entry> entries_;
  runtime::Alarm alarm_;
  bool is_stopped_ = false;
};

}  // namespace lunaria::service
