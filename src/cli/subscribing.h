#pragma once

// Subscriptions (DSP1054) as commands make them: with a filter and a destination of their own.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cim/instance.h"
#include "cim/object_path.h"
#include "cli/failure.h"
#include "cli/requests.h"
#include "cli/server.h"
#include "runtime/clock.h"
#include "runtime/random.h"

namespace lunaria::cli {

/// What a subscription is made of.
struct SubscriptionWish {
  std::string name;  ///< of filter and destination; "" leaves it to the server
  std::string url;
  std::string query;
  std::string language;
  std::vector<std::string> spaces;
  /// The destination goes with the subscription, and the server ends that after so many seconds; 0: both stay.
  std::uint64_t lease_s = 0;
};

struct MadeSubscription {
  std::optional<cim::ObjectPath> filter;
  std::optional<cim::ObjectPath> destination;
  std::optional<cim::ObjectPath> subscription;
};

/// Makes all three; when one is refused, what was made before is removed, and the failure says why.
Outcome<MadeSubscription> subscribe_to(Server& server, const SubscriptionWish& wish);
/// As far as it goes; a transient destination may have gone with its subscription.
void remove_all(Server& server, const MadeSubscription& made);
/// An instance in root/interop; the path that the server gave it.
Outcome<cim::ObjectPath> create_in_interop(Server& server, std::string_view class_name, const Properties& properties);

/// Whether an indication tells of a HeldSubscription, of whatever program, that goes on being held.
bool is_renewal(const cim::Instance& indication);

/// A subscription that this program holds for as long as it runs: the server ends it when it is not renewed, so that a
/// program that is killed leaves a filter only, which the next one removes. What it is given outlives it.
class HeldSubscription final {
 public:
  /// Seconds that the server gives it at a time, and half of which may pass until it is renewed.
  static constexpr std::uint64_t kLeaseS = 300;

  HeldSubscription(Server& server, const runtime::Clock& clock, runtime::Random& random)
      : server_(server), clock_(clock), random_(random) {}
  HeldSubscription(const HeldSubscription&) = delete;
  HeldSubscription& operator=(const HeldSubscription&) = delete;
  /// Removes it, if the server can be reached.
  ~HeldSubscription();

  /// Removes what programs that were killed have left, then makes the subscription. Of `wish` name and lease do not
  /// count. Once.
  Outcome<void> make(SubscriptionWish wish);
  /// To be called now and then: asks the server for more time when half of it is over. A server that cannot be reached
  /// is asked again later; a subscription that has gone is made anew, and the failure says why it could not be.
  Outcome<void> keep();
  /// For something else that is to go likewise when this program could not remove it.
  std::string new_name();

 private:
  Outcome<void> begin();
  Outcome<void> renew();
  void remove_leftovers();

  Server& server_;
  const runtime::Clock& clock_;
  runtime::Random& random_;
  SubscriptionWish wish_;
  MadeSubscription made_;
  runtime::Instant next_{};  ///< when to ask for more time; zero: never
};

}  // namespace lunaria::cli
