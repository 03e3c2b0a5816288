#include "cli/subscribing.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdlib>
#include <set>
#include <string_view>
#include <utility>

#include "schema/names.h"

namespace lunaria::cli {
namespace {

namespace filter_names = schema::cim_indication_filter;
namespace destination_names = schema::cim_listener_destination_cimxml;
namespace subscription_names = schema::cim_indication_subscription;

/// What the names of filters and destinations of held subscriptions begin with. The time of their making follows, in
/// seconds since 1970.
constexpr std::string_view kHeldPrefix = "lunaria-listen:";
constexpr runtime::Duration kRenewal = std::chrono::seconds(HeldSubscription::kLeaseS / 2);
/// Several tries are left until the lease is over.
constexpr runtime::Duration kRetry = std::chrono::seconds(10);

std::int64_t seconds_of(runtime::WallTime time) {
  return std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
}

/// Whether something of that name was made by a program like this one, longer ago than a lease, by a clock that need
/// not be ours. What is younger may be one half of a subscription that is being made.
bool is_old_and_held(std::string_view name, runtime::WallTime now) {
  if (!name.starts_with(kHeldPrefix)) {
    return false;
  }
  name.remove_prefix(kHeldPrefix.size());
  std::int64_t made = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), made);
  const std::int64_t age = seconds_of(now) - made;
  return error == std::errc() && std::abs(age) > static_cast<std::int64_t>(HeldSubscription::kLeaseS);
}

cim::ObjectPath in_interop(cim::ObjectPath path) {
  path.set_name_space(cim::NamespaceName(kInteropSpace));
  path.set_host("");
  return path;
}

/// "Class Name" of what a reference leads to.
std::string end_of(const cim::ObjectPath& path) {
  const cim::Value* name = path.key(filter_names::kName);
  return fmt::format("{} {}", path.class_name(), name != nullptr ? name->to_text() : std::string());
}

}  // namespace

Outcome<cim::ObjectPath> create_in_interop(Server& server, std::string_view class_name, const Properties& properties) {
  auto path = create_instance(server, kInteropSpace, class_name, properties);
  if (path) {
    path = in_interop(*std::move(path));
  }
  return path;
}

void remove_all(Server& server, const MadeSubscription& made) {
  for (const auto* path : {&made.subscription, &made.destination, &made.filter}) {
    if (*path) {
      (void)delete_instance(server, **path);
    }
  }
}

Outcome<MadeSubscription> subscribe_to(Server& server, const SubscriptionWish& wish) {
  using Persistence = destination_names::PersistenceType;
  MadeSubscription made;
  Properties filter = {{std::string(filter_names::kQuery), cim::Value(wish.query)},
                       {std::string(filter_names::kQueryLanguage), cim::Value(wish.language)},
                       {std::string(filter_names::kSourceNamespaces), cim::Value::array_of(wish.spaces)}};
  Properties destination = {
      {std::string(destination_names::kDestination), cim::Value(wish.url)},
      {std::string(destination_names::kPersistenceType),
       cim::Value(static_cast<std::uint16_t>(wish.lease_s > 0 ? Persistence::kTransient : Persistence::kPermanent))}};
  if (!wish.name.empty()) {
    filter.push_back({std::string(filter_names::kName), cim::Value(wish.name)});
    destination.push_back({std::string(destination_names::kName), cim::Value(wish.name)});
  }
  auto path = create_in_interop(server, filter_names::kClass, filter);
  if (!path) {
    return fail(path.error());
  }
  made.filter = *std::move(path);
  path = create_in_interop(server, destination_names::kClass, destination);
  if (path) {
    made.destination = *std::move(path);
    Properties subscription = {{std::string(subscription_names::kFilter), cim::Value(*made.filter)},
                               {std::string(subscription_names::kHandler), cim::Value(*made.destination)}};
    if (wish.lease_s > 0) {
      subscription.push_back({std::string(subscription_names::kSubscriptionDuration), cim::Value(wish.lease_s)});
    }
    path = create_in_interop(server, subscription_names::kClass, subscription);
  }
  if (!path) {
    remove_all(server, made);
    return fail(path.error());
  }
  made.subscription = *std::move(path);
  return made;
}

