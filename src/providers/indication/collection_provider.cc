#include "providers/indication/collection_provider.h"

#include <utility>

#include "providers/instance_list.h"
#include "providers/values.h"
#include "schema/names.h"

namespace lunaria::providers {

runtime::Task<Result<cim::Instance, cim::Error>> FilterCollectionProvider::current(const cim::ProviderCall& /*call*/) {
  co_return subscriptions_.collection_instance();
}

std::vector<cim::Instance> collection_members(const Subscriptions& subscriptions, const cim::ProviderCall& call) {
  namespace names = schema::cim_member_of_collection;
  const cim::ObjectPath collection = subscriptions.collection_instance().path(call.name_space);
  std::vector<cim::Instance> instances;
  for (const StaticFilter& each : static_filters()) {
    cim::Instance instance(call.cls);
    set(instance, names::kCollection, cim::Value(collection));
    set(instance, names::kMember, cim::Value(subscriptions.static_filter_instance(each).path(call.name_space)));
    instances.push_back(std::move(instance));
  }
  return instances;
}

std::vector<cim::Instance> owned_collections(const Subscriptions& subscriptions, const cim::ProviderCall& call) {
  namespace names = schema::cim_owning_collection_element;
  cim::Instance instance(call.cls);
  set(instance, names::kOwningElement, cim::Value(subscriptions.service_instance().path(call.name_space)));
  set(instance, names::kOwnedElement, cim::Value(subscriptions.collection_instance().path(call.name_space)));
  return {instance};
}

std::vector<cim::Instance> affected_elements(const Subscriptions& subscriptions, const cim::ProviderCall& call) {
  namespace names = schema::cim_service_affects_element;
  const cim::ObjectPath service = subscriptions.service_instance().path(call.name_space);
  std::vector<cim::Instance> instances;
  const auto add = [&](const cim::Instance& element) {
    cim::Instance instance(call.cls);
    set(instance, names::kAffectedElement, cim::Value(element.path(call.name_space)));
    set(instance, names::kAffectingElement, cim::Value(service));
    set(instance, names::kElementEffects,
        cim::Value::array(cim::Type::kUint16, {enum_value(names::ElementEffects::kManages)}));
    set_null(instance, names::kOtherElementEffectsDescriptions);
    instances.push_back(std::move(instance));
  };
  add(subscriptions.collection_instance());
  for (const StaticFilter& each : static_filters()) {
    add(subscriptions.static_filter_instance(each));
  }
  for (const auto kind : {Subscriptions::Kind::kFilter, Subscriptions::Kind::kDestination}) {
    for (const auto& [key, element] : subscriptions.all(kind)) {
      add(element);
    }
  }
  return instances;
}

runtime::Task<Result<void, cim::Error>> IndicationLinksProvider::enumerate_instances(cim::ProviderCall call,
                                                                                     cim::InstanceSink& sink) {
  auto done = co_await put_all(links_(subscriptions_, call), sink);
  co_return done;
}

runtime::Task<Result<cim::Instance, cim::Error>> IndicationLinksProvider::get_instance(cim::ProviderCall call,
                                                                                       const cim::ObjectPath& path) {
  co_return pick(links_(subscriptions_, call), call.name_space, path);
}

}  // namespace lunaria::providers
