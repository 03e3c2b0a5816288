#pragma once

// CIM_IndicationService: one instance, and how deliveries that fail are dealt with.

#include "cim/provider.h"
#include "providers/indication/subscriptions.h"
#include "providers/single_instance_provider.h"

namespace lunaria::providers {

class IndicationServiceProvider final : public SingleInstanceProvider {
 public:
  explicit IndicationServiceProvider(Subscriptions& subscriptions) : subscriptions_(subscriptions) {}
  /// The retry and removal settings; NOT_SUPPORTED for others.
  runtime::Task<Result<void, cim::Error>> modify_instance(cim::ProviderCall call, const cim::ObjectPath& path,
                                                          const cim::Instance& changes) override;
  /// It runs as long as the object manager: StartService, StopService and RequestStateChange answer 1.
  runtime::Task<Result<cim::MethodResult, cim::Error>> invoke_method(cim::ProviderCall call,
                                                                     const cim::ObjectPath& path,
                                                                     const cim::Method& method,
                                                                     const cim::ParameterValues& in) override;

 private:
  runtime::Task<Result<cim::Instance, cim::Error>> current(const cim::ProviderCall& call) override;
  Subscriptions& subscriptions_;
};

}  // namespace lunaria::providers
