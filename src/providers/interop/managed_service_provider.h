#pragma once

// ManagedServiceProvider: what the providers of CIM_Service classes share: one instance, how the service's state shows
// in its properties, and the three methods that change it (StartService, StopService, RequestStateChange).

#include <string>
#include <string_view>

#include "cim/instance.h"
#include "providers/environment.h"
#include "providers/methods.h"
#include "providers/single_instance_provider.h"
#include "service/service_state.h"

namespace lunaria::providers {

/// Sentences for StatusDescriptions, by state.
struct ServiceStateTexts {
  std::string_view enabled;
  std::string_view disabled;
  std::string_view shutting_down;
  std::string_view starting;
};

/// What tells one service from another.
struct ServiceIdentity {
  std::string_view system_class;
  std::string_view class_name;
  std::string name;
  std::string_view caption;
  std::string element_name;
  std::string description;
};

/// Sets the keys and the texts, in an instance of a class below CIM_Service.
void set_service_identity(cim::Instance& instance, const service::Server& server, const ServiceIdentity& identity);

/// Sets EnabledState, RequestedState, Started and what else tells the state, in an instance of a class below
/// CIM_Service.
void set_service_state(cim::Instance& instance, const service::ServiceStatus& status, const ServiceStateTexts& texts);

class ManagedServiceProvider : public SingleInstanceProvider {
 public:
  /// EnabledDefault to 2 or 3, and what set_others() takes; NOT_SUPPORTED for other values and for what is kept
  /// nowhere.
  runtime::Task<Result<void, cim::Error>> modify_instance(cim::ProviderCall call, const cim::ObjectPath& path,
                                                          const cim::Instance& changes) final;
  MethodReply invoke_method(cim::ProviderCall call, const cim::ObjectPath& path, const cim::Method& method,
                            const cim::ParameterValues& in) final;

 protected:
  ManagedServiceProvider(Environment environment, service::ServiceKind kind) : environment_(environment), kind_(kind) {}

  /// The instance, from the state alone.
  virtual cim::Instance to_instance(const cim::ClassPtr& cls, const service::Server& server,
                                    const service::ServiceStatus& status) const = 0;
  /// Changes of what the service has beside EnabledDefault: none here. Both outlive the task.
  virtual runtime::Task<Result<void, cim::Error>> set_others(const cim::ProviderCall& call,
                                                             const cim::Instance& changes);
  /// A method that is none of the three, on the instance: METHOD_NOT_AVAILABLE here. What is given outlives the task.
  virtual MethodReply call_other(cim::ProviderCall call, const cim::Method& method, const cim::ParameterValues& in);

  Environment environment_;
  service::ServiceKind kind_;

 private:
  runtime::Task<Result<cim::Instance, cim::Error>> current(const cim::ProviderCall& call) final;
  MethodReply start_service(cim::ProviderCall call);
  MethodReply stop_service(cim::ProviderCall call);
  MethodReply request_state_change(cim::ProviderCall call, const cim::ParameterValues& in);
};

}  // namespace lunaria::providers
