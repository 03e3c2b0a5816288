#pragma once

// MSFTSM_ObjectManager: the object manager itself, one instance. Stopping and starting it goes through the service,
// which records the request; what stops is the daemon's management, after this request has got its answer.

#include <span>

#include "providers/environment.h"
#include "providers/methods.h"

namespace lunaria::providers {

class ObjectManagerProvider final : public cim::Provider {
 public:
  explicit ObjectManagerProvider(Environment environment) : environment_(environment) {}

  runtime::Task<Result<void, cim::Error>> enumerate_instances(cim::ProviderCall call, cim::InstanceSink& sink) override;
  runtime::Task<Result<cim::Instance, cim::Error>> get_instance(cim::ProviderCall call,
                                                                const cim::ObjectPath& path) override;
  /// EnabledDefault to 2 or 3; NOT_SUPPORTED for other values and for what is kept nowhere.
  runtime::Task<Result<void, cim::Error>> modify_instance(cim::ProviderCall call, const cim::ObjectPath& path,
                                                          const cim::Instance& changes) override;
  MethodReply invoke_method(cim::ProviderCall call, const cim::ObjectPath& path, const cim::Method& method,
                            const cim::ParameterValues& in) override;

 private:
  static std::span<const MethodRow<ObjectManagerProvider>> methods();

  MethodReply start_service(cim::ProviderCall call, const cim::ObjectPath& path, const cim::ParameterValues& in);
  MethodReply stop_service(cim::ProviderCall call, const cim::ObjectPath& path, const cim::ParameterValues& in);
  MethodReply request_state_change(cim::ProviderCall call, const cim::ObjectPath& path, const cim::ParameterValues& in);

  /// The instance, which is at most one.
  runtime::Task<Result<cim::Instance, cim::Error>> current(const cim::ProviderCall& call);

  Environment environment_;
};

/// The object manager as the instance of MSFTSM_ObjectManager.
cim::Instance object_manager_instance(const cim::ClassPtr& cls, const service::Server& server,
                                      const service::ServiceStatus& status);

}  // namespace lunaria::providers
