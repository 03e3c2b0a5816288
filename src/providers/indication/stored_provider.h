#pragma once

// StoredIndicationProvider: CIM_IndicationFilter, CIM_ListenerDestinationCIMXML, CIM_IndicationSubscription and
// CIM_FilterCollectionSubscription: what clients make to hear of events, and the filters that are always there.

#include "cim/provider.h"
#include "providers/indication/subscriptions.h"

namespace lunaria::providers {

class StoredIndicationProvider final : public cim::Provider {
 public:
  StoredIndicationProvider(Subscriptions& subscriptions, Subscriptions::Kind kind)
      : subscriptions_(subscriptions), kind_(kind) {}

  runtime::Task<Result<void, cim::Error>> enumerate_instances(cim::ProviderCall call, cim::InstanceSink& sink) override;
  runtime::Task<Result<cim::Instance, cim::Error>> get_instance(cim::ProviderCall call,
                                                                const cim::ObjectPath& path) override;
  runtime::Task<Result<cim::ObjectPath, cim::Error>> create_instance(cim::ProviderCall call,
                                                                     const cim::Instance& instance) override;
  runtime::Task<Result<void, cim::Error>> modify_instance(cim::ProviderCall call, const cim::ObjectPath& path,
                                                          const cim::Instance& changes) override;
  runtime::Task<Result<void, cim::Error>> delete_instance(cim::ProviderCall call, const cim::ObjectPath& path) override;

 private:
  std::vector<cim::Instance> all() const;

  Subscriptions& subscriptions_;
  Subscriptions::Kind kind_;
};

}  // namespace lunaria::providers
