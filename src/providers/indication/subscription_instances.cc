// Instances that are made of what is fixed or known elsewhere: the server's own filters, their collection, the service,
// and subscriptions with the time that they have left.

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "providers/indication/subscription_values.h"
#include "providers/indication/subscriptions.h"
#include "providers/interop/identity.h"
#include "providers/values.h"
#include "schema/names.h"

namespace lunaria::providers {
namespace {

namespace filter_names = schema::cim_indication_filter;
namespace names = schema::cim_abstract_indication_subscription;
namespace service_names = schema::cim_indication_service;

/// When a subscription is over; nothing when it is for good.
auto end_of(const cim::Instance& subscription) {
  const auto duration = number_of(subscription, names::kSubscriptionDuration);
  const cim::Value* start = subscription.find(names::kSubscriptionStartTime);
  const auto began = start != nullptr ? start->as_datetime() : std::nullopt;
  return duration && began ? std::optional(began->moment() + std::chrono::seconds(*duration)) : std::nullopt;
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

bool Subscriptions::has_static_filter(const cim::ObjectPath& path) const {
  return std::ranges::any_of(static_filters(), [&](const StaticFilter& each) {
    return static_filter_instance(each).path(interop_).canonical() == path.canonical();
  });
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
  set(instance, collection::kElementName, "Everything that comes into being, changes or goes, and every alert");
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
  const auto end = end_of(subscription);
  return end && *end <= parts_.shard.clock().wall_time();
}

std::optional<runtime::Duration> Subscriptions::time_to_next_end() const {
  std::optional<runtime::Duration> shortest;
  for (const Kind kind : {Kind::kSubscription, Kind::kCollectionSubscription}) {
    for (const auto& [key, subscription] : all(kind)) {
      if (const auto end = end_of(subscription)) {
        const runtime::Duration left = std::max<runtime::Duration>(*end - parts_.shard.clock().wall_time(), {});
        shortest = std::min(shortest.value_or(left), left);
      }
    }
  }
  return shortest;
}

cim::Instance Subscriptions::shown(const cim::Instance& subscription) const {
  cim::Instance instance = subscription;
  const auto end = end_of(subscription);
  if (!end) {
    set_null(instance, names::kSubscriptionTimeRemaining);
    return instance;
  }
  const auto left = *end - parts_.shard.clock().wall_time();
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(left).count();
  set(instance, names::kSubscriptionTimeRemaining, static_cast<std::uint64_t>(std::max<std::int64_t>(seconds, 0)));
  return instance;
}

}  // namespace lunaria::providers
