#pragma once

// MSFTSM_System: the host that the object manager runs on, one instance.

#include <span>

#include "providers/environment.h"
#include "providers/methods.h"
#include "providers/single_instance_provider.h"

namespace lunaria::providers {

class SystemProvider final : public SingleInstanceProvider {
 public:
  explicit SystemProvider(Environment environment) : environment_(environment) {}

  /// What is writable by the schema is kept nowhere: NOT_SUPPORTED unless nothing changes.
  runtime::Task<Result<void, cim::Error>> modify_instance(cim::ProviderCall call, const cim::ObjectPath& path,
                                                          const cim::Instance& changes) override;
  /// RequestStateChange answers 1 (Not Supported).
  MethodReply invoke_method(cim::ProviderCall call, const cim::ObjectPath& path, const cim::Method& method,
                            const cim::ParameterValues& in) override;

 private:
  runtime::Task<Result<cim::Instance, cim::Error>> current(const cim::ProviderCall& call) override;
  static std::span<const MethodRow<SystemProvider>> methods();
  MethodReply request_state_change(cim::ProviderCall call, const cim::ObjectPath& path, const cim::ParameterValues& in);

  Environment environment_;
};

/// The host as the instance of MSFTSM_System.
cim::Instance system_instance(const cim::ClassPtr& cls, const service::Server& server);

}  // namespace lunaria::providers
