#pragma once

// CIM_FilterCollection: the one collection, of the filters that are always there; and the associations by which clients
// find what belongs to the indication service.

#include <vector>

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

/// Of an association whose instances follow from what is there.
using IndicationLinks = std::vector<cim::Instance> (*)(const Subscriptions& subscriptions,
                                                       const cim::ProviderCall& call);
/// CIM_MemberOfCollection.
std::vector<cim::Instance> collection_members(const Subscriptions& subscriptions, const cim::ProviderCall& call);
/// CIM_OwningCollectionElement: the service owns the collection.
std::vector<cim::Instance> owned_collections(const Subscriptions& subscriptions, const cim::ProviderCall& call);
/// CIM_ServiceAffectsElement: the service manages filters, the collection and listener destinations.
std::vector<cim::Instance> affected_elements(const Subscriptions& subscriptions, const cim::ProviderCall& call);

class IndicationLinksProvider final : public cim::Provider {
 public:
  IndicationLinksProvider(const Subscriptions& subscriptions, IndicationLinks links)
      : subscriptions_(subscriptions), links_(links) {}
  runtime::Task<Result<void, cim::Error>> enumerate_instances(cim::ProviderCall call, cim::InstanceSink& sink) override;
  runtime::Task<Result<cim::Instance, cim::Error>> get_instance(cim::ProviderCall call,
                                                                const cim::ObjectPath& path) override;

 private:
  const Subscriptions& subscriptions_;
  IndicationLinks links_;
};

}  // namespace lunaria::providers
