// What the server fills in where a client leaves something out, and what it takes.

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <string>

#include "providers/errors.h"
#include "providers/indication/subscription_values.h"
#include "providers/indication/subscriptions.h"
#include "providers/values.h"
#include "schema/names.h"

namespace lunaria::providers {
namespace {

namespace filter_names = schema::cim_indication_filter;
namespace destination_names = schema::cim_listener_destination_cimxml;
namespace names = schema::cim_abstract_indication_subscription;
namespace service_names = schema::cim_indication_service;
using Kind = Subscriptions::Kind;

constexpr std::uint64_t kOnFatalErrorPolicyMax = 4;
/// A hundred years: times and what is computed with them stay within their types.
constexpr std::uint64_t kSecondsMax = 3'153'600'000;

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
  const auto query = cim::query::Query::parse(text_value(filter, filter_names::kQueryLanguage),
                                              text_value(filter, filter_names::kQuery));
  if (!query) {
    return fail(query.error());
  }
  const cim::ClassPtr cls = parts_.repository.find_class(interop_, query->class_name());
  if (cls == nullptr || !cls->is_a(schema::cim_indication::kClass)) {
    return fail(cim::Error(
        cim::Status::kInvalidQuery,
        fmt::format("a filter selects FROM CIM_Indication or a class below it, not '{}'", query->class_name())));
  }
  if (query->statement().is_join()) {
    return fail(cim::Error(cim::Status::kInvalidQuery, "a filter selects from one class: indications come one by one"));
  }
  if (query->statement().fetches_instances()) {
    return fail(
        cim::Error(cim::Status::kInvalidQuery,
                   "InstanceOf is not for filters: an indication is told by what it carries, and fetching other "
                   "instances would hold up those that wait behind it"));
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
  const bool has_filter = kind == Kind::kCollectionSubscription
                              ? collection_instance().path(interop_) == filter
                              : find(Kind::kFilter, filter) != nullptr || has_static_filter(filter);
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
  set(instance, filter_names::kCreationClassName, class_of(kind)->name());
  if (text_value(instance, filter_names::kName).empty()) {
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
    const auto good = parts_.exporter.check_url(text_value(instance, destination_names::kDestination));
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
  if (policy < 2 || policy > kOnFatalErrorPolicyMax) {
    return fail(invalid_parameter("OnFatalErrorPolicy must be 2 (ignore), 3 (disable) or 4 (remove)"));
  }
  for (const std::string_view property : {names::kSubscriptionDuration, names::kFailureTriggerTimeInterval}) {
    if (number_of(instance, property).value_or(0) > kSecondsMax) {
      return fail(invalid_parameter(std::string(property) + " must be at most 3,153,600,000 seconds; none: for good"));
    }
  }
  if (number_of(instance, names::kRepeatNotificationPolicy).value_or(2) != 2) {
    return fail(not_supported("RepeatNotificationPolicy: repeated indications are not held back"));
  }
  return {};
}

}  // namespace lunaria::providers
