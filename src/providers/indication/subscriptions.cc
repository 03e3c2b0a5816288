#include "providers/indication/subscriptions.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "cim/datetime.h"
#include "providers/errors.h"
#include "providers/interop/identity.h"
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

/// The server itself, when it removes or disables a subscription.
const cim::OperationContext& own_context() {
  static const cim::OperationContext kContext{.principal = "indication service",
                                              .role = cim::Role::kAdministrator,
                                              .peer = cim::Peer::kLocalSocket,
                                              .peer_address = {},
                                              .accept_language = {},
                                              .deadline = std::nullopt};
  return kContext;
}

std::string_view text_of(const cim::Instance& instance, std::string_view property) {
  const cim::Value* value = instance.find(property);
  return value != nullptr ? value->string_or_empty() : std::string_view();
}

std::optional<std::uint64_t> number_of(const cim::Instance& instance, std::string_view property) {
  const cim::Value* value = instance.find(property);
  return value != nullptr ? value->as_unsigned() : std::nullopt;
}

cim::ObjectPath reference_of(const cim::Instance& instance, std::string_view property) {
  const cim::Value* value = instance.find(property);
  const cim::ObjectPathPtr path = value != nullptr ? value->as_reference() : nullptr;
  return path != nullptr ? *path : cim::ObjectPath();
}

std::vector<cim::NamespaceName> namespaces_of(const cim::Instance& filter, const cim::NamespaceName& fallback) {
  std::vector<cim::NamespaceName> spaces;
  if (const cim::Value* several = filter.find(filter_names::kSourceNamespaces)) {
    for (const cim::Value& each : several->elements()) {
      spaces.emplace_back(each.string_or_empty());
    }
  }
  if (const std::string_view one = text_of(filter, filter_names::kSourceNamespace); spaces.empty() && !one.empty()) {
    spaces.emplace_back(one);
  }
  if (spaces.empty()) {
    spaces.push_back(fallback);
  }
  return spaces;
}

cim::Value now_value(const runtime::Clock& clock) {
  return cim::Value(
      cim::DateTime::timestamp(std::chrono::time_point_cast<std::chrono::microseconds>(clock.wall_time())));
}

bool refers_to(const cim::Instance& subscription, const cim::ObjectPath& path) {
  return reference_of(subscription, names::kFilter) == path || reference_of(subscription, names::kHandler) == path;
}

Result<void, cim::Error> check_service(const cim::Instance& instance) {
  constexpr std::uint64_t kAttemptsMax = 10'000;
  constexpr std::uint64_t kIntervalMax = 86'400;
  if (number_of(instance, service_names::kDeliveryRetryAttempts).value_or(0) > kAttemptsMax) {
    return fail(invalid_parameter("DeliveryRetryAttempts must be 0 to 10,000"));
  }
  const std::uint64_t interval = number_of(instance, service_names::kDeliveryRetryInterval).value_or(1);
  if (interval == 0 || interval > kIntervalMax) {
    return fail(invalid_parameter("DeliveryRetryInterval must be 1 to 86,400 seconds"));
  }
  const std::uint64_t action = number_of(instance, service_names::kSubscriptionRemovalAction).value_or(2);
  if (action < 2 || action > 4) {
    return fail(invalid_parameter("SubscriptionRemovalAction must be 2 (remove), 3 (disable) or 4 (ignore)"));
  }
  if (number_of(instance, service_names::kSubscriptionRemovalTimeInterval).value_or(1) == 0) {
    return fail(invalid_parameter("SubscriptionRemovalTimeInterval must be at least 1 second"));
  }
  return {};
}

}  // namespace

const std::array<StaticFilter, 4>& static_filters() {
  static constexpr std::array<StaticFilter, 4> kFilters = {{
      {"Lunaria:InstanceCreated", "SELECT * FROM CIM_InstCreation", "Everything that comes into being"},
      {"Lunaria:InstanceModified", "SELECT * FROM CIM_InstModification", "Everything that changes"},
      {"Lunaria:InstanceDeleted", "SELECT * FROM CIM_InstDeletion", "Everything that goes"},
      {"Lunaria:Alert", "SELECT * FROM CIM_AlertIndication", "What an administrator should know"},
  }};
  return kFilters;
}

Subscriptions::Subscriptions(Parts parts) : parts_(parts), interop_(kInterop) {
  parts_.outbox.on_failure(
      [this](const std::string& destination, runtime::Duration failing_for) { on_failure(destination, failing_for); });
}

