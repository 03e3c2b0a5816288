#pragma once

// CIM_CIMOMStatisticalData: what the object manager counts, one instance for each kind of operation, and
// CIM_ElementStatisticalData, by which it is found.

#include <vector>

#include "cim/provider.h"
#include "providers/environment.h"
#include "providers/interop/computed_provider.h"
#include "providers/methods.h"

namespace lunaria::providers {

class StatisticsProvider final : public cim::Provider {
 public:
  explicit StatisticsProvider(Environment environment) : environment_(environment) {}

  runtime::Task<Result<void, cim::Error>> enumerate_instances(cim::ProviderCall call, cim::InstanceSink& sink) override;
  runtime::Task<Result<cim::Instance, cim::Error>> get_instance(cim::ProviderCall call,
                                                                const cim::ObjectPath& path) override;
  /// ResetSelectedStats: INVALID_PARAMETER for a property that is no figure.
  MethodReply invoke_method(cim::ProviderCall call, const cim::ObjectPath& path, const cim::Method& method,
                            const cim::ParameterValues& in) override;

 private:
  runtime::Task<Result<std::vector<cim::Instance>, cim::Error>> instances(const cim::ProviderCall& call) const;

  Environment environment_;
};

/// From the object manager to each instance of CIM_CIMOMStatisticalData.
std::vector<cim::Instance> element_statistical_data(const ComputedFacts& facts, const cim::ProviderCall& call);

}  // namespace lunaria::providers
