#include "providers/indication/collection_provider.h"

#include <algorithm>

#include "providers/errors.h"
#include "providers/values.h"
#include "schema/names.h"

namespace lunaria::providers {

runtime::Task<Result<void, cim::Error>> FilterCollectionProvider::enumerate_instances(cim::ProviderCall /*call*/,
                                                                                      cim::InstanceSink& sink) {
  (void)co_await sink.put(subscriptions_.collection_instance());
  co_return Result<void, cim::Error>();
}

runtime::Task<Result<cim::Instance, cim::Error>> FilterCollectionProvider::get_instance(cim::ProviderCall call,
                                                                                        const cim::ObjectPath& path) {
  cim::Instance instance = subscriptions_.collection_instance();
  if (!(instance.path(call.name_space) == path)) {
    co_return fail(not_found("There is no " + path.to_string()));
  }
  co_return instance;
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
  for (cim::Instance& instance : all(call)) {
    const bool go_on = co_await sink.put(std::move(instance));
    if (!go_on) {
      break;
    }
  }
  co_return Result<void, cim::Error>();
}

runtime::Task<Result<cim::Instance, cim::Error>> MemberOfCollectionProvider::get_instance(cim::ProviderCall call,
                                                                                          const cim::ObjectPath& path) {
  auto instances = all(call);
  const auto found =
      std::ranges::find_if(instances, [&](const cim::Instance& each) { return each.path(call.name_space) == path; });
  if (found == instances.end()) {
    co_return fail(not_found("There is no " + path.to_string()));
  }
  co_return std::move(*found);
}

}  // namespace lunaria::providers
