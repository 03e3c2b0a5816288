#include "providers/indication/stored_provider.h"

#include <utility>

#include "providers/errors.h"
#include "providers/instance_list.h"

namespace lunaria::providers {

/// A copy: an enumeration is read at the pace of its client, while others change things.
std::vector<cim::Instance> StoredIndicationProvider::all() const {
  using Kind = Subscriptions::Kind;
  std::vector<cim::Instance> instances;
  if (kind_ == Kind::kFilter) {
    for (const StaticFilter& each : static_filters()) {
      instances.push_back(subscriptions_.static_filter_instance(each));
    }
  }
  const bool is_subscription = kind_ == Kind::kSubscription || kind_ == Kind::kCollectionSubscription;
  for (const auto& [key, instance] : subscriptions_.all(kind_)) {
    instances.push_back(is_subscription ? subscriptions_.shown(instance) : instance);
  }
  return instances;
}

runtime::Task<Result<void, cim::Error>> StoredIndicationProvider::enumerate_instances(cim::ProviderCall /*call*/,
                                                                                      cim::InstanceSink& sink) {
  auto done = co_await put_all(all(), sink);
  co_return done;
}

runtime::Task<Result<cim::Instance, cim::Error>> StoredIndicationProvider::get_instance(cim::ProviderCall call,
                                                                                        const cim::ObjectPath& path) {
  co_return pick(all(), call.name_space, path);
}

runtime::Task<Result<cim::ObjectPath, cim::Error>> StoredIndicationProvider::create_instance(
    cim::ProviderCall call, const cim::Instance& instance) {
  auto path = co_await subscriptions_.create(kind_, std::move(call), instance);
  co_return path;
}

runtime::Task<Result<void, cim::Error>> StoredIndicationProvider::modify_instance(cim::ProviderCall call,
                                                                                  const cim::ObjectPath& path,
                                                                                  const cim::Instance& changes) {
  const auto present = co_await get_instance(call, path);
  if (!present) {
    co_return fail(present.error());
  }
  if (subscriptions_.find(kind_, path) == nullptr) {
    co_return fail(not_supported("The server's own filters cannot be changed"));
  }
  auto done = co_await subscriptions_.modify(kind_, std::move(call), path, changes);
  co_return done;
}

runtime::Task<Result<void, cim::Error>> StoredIndicationProvider::delete_instance(cim::ProviderCall call,
                                                                                  const cim::ObjectPath& path) {
  const auto present = co_await get_instance(call, path);
  if (!present) {
    co_return fail(present.error());
  }
  if (subscriptions_.find(kind_, path) == nullptr) {
    co_return fail(not_supported("The server's own filters cannot be deleted"));
  }
  auto done = co_await subscriptions_.remove(kind_, std::move(call), path);
  co_return done;
}

}  // namespace lunaria::providers
