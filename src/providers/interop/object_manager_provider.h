#pragma once

// MSFTSM_ObjectManager: the object manager itself, one instance. Stopping and starting it goes through the service,
// which records the request; what stops is the daemon's management, after this request has got its answer.

#include "providers/interop/managed_service_provider.h"

namespace lunaria::providers {

/// Of whatever stands for the object manager.
inline constexpr ServiceStateTexts kObjectManagerTexts{
    .enabled = "The object manager answers requests",
    .disabled = "The object manager is stopped",
    .shutting_down = "The object manager finishes the requests inside",
    .starting = "The object manager is being started"};

/// The object manager as the instance of MSFTSM_ObjectManager.
cim::Instance object_manager_instance(const cim::ClassPtr& cls, const service::Server& server,
                                      const service::ServiceStatus& status);

class ObjectManagerProvider final : public ManagedServiceProvider {
 public:
  explicit ObjectManagerProvider(Environment environment)
      : ManagedServiceProvider(environment, service::ServiceKind::kObjectManager) {}

 private:
  cim::Instance to_instance(const cim::ClassPtr& cls, const service::Server& server,
                            const service::ServiceStatus& status) const override {
    return object_manager_instance(cls, server, status);
  }
  /// GatherStatisticalData.
  runtime::Task<Result<void, cim::Error>> set_others(const cim::ProviderCall& call,
                                                     const cim::Instance& changes) override;
};

}  // namespace lunaria::providers
