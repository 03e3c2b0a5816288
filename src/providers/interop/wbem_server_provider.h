#pragma once

// CIM_WBEMServer: the object manager as the WBEM Server profile of DMTF (DSP1092) sees it, one instance. It is started
// and stopped as MSFTSM_ObjectManager is, for both stand for the same service, and makes namespaces.

#include "providers/interop/managed_service_provider.h"

namespace lunaria::providers {

/// The object manager as the instance of CIM_WBEMServer.
cim::Instance wbem_server_instance(const cim::ClassPtr& cls, const service::Server& server,
                                   const service::ServiceStatus& status);

class WbemServerProvider final : public ManagedServiceProvider {
 public:
  explicit WbemServerProvider(Environment environment)
      : ManagedServiceProvider(environment, service::ServiceKind::kObjectManager) {}

 private:
  cim::Instance to_instance(const cim::ClassPtr& cls, const service::Server& server,
                            const service::ServiceStatus& status) const override {
    return wbem_server_instance(cls, server, status);
  }
  /// CreateWBEMServerNamespace. What cannot be made is an error, never a code.
  MethodReply call_other(cim::ProviderCall call, const cim::Method& method, const cim::ParameterValues& in) override;
};

}  // namespace lunaria::providers
