#include "providers/indication/subscriptions.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "providers/errors.h"
#include "providers/indication/subscription_values.h"
#include "providers/values.h"
#include "schema/names.h"

namespace lunaria::providers {
namespace {

namespace filter_names = schema::cim_indication_filter;
namespace destination_names = schema::cim_listener_destination_cimxml;
namespace names = schema::cim_abstract_indication_subscription;
namespace service_names = schema::cim_indication_service;
using Kind = Subscriptions::Kind;

constexpr std::string_view kInterop = "root/interop";
constexpr std::array<std::string_view, Subscriptions::kKinds> kClasses = {
    filter_names::kClass, destination_names::kClass, schema::cim_indication_subscription::kClass,
    schema::cim_filter_collection_subscription::kClass, service_names::kClass};
constexpr std::array kSubscriptionKinds = {Kind::kSubscription, Kind::kCollectionSubscription};
constexpr std::uint16_t kPolicyDisable = 3;
constexpr std::uint16_t kPolicyRemove = 4;
/// How often the clock is looked at while subscriptions have an end: somebody may set it.
constexpr runtime::Duration kClockCheck = std::chrono::minutes(1);

/// The server itself, when it removes or disables a subscription.
const cim::OperationContext& own_context() {
  static const cim::OperationContext kContext{.principal = "indication service",
                                              .role = cim::Role::kAdministrator,
                                              .peer = cim::Peer::kLocalSocket,
                                              .authentication = cim::Authentication::kInternal,
                                              .peer_address = {},
                                              .accept_language = {},
                                              .deadline = std::nullopt};
  return kContext;
}

/// Whether it counts whose it is: what it tells somebody, or whom.
bool has_owner(Kind kind) {
  return kind != Kind::kFilter && kind != Kind::kService;
}

/// NULL says nothing where the class has a default: it would read as no state at all.
void fill_defaults(cim::Instance& instance) {
  for (std::size_t i = 0; i < instance.values().size(); ++i) {
    if (!instance.value(i).is_absent() && instance.value(i).is_null()) {
      instance.set(i, instance.cls()->property(i).default_value);
    }
  }
}

bool refers_to(const cim::Instance& subscription, const cim::ObjectPath& path) {
  return reference_of(subscription, names::kFilter) == path || reference_of(subscription, names::kHandler) == path;
}

}  // namespace

Subscriptions::Subscriptions(Parts parts)
    : parts_(parts), interop_(kInterop), rights_(parts.store), ends_(parts.shard) {
  parts_.outbox.on_failure(
      [this](const std::string& destination, runtime::Duration failing_for) { on_failure(destination, failing_for); });
}

cim::ClassPtr Subscriptions::class_of(Kind kind) const {
  cim::ClassPtr cls = parts_.repository.find_class(interop_, kClasses[static_cast<std::size_t>(kind)]);
  lunaria::check(cls != nullptr, "the shipped schema has the indication classes");
  return cls;
}

runtime::Task<Result<void, cim::Error>> Subscriptions::open(std::string system_name, std::vector<service::User> users) {
  system_name_ = std::move(system_name);
  const auto rights = co_await rights_.open(users);
  if (!rights) {
    co_return fail(rights.error());
  }
  for (std::size_t i = 0; i < kKinds; ++i) {
    const cim::ClassPtr cls = class_of(static_cast<Kind>(i));
    const auto opened = co_await parts_.store.open_set({interop_, cls->name()});
    if (!opened) {
      co_return fail(opened.error());
    }
    cim::CollectingSink sink;
    const auto read = co_await parts_.stored.enumerate_instances({own_context(), interop_, cls, nullptr}, sink);
    if (!read) {
      co_return fail(read.error());
    }
    for (cim::Instance& instance : sink.instances()) {
      const cim::ObjectPath path = instance.path(interop_);
      if (static_cast<Kind>(i) == Kind::kFilter && has_static_filter(path)) {
        // Earlier versions let clients make it. It stays stored: its query may be wanted under another name.
        parts_.log.warning("indication.filter_shadowed", {{"filter", path.to_string()}});
        continue;
      }
      std::string key = path.canonical();
      instances_[i].emplace(std::move(key), std::move(instance));
    }
  }
  if (all(Kind::kService).empty()) {
    const cim::Instance settings = service_instance();
    const auto made =
        co_await parts_.stored.create_instance({own_context(), interop_, class_of(Kind::kService), nullptr}, settings);
    if (!made) {
      co_return fail(made.error());
    }
    of(Kind::kService).emplace(made->canonical(), settings);
  }
  const auto loaded = co_await parts_.outbox.load();
  if (!loaded) {
    co_return fail(loaded.error());
  }
  apply();
  parts_.outbox.drop_orphans();
  spawn(gate_, remove_expired());
  co_return Result<void, cim::Error>();
}

runtime::Task<void> Subscriptions::close() {
  gate_.close();
  ends_.ring();
  co_await gate_.drained();
}

const cim::Instance* Subscriptions::find(Kind kind, const cim::ObjectPath& path) const {
  const auto found = all(kind).find(path.canonical());
  return found == all(kind).end() ? nullptr : &found->second;
}

DeliverySettings Subscriptions::settings() const {
  DeliverySettings settings;
  if (all(Kind::kService).empty()) {
    return settings;
  }
  const cim::Instance& stored = all(Kind::kService).begin()->second;
  const auto number = [&](std::string_view property, std::uint64_t fallback) {
    return number_of(stored, property).value_or(fallback);
  };
  settings.retry.attempts =
      static_cast<std::uint32_t>(number(service_names::kDeliveryRetryAttempts, settings.retry.attempts));
  settings.retry.interval = std::chrono::seconds(
      number(service_names::kDeliveryRetryInterval, static_cast<std::uint64_t>(settings.retry.interval.count())));
  settings.removal_action =
      static_cast<std::uint16_t>(number(service_names::kSubscriptionRemovalAction, settings.removal_action));
  settings.removal_interval =
      static_cast<std::uint32_t>(number(service_names::kSubscriptionRemovalTimeInterval, settings.removal_interval));
  return settings;
}

runtime::Task<Result<cim::ObjectPath, cim::Error>> Subscriptions::create(Kind kind, cim::ProviderCall call,
                                                                         cim::Instance instance) {
  const runtime::AsyncMutex::Lock lock = co_await mutex_.acquire();
  if (of(kind).size() >= kStoredIndicationObjectsMax) {
    co_return fail(
        cim::Error(cim::Status::kServerLimitsExceeded, "there are too many instances of " + call.cls->name()));
  }
  fill_defaults(instance);
  if (const auto done = complete(kind, instance); !done) {
    co_return fail(done.error());
  }
  if (kind == Kind::kFilter && has_static_filter(instance.path(interop_))) {
    co_return fail(cim::Error(cim::Status::kAlreadyExists, "that is the name of one of the server's own filters"));
  }
  if (const auto good = check(kind, instance); !good) {
    co_return fail(good.error());
  }
  if (const cim::ObjectPath made = instance.path(interop_); has_owner(kind) && find(kind, made) == nullptr) {
    const auto begun = co_await rights_.begin(made, call.context);
    if (!begun) {
      co_return fail(begun.error());
    }
  }
  auto path = co_await parts_.stored.create_instance(std::move(call), instance);
  if (path) {
    of(kind).insert_or_assign(path->canonical(), std::move(instance));
    apply();
  }
  co_return path;
}

runtime::Task<Result<void, cim::Error>> Subscriptions::modify(Kind kind, cim::ProviderCall call,
                                                              const cim::ObjectPath& path,
                                                              const cim::Instance& changes) {
  const runtime::AsyncMutex::Lock lock = co_await mutex_.acquire();
  const cim::Instance* present = find(kind, path);
  if (present == nullptr) {
    co_return fail(not_found("There is no " + path.to_string()));
  }
  cim::Instance all_changes = changes;
  fill_defaults(all_changes);
  cim::Instance changed = *present;
  for (std::size_t i = 0; i < changes.values().size(); ++i) {
    if (!changes.value(i).is_absent()) {
      changed.set(i, all_changes.value(i));
    }
  }
  if (changes.find(names::kSubscriptionState) != nullptr) {
    set(all_changes, names::kTimeOfLastStateChange, now_value(parts_.shard.clock()));
    set(changed, names::kTimeOfLastStateChange, now_value(parts_.shard.clock()));
  }
  if (const auto good = check(kind, changed); !good) {
    co_return fail(good.error());
  }
  if (has_owner(kind)) {
    const auto owned = co_await rights_.change(path, call.context);
    if (!owned) {
      co_return fail(owned.error());
    }
    apply();  // nothing that a lesser role may not read waits any more when the destination leads elsewhere
  }
  auto done = co_await parts_.stored.modify_instance(std::move(call), path, all_changes);
  if (done) {
    of(kind).insert_or_assign(path.canonical(), std::move(changed));
    apply();
  }
  co_return done;
}

runtime::Task<Result<void, cim::Error>> Subscriptions::remove(Kind kind, cim::ProviderCall call,
                                                              const cim::ObjectPath& path) {
  const runtime::AsyncMutex::Lock lock = co_await mutex_.acquire();
  auto done = co_await remove_locked(kind, std::move(call), path);
  co_return done;
}

runtime::Task<Result<void, cim::Error>> Subscriptions::remove_locked(Kind kind, cim::ProviderCall call,
                                                                     const cim::ObjectPath& path) {
  const cim::Instance* present = find(kind, path);
  if (present == nullptr) {
    co_return fail(not_found("There is no " + path.to_string()));
  }
  const cim::ObjectPath handler = reference_of(*present, names::kHandler);
  for (const Kind each : kSubscriptionKinds) {
    for (const auto& [key, subscription] : all(each)) {
      if (refers_to(subscription, path)) {
        co_return fail(cim::Error(cim::Status::kFailed, "a subscription refers to " + path.to_string()));
      }
    }
  }
  auto done = co_await parts_.stored.delete_instance(std::move(call), path);
  if (done) {
    of(kind).erase(path.canonical());
    apply();
    (void)co_await rights_.end(path);  // what is left of it ends with the next one of that name
    if (kind == Kind::kSubscription || kind == Kind::kCollectionSubscription) {
      co_await remove_transient(handler);
    }
  }
  co_return done;
}

/// A transient destination goes with its last subscription.
runtime::Task<void> Subscriptions::remove_transient(cim::ObjectPath handler) {
  const cim::Instance* destination = find(Kind::kDestination, handler);
  if (destination == nullptr || number_of(*destination, destination_names::kPersistenceType) != 3) {
    co_return;
  }
  // Refused while another subscription refers to it, and that is right.
  (void)co_await remove_locked(Kind::kDestination, {own_context(), interop_, class_of(Kind::kDestination), nullptr},
                               handler);
}

std::vector<cim::indication::ActiveFilter> Subscriptions::filters_of(Kind kind,
                                                                     const cim::Instance& subscription) const {
  std::vector<cim::Instance> instances;
  const cim::ObjectPath path = reference_of(subscription, names::kFilter);
  for (const StaticFilter& each : static_filters()) {
    cim::Instance instance = static_filter_instance(each);
    if (kind == Kind::kCollectionSubscription || instance.path(interop_) == path) {
      instances.push_back(std::move(instance));
    }
  }
  if (const cim::Instance* made = find(Kind::kFilter, path)) {
    instances.push_back(*made);
  }
  std::vector<cim::indication::ActiveFilter> filters;
  for (const cim::Instance& each : instances) {
    auto query = cim::query::Query::parse(text_value(each, filter_names::kQueryLanguage),
                                          text_value(each, filter_names::kQuery));
    if (query) {
      filters.push_back({text_value(each, filter_names::kName), *std::move(query), namespaces_of(each, interop_)});
    }
  }
  return filters;
}

void Subscriptions::apply() {
  parts_.outbox.set_policy(settings().retry);
  std::set<std::string> destinations;
  for (const auto& [key, destination] : all(Kind::kDestination)) {
    if (const auto reader = rights_.of(destination.path(interop_))) {
      const std::string name = text_value(destination, destination_names::kName);
      parts_.outbox.set_destination(name, text_value(destination, destination_names::kDestination), *reader);
      destinations.insert(name);
    }
  }
  for (const std::string& name : active_destinations_) {
    if (!destinations.contains(name)) {
      parts_.outbox.remove_destination(name);
    }
  }
  active_destinations_ = std::move(destinations);

  std::set<std::string> subscriptions;
  for (const Kind kind : kSubscriptionKinds) {
    for (const auto& [key, subscription] : all(kind)) {
      const cim::Instance* handler = find(Kind::kDestination, reference_of(subscription, names::kHandler));
      if (handler == nullptr || number_of(subscription, names::kSubscriptionState).value_or(2) != 2) {
        continue;
      }
      if (const auto reader = reader_of(subscription, *handler)) {
        apply_subscription(kind, key, subscription, *handler, *reader);
        subscriptions.insert(key);
      }
    }
  }
  for (const std::string& key : active_subscriptions_) {
    if (!subscriptions.contains(key)) {
      parts_.dispatcher.remove_subscription(key);
    }
  }
  active_subscriptions_ = std::move(subscriptions);
  ends_.ring();
}

std::optional<cim::Role> Subscriptions::reader_of(const cim::Instance& subscription,
                                                  const cim::Instance& handler) const {
  const auto own = rights_.of(subscription.path(interop_));
  const auto destinations = rights_.of(handler.path(interop_));
  return own && destinations ? std::optional(std::min(*own, *destinations)) : std::nullopt;
}

void Subscriptions::user_changed(const service::UserChanged& change) {
  const std::size_t orphans = rights_.user_changed(change);
  if (orphans > 0) {
    parts_.log.warning("indication.owner_removed", {{"user", change.before->name}, {"objects", orphans}});
  }
  apply();
}

void Subscriptions::apply_subscription(Kind kind, const std::string& key, const cim::Instance& subscription,
                                       const cim::Instance& handler, cim::Role reader) {
  const cim::ObjectPath path = subscription.path(interop_);
  cim::indication::ActiveSubscription active{.destination = text_value(handler, destination_names::kName),
                                             .filters = filters_of(kind, subscription),
                                             .is_over =
                                                 [this, kind, path] {
                                                   const cim::Instance* now = find(kind, path);
                                                   return now != nullptr && is_over(*now);
                                                 },
                                             .reader = reader};
  parts_.dispatcher.set_subscription(key, std::move(active));
}

runtime::Task<void> Subscriptions::remove_expired() {
  bool can_remove = true;
  while (!gate_.is_closed()) {
    auto delay = time_to_next_end();
    if (delay) {
      delay = can_remove ? std::min(*delay, kClockCheck) : kClockCheck;
    }
    co_await ends_.wait(delay);
    co_await runtime::yield_on(parts_.shard);  // whoever rang is changing what is looked at here
    std::vector<std::pair<Kind, cim::ObjectPath>> expired;
    for (const Kind kind : kSubscriptionKinds) {
      for (const auto& [key, subscription] : all(kind)) {
        if (is_over(subscription)) {
          expired.emplace_back(kind, subscription.path(interop_));
        }
      }
    }
    can_remove = true;
    for (const auto& [kind, path] : expired) {
      const auto removed = co_await remove(kind, {own_context(), interop_, class_of(kind), nullptr}, path);
      can_remove = can_remove && removed;
    }
  }
}

void Subscriptions::on_failure(const std::string& destination, runtime::Duration failing_for) {
  const DeliverySettings now = settings();
  for (const Kind kind : kSubscriptionKinds) {
    for (const auto& [key, subscription] : all(kind)) {
      const cim::Instance* handler = find(Kind::kDestination, reference_of(subscription, names::kHandler));
      if (handler == nullptr || text_value(*handler, destination_names::kName) != destination ||
          !active_subscriptions_.contains(key)) {
        continue;
      }
      const std::uint64_t limit =
          number_of(subscription, names::kFailureTriggerTimeInterval).value_or(now.removal_interval);
      // SubscriptionRemovalAction counts the other way round: 2 removes, 3 disables, 4 ignores.
      const std::uint64_t action =
          number_of(subscription, names::kOnFatalErrorPolicy).value_or(6U - now.removal_action);
      if (action < kPolicyDisable || failing_for < std::chrono::seconds(limit) || !ending_.insert(key).second) {
        continue;
      }
      spawn(gate_, give_up(kind, subscription.path(interop_), action == kPolicyRemove));
    }
  }
}

/// Removes or disables a subscription, on the server's own account.
runtime::Task<void> Subscriptions::give_up(Kind kind, cim::ObjectPath path, bool removes) {
  co_await runtime::yield_on(parts_.shard);  // whoever found out is walking through the subscriptions
  const std::string key = path.canonical();
  const cim::ProviderCall call{own_context(), interop_, class_of(kind), nullptr};
  if (removes) {
    (void)co_await remove(kind, call, path);
  } else {
    cim::Instance changes(call.cls);
    set(changes, names::kSubscriptionState, names::SubscriptionState::kDisabled);
    (void)co_await modify(kind, call, path, changes);
  }
  ending_.erase(key);
}

}  // namespace lunaria::providers
