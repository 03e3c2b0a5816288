#pragma once

// MSISCSITARGET_ConcreteJob: work that outlives the request that asked for it.

#include <span>

#include "providers/environment.h"
#include "providers/methods.h"

namespace lunaria::providers {

/// Jobs cannot be paused or ended before their time: the methods that would do so answer 1 (Not Supported).
class JobProvider final : public cim::Provider {
 public:
  explicit JobProvider(Environment environment) : environment_(environment) {}

  runtime::Task<Result<void, cim::Error>> enumerate_instances(cim::ProviderCall call, cim::InstanceSink& sink) override;
  runtime::Task<Result<cim::Instance, cim::Error>> get_instance(cim::ProviderCall call,
                                                                const cim::ObjectPath& path) override;
  /// Schedules and removal are not for clients to set: NOT_SUPPORTED unless nothing changes.
  runtime::Task<Result<void, cim::Error>> modify_instance(cim::ProviderCall call, const cim::ObjectPath& path,
                                                          const cim::Instance& changes) override;
  /// Finished ones only; FAILED while the work goes on.
  runtime::Task<Result<void, cim::Error>> delete_instance(cim::ProviderCall call, const cim::ObjectPath& path) override;
  MethodReply invoke_method(cim::ProviderCall call, const cim::ObjectPath& path, const cim::Method& method,
                            const cim::ParameterValues& in) override;

 private:
  static std::span<const MethodRow<JobProvider>> methods();

  MethodReply request_state_change(cim::ProviderCall call, const cim::ObjectPath& path, const cim::ParameterValues& in);
  MethodReply kill(cim::ProviderCall call, const cim::ObjectPath& path, const cim::ParameterValues& in);
  MethodReply get_error(cim::ProviderCall call, const cim::ObjectPath& path, const cim::ParameterValues& in);

  runtime::Task<Result<service::Job, cim::Error>> find(const cim::ProviderCall& call, const cim::ObjectPath& path);

  Environment environment_;
};

}  // namespace lunaria::providers
