#pragma once

// CIM_FilterCollection and CIM_MemberOfCollection: the one collection, of the filters that are always there.

#include "cim/provider.h"
#include "providers/indication/subscriptions.h"
#include "providers/single_instance_provider.h"

namespace lunaria::providers {

class FilterCollectionProvider final : public SingleInstanceProvider {
 public:
  explicit FilterCollectionProvider(const Subscriptions& subscriptions) : subscriptions_(subscriptions) {}

 private:
  runtime::Task<Result<cim::Instance, cim::Error>> current(const cim::ProviderCall& call) override;
  const Subscriptions& subscriptions_;
};

class MemberOfCollectionProvider final : public cim::Provider {
 public:
  explicit MemberOfCollectionProvider(const Subscriptions& subscriptions) : subscriptions_(subscriptions) {}
  runtime::Task<Result<void, cim::Error>> enumerate_instances(cim::ProviderCall call, cim::InstanceSink& sink) override;
  runtime::Task<Result<cim::Instance, cim::Error>> get_instance(cim::ProviderCall call,
                                                                const cim::ObjectPath& path) override;

 private:
  std::vector<cim::Instance> all(const cim::ProviderCall& call) const;
  const Subscriptions& subscriptions_;
};

}  // namespace lunaria::providers