cim::ClassPtr Subscriptions::class_of(Kind kind) const {
  cim::ClassPtr cls = parts_.repository.find_class(interop_, kClasses[static_cast<std::size_t>(kind)]);
  lunaria::check(cls != nullptr, "the shipped schema has the indication classes");
  return cls;
}

runtime::Task<Result<void, cim::Error>> Subscriptions::open(std::string system_name) {
  system_name_ = std::move(system_name);
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
      std::string key = instance.path(interop_).canonical();
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
  co_return Result<void, cim::Error>();
}

runtime::Task<void> Subscriptions::close() {
  gate_.close();
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

std::string Subscriptions::new_name() const {
  const auto now = parts_.shard.clock().wall_time().time_since_epoch();
  std::size_t count = 0;
  for (const Instances& each : instances_) {
    count += each.size();
  }
  return "Lunaria:" + std::to_string(std::chrono::duration_cast<std::chrono::microseconds>(now).count()) + '-' +
         std::to_string(count);
}

Result<void, cim::Error> Subscriptions::check_filter(const cim::Instance& filter) const {
  const auto query =
      cim::query::Query::parse(text_of(filter, filter_names::kQueryLanguage), text_of(filter, filter_names::kQuery));
  if (!query) {
    return fail(query.error());
  }
  const cim::ClassPtr cls = parts_.repository.find_class(interop_, query->class_name());
  if (cls == nullptr || !cls->is_a(schema::cim_indication::kClass)) {
    return fail(
        cim::Error(cim::Status::kInvalidQuery,
                   "a filter selects FROM CIM_Indication or a class below it, not '" + query->class_name() + "'"));
  }
  if (auto checked = query->check(parts_.repository, interop_); !checked) {
    return checked;
  }
  for (const cim::NamespaceName& space : namespaces_of(filter, interop_)) {
    if (!parts_.repository.has_namespace(space)) {
      return fail(invalid_parameter("SourceNamespaces names " + space.text() + ", which is not there"));
    }
  }
  return {};
}

Result<void, cim::Error> Subscriptions::complete_subscription(Kind kind, cim::Instance& subscription) const {
  for (const std::string_view end : {names::kFilter, names::kHandler}) {
    cim::ObjectPath path = reference_of(subscription, end);
    path.set_host("");
    if (path.name_space().empty()) {
      path.set_name_space(interop_);
    }
    (void)subscription.set(end, cim::Value(path));
  }
  const cim::ObjectPath filter = reference_of(subscription, names::kFilter);
  const auto is_static = [&](const StaticFilter& each) {
    return static_filter_instance(each).path(interop_) == filter;
  };
  const bool has_filter = kind == Kind::kCollectionSubscription ? collection_instance().path(interop_) == filter
                                                                : find(Kind::kFilter, filter) != nullptr ||
                                                                      std::ranges::any_of(static_filters(), is_static);
  if (!has_filter) {
    return fail(invalid_parameter("there is no filter " + filter.to_string()));
  }
  const cim::ObjectPath handler = reference_of(subscription, names::kHandler);
  if (find(Kind::kDestination, handler) == nullptr) {
    return fail(invalid_parameter("there is no listener destination " + handler.to_string()));
  }
  set(subscription, names::kSubscriptionStartTime, now_value(parts_.shard.clock()));
  set(subscription, names::kTimeOfLastStateChange, now_value(parts_.shard.clock()));
  return {};
}

Result<void, cim::Error> Subscriptions::complete(Kind kind, cim::Instance& instance) const {
  if (kind == Kind::kSubscription || kind == Kind::kCollectionSubscription) {
    return complete_subscription(kind, instance);
  }
  set(instance, filter_names::kSystemCreationClassName, schema::msftsm_system::kClass);
  set(instance, filter_names::kSystemName, system_name_);
  set(instance, filter_names::kCreationClassName, kClasses[static_cast<std::size_t>(kind)]);
  if (text_of(instance, filter_names::kName).empty()) {
    set(instance, filter_names::kName, new_name());
  }
  if (kind == Kind::kFilter) {
    set(instance, filter_names::kIndividualSubscriptionSupported, true);
  } else if (kind == Kind::kDestination) {
    set(instance, destination_names::kProtocol, destination_names::Protocol::kCIMXML);
  }
  return {};
}

Result<void, cim::Error> Subscriptions::check(Kind kind, const cim::Instance& instance) const {
  if (kind == Kind::kFilter) {
    return check_filter(instance);
  }
  if (kind == Kind::kDestination) {
    const auto good = parts_.exporter.check_url(text_of(instance, destination_names::kDestination));
    const std::uint64_t persistence = number_of(instance, destination_names::kPersistenceType).value_or(2);
    if (!good || (persistence != 2 && persistence != 3)) {
      return fail(invalid_parameter(good ? "PersistenceType must be 2 (permanent) or 3 (transient)" : good.error()));
    }
    return {};
  }
  if (kind == Kind::kService) {
    return check_service(instance);
  }
  const std::uint64_t state = number_of(instance, names::kSubscriptionState).value_or(2);
  if (state != 2 && state != 4) {
    return fail(invalid_parameter("SubscriptionState must be 2 (enabled) or 4 (disabled)"));
  }
  const std::uint64_t policy = number_of(instance, names::kOnFatalErrorPolicy).value_or(2);
  if (policy < 2 || policy > kPolicyRemove) {
    return fail(invalid_parameter("OnFatalErrorPolicy must be 2 (ignore), 3 (disable) or 4 (remove)"));
  }
  if (number_of(instance, names::kRepeatNotificationPolicy).value_or(2) != 2) {
    return fail(not_supported("RepeatNotificationPolicy: repeated indications are not held back"));
  }
  return {};
}

runtime::Task<Result<cim::ObjectPath, cim::Error>> Subscriptions::create(Kind kind, cim::ProviderCall call,
                                                                         cim::Instance instance) {
  const runtime::AsyncMutex::Lock lock = co_await mutex_.acquire();
  if (of(kind).size() >= kStoredIndicationObjectsMax) {
    co_return fail(
        cim::Error(cim::Status::kServerLimitsExceeded, "there are too many instances of " + call.cls->name()));
  }
  if (const auto done = complete(kind, instance); !done) {
    co_return fail(done.error());
  }
  if (const auto good = check(kind, instance); !good) {
    co_return fail(good.error());
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
  cim::Instance changed = *present;
  for (std::size_t i = 0; i < changes.values().size(); ++i) {
    if (!changes.value(i).is_absent()) {
      changed.set(i, changes.value(i));
    }
  }
  cim::Instance all_changes = changes;
  if (changes.find(names::kSubscriptionState) != nullptr) {
    set(all_changes, names::kTimeOfLastStateChange, now_value(parts_.shard.clock()));
    set(changed, names::kTimeOfLastStateChange, now_value(parts_.shard.clock()));
  }
  if (const auto good = check(kind, changed); !good) {
    co_return fail(good.error());
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

cim::Instance Subscriptions::static_filter_instance(const StaticFilter& filter) const {
  cim::Instance instance(class_of(Kind::kFilter));
  set(instance, filter_names::kSystemCreationClassName, schema::msftsm_system::kClass);
  set(instance, filter_names::kSystemName, system_name_);
  set(instance, filter_names::kCreationClassName, filter_names::kClass);
  set(instance, filter_names::kName, filter.name);
  set(instance, filter_names::kElementName, filter.description);
  set(instance, filter_names::kQuery, filter.query);
  set(instance, filter_names::kQueryLanguage, "DMTF:CQL");
  set(instance, filter_names::kIndividualSubscriptionSupported, true);
  std::vector<std::string> spaces;
  for (const cim::NamespaceName& each : parts_.repository.namespaces()) {
    spaces.push_back(each.text());
  }
  set(instance, filter_names::kSourceNamespaces, cim::Value::array_of(spaces));
  return instance;
}

cim::Instance Subscriptions::collection_instance() const {
  namespace collection = schema::cim_filter_collection;
  cim::Instance instance(parts_.repository.find_class(interop_, collection::kClass));
  set(instance, collection::kInstanceID, kStaticCollectionId);
  set(instance, collection::kCollectionName, kStaticCollectionId);
  set(instance, collection::kElementName, "Everything that the server tells of");
  return instance;
}

cim::Instance Subscriptions::service_instance() const {
  const DeliverySettings settings = Subscriptions::settings();
  cim::Instance instance(class_of(Kind::kService));
  set(instance, service_names::kSystemCreationClassName, schema::msftsm_system::kClass);
  set(instance, service_names::kSystemName, system_name_);
  set(instance, service_names::kCreationClassName, service_names::kClass);
  set(instance, service_names::kName, kIndicationServiceName);
  set(instance, service_names::kElementName, "Lunaria indication service");
  set(instance, service_names::kEnabledState, service_names::EnabledState::kEnabled);
  set(instance, service_names::kRequestedState, service_names::RequestedState::kNotApplicable);
  set(instance, service_names::kEnabledDefault, service_names::EnabledDefault::kEnabled);
  set(instance, service_names::kStarted, true);
  set(instance, service_names::kOperationalStatus,
      cim::Value::array(cim::Type::kUint16, {enum_value(service_names::OperationalStatus::kOK)}));
  set(instance, service_names::kHealthState, service_names::HealthState::kOK);
  set(instance, service_names::kFilterCreationEnabled, true);
  set(instance, service_names::kDeliveryRetryAttempts, static_cast<std::uint16_t>(settings.retry.attempts));
  set(instance, service_names::kDeliveryRetryInterval, static_cast<std::uint32_t>(settings.retry.interval.count()));
  set(instance, service_names::kSubscriptionRemovalAction, settings.removal_action);
  set(instance, service_names::kSubscriptionRemovalTimeInterval, settings.removal_interval);
  return instance;
}

bool Subscriptions::is_over(const cim::Instance& subscription) const {
  const auto duration = number_of(subscription, names::kSubscriptionDuration);
  const cim::Value* start = subscription.find(names::kSubscriptionStartTime);
  const auto began = start != nullptr ? start->as_datetime() : std::nullopt;
  return duration && began && began->moment() + std::chrono::seconds(*duration) <= parts_.shard.clock().wall_time();
}

cim::Instance Subscriptions::shown(const cim::Instance& subscription) const {
  cim::Instance instance = subscription;
  const auto duration = number_of(subscription, names::kSubscriptionDuration);
  const cim::Value* start = subscription.find(names::kSubscriptionStartTime);
  const auto began = start != nullptr ? start->as_datetime() : std::nullopt;
  if (!duration || !began) {
    set_null(instance, names::kSubscriptionTimeRemaining);
    return instance;
  }
  const auto left = began->moment() + std::chrono::seconds(*duration) - parts_.shard.clock().wall_time();
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(left).count();
  set(instance, names::kSubscriptionTimeRemaining, static_cast<std::uint64_t>(std::max<std::int64_t>(seconds, 0)));
  return instance;
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
    auto query =
        cim::query::Query::parse(text_of(each, filter_names::kQueryLanguage), text_of(each, filter_names::kQuery));
    if (query) {
      filters.push_back(
          {std::string(text_of(each, filter_names::kName)), *std::move(query), namespaces_of(each, interop_)});
    }
  }
  return filters;
}

void Subscriptions::apply() {
  parts_.outbox.set_policy(settings().retry);
  std::set<std::string> destinations;
  for (const auto& [key, destination] : all(Kind::kDestination)) {
    const std::string name(text_of(destination, destination_names::kName));
    parts_.outbox.set_destination(name, std::string(text_of(destination, destination_names::kDestination)));
    destinations.insert(name);
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
      const cim::ObjectPath path = subscription.path(interop_);
      parts_.dispatcher.set_subscription(key, {std::string(text_of(*handler, destination_names::kName)),
                                               filters_of(kind, subscription), [this, kind, path] {
                                                 const cim::Instance* now = find(kind, path);
                                                 const bool over = now != nullptr && is_over(*now);
                                                 if (over && ending_.insert(path.canonical()).second) {
                                                   spawn(gate_, give_up(kind, path, true));
                                                 }
                                                 return over;
                                               }});
      subscriptions.insert(key);
    }
  }
  for (const std::string& key : active_subscriptions_) {
    if (!subscriptions.contains(key)) {
      parts_.dispatcher.remove_subscription(key);
    }
  }
  active_subscriptions_ = std::move(subscriptions);
}

void Subscriptions::on_failure(const std::string& destination, runtime::Duration failing_for) {
  const DeliverySettings now = settings();
  for (const Kind kind : kSubscriptionKinds) {
    for (const auto& [key, subscription] : all(kind)) {
      const cim::Instance* handler = find(Kind::kDestination, reference_of(subscription, names::kHandler));
      if (handler == nullptr || text_of(*handler, destination_names::kName) != destination ||
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