HeldSubscription::~HeldSubscription() {
  remove_all(server_, made_);
}

Outcome<void> HeldSubscription::make(SubscriptionWish wish) {
  wish_ = std::move(wish);
  wish_.lease_s = kLeaseS;
  remove_leftovers();
  return begin();
}

std::string HeldSubscription::new_name() {
  return fmt::format("{}{}-{:016x}", kHeldPrefix, seconds_of(clock_.wall_time()), random_.next_u64());
}

Outcome<void> HeldSubscription::begin() {
  wish_.name = new_name();
  auto made = subscribe_to(server_, wish_);
  if (!made) {
    return fail(made.error());
  }
  made_ = *std::move(made);
  next_ = clock_.now() + kRenewal;
  return {};
}

Outcome<void> HeldSubscription::keep() {
  const runtime::Instant now = clock_.now();
  if (next_ == runtime::Instant{} || now < next_) {
    return {};
  }
  next_ = now + kRetry;
  Outcome<void> done = renew();
  if (!done && done.error().code == ExitCode::kNotFound && made_.subscription) {
    remove_all(server_, std::exchange(made_, {}));
    done = begin();
  }
  const bool is_later = !done && (made_.subscription || done.error().code == ExitCode::kCannotConnect);
  return is_later ? Outcome<void>() : done;
}

Outcome<void> HeldSubscription::renew() {
  if (!made_.subscription) {
    return begin();
  }
  const auto present = get_instance(server_, *made_.subscription);
  if (!present) {
    return fail(present.error());
  }
  // The server counts from the beginning of the subscription.
  const std::uint64_t duration = number_of(*present, subscription_names::kSubscriptionDuration);
  const std::uint64_t left = number_of(*present, subscription_names::kSubscriptionTimeRemaining);
  auto done = modify_instance(server_, *made_.subscription,
                              {{std::string(subscription_names::kSubscriptionDuration),
                                cim::Value(duration - std::min(left, duration) + kLeaseS)}});
  if (done) {
    next_ = clock_.now() + kRenewal;
  }
  return done;
}

void HeldSubscription::remove_leftovers() {
  std::vector<cim::ObjectPath> old;
  for (const std::string_view class_name : {destination_names::kClass, filter_names::kClass}) {
    const auto found = enumerate(server_, kInteropSpace, class_name);
    for (const auto& each : found ? *found : NamedInstances()) {
      if (is_old_and_held(text_of(each.instance, filter_names::kName), clock_.wall_time())) {
        old.push_back(in_interop(each.path.value_or(each.instance.path(cim::NamespaceName(kInteropSpace)))));
      }
    }
  }
  const auto subscriptions =
      old.empty() ? NamedInstances() : enumerate(server_, kInteropSpace, subscription_names::kClass);
  if (!subscriptions) {
    return;
  }
  std::set<std::string> used;
  for (const auto& each : *subscriptions) {
    for (const std::string_view property : {subscription_names::kFilter, subscription_names::kHandler}) {
      const cim::ObjectPathPtr path = value_of(each.instance, property).as_reference();
      used.insert(path != nullptr ? end_of(*path) : std::string());
    }
  }
  for (const cim::ObjectPath& path : old) {
    if (!used.contains(end_of(path))) {
      (void)delete_instance(server_, path);
    }
  }
}

bool is_renewal(const cim::Instance& indication) {
  namespace modification = schema::cim_inst_modification;
  const std::string path = text_of(indication, modification::kSourceInstanceModelPath);
  const auto source = cim::ObjectPath::parse(path);
  return indication.class_name() == modification::kClass && source &&
         cim::name_equal(source->class_name(), subscription_names::kClass) &&
         path.find(kHeldPrefix) != std::string::npos;
}

}  // namespace lunaria::cli
