#include "providers/indication/collection_provider.h"

#include <utility>

#include "providers/instance_list.h"
#include "providers/values.h"
#include "schema/names.h"

namespace lunaria::providers {

runtime::Task<Result<cim::Instance, cim::Error>> FilterCollectionProvider::current(const cim::ProviderCall& /*call*/) {
  co_return subscriptions_.collection_instance();
}

std::vector<cim::Instance> MemberOfCollectionProvider::all(const cim::ProviderCall& call) const {
  namespace names = schema::cim_member_of_collection;
  const cim::ObjectPath collection = subscriptions_.collection_instance().path(call.name_space);
  std::vector<cim::Instance> instances;
  for (const StaticFilter& each : static_filters()) {
    cim::Instance instance(call.cls);
    set(instance, names::kCollection, cim::Value(collection));
    set(instance, names::kMember, cim::Value(subscriptions_.static_filter_instance(each).path(call.name_space)));
    instances.push_back(std::move(instance));
  }
  return instances;
}

runtime::Task<Result<void, cim::Error>> MemberOfCollectionProvider::enumerate_instances(cim::ProviderCall call,
                                                                                        cim::InstanceSink& sink) {
  auto done = co_await put_all(all(call), sink);
  co_return done;
}

runtime::Task<Result<cim::Instance, cim::Error>> MemberOfCollectionProvider::get_instance(cim::ProviderCall call,
                                                                                          const cim::ObjectPath& path) {
  co_return pick(all(call), call.name_space, path);
}

}  // namespace lunaria::providers
