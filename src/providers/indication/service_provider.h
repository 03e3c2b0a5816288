#pragma once

// CIM_IndicationService: one instance, and how deliveries that fail are dealt with.

#include "cim/provider.h"
#include "providers/indication/subscriptions.h"

namespace lunaria::providers {

class IndicationServiceProvider final : public cim::Provider {
 public:
  explicit IndicationServiceProvider(Subscriptions& subscriptions) : subscriptions_(subscriptions) {}
  runtime::Task<Result<void, cim::Error>> enumerate_instances(cim::ProviderCall call, cim::InstanceSink& sink) override;
  runtime::Task<Result<cim::Instance, cim::Error>> get_instance(cim::ProviderCall call,
                                                                const cim::ObjectPath& path) override;
  /// The retry and removal settings; NOT_SUPPORTED for others.
  runtime::Task<Result<void, cim::Error>> modify_instance(cim::ProviderCall call, const cim::ObjectPath& path,
                                                          const cim::Instance& changes) override;
  /// It runs as long as the object manager: StartService, StopService and RequestStateChange answer 1.
  runtime::Task<Result<cim::MethodResult, cim::Error>> invoke_method(cim::ProviderCall call,
                                                                     const cim::ObjectPath& path,
                                                                     const cim::Method& method,
                                                                     const cim::ParameterValues& in) override;

 private:
  Subscriptions& subscriptions_;
};

}  // namespace lunaria::providers
