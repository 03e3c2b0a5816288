#pragma once

// What the providers of CIM_Service classes share: how a service's state shows in its properties, and the three methods
// that change it (StartService, StopService, RequestStateChange).

#include <string_view>

#include "cim/instance.h"
#include "providers/environment.h"
#include "providers/methods.h"
#include "service/service_state.h"

namespace lunaria::providers {

/// Sentences for StatusDescriptions, by state.
struct ServiceStateTexts {
  std::string_view enabled;
  std::string_view disabled;
  std::string_view shutting_down;
  std::string_view starting;
};

/// Sets EnabledState, RequestedState, Started and what else tells the state, in an instance of a class below
/// CIM_Service.
void set_service_state(cim::Instance& instance, const service::ServiceStatus& status, const ServiceStateTexts& texts);

// The methods, for a service that is there. `call` is copied; `in` outlives the task.

MethodReply start_service(Environment environment, cim::ProviderCall call, service::ServiceKind kind);
MethodReply stop_service(Environment environment, cim::ProviderCall call, service::ServiceKind kind);
MethodReply request_state_change(Environment environment, cim::ProviderCall call, service::ServiceKind kind,
                                 const cim::ParameterValues& in);

/// ModifyInstance of a service: EnabledDefault to 2 or 3; NOT_SUPPORTED for other values and for what is kept nowhere.
runtime::Task<Result<void, cim::Error>> modify_service(Environment environment, cim::ProviderCall call,
                                                       service::ServiceKind kind, const cim::Instance& present,
                                                       const cim::Instance& changes);

}  // namespace lunaria::providers
