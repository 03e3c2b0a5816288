#pragma once

// MSFTSM_Namespace: the namespaces that the object manager serves.

#include "cim/provider.h"
#include "providers/environment.h"

namespace lunaria::providers {

class NamespaceProvider final : public cim::Provider {
 public:
  explicit NamespaceProvider(Environment environment) : environment_(environment) {}

  runtime::Task<Result<void, cim::Error>> enumerate_instances(cim::ProviderCall call, cim::InstanceSink& sink) override;
  runtime::Task<Result<cim::Instance, cim::Error>> get_instance(cim::ProviderCall call,
                                                                const cim::ObjectPath& path) override;
  /// What is writable by the schema follows from what is shipped: NOT_SUPPORTED unless nothing changes.
  runtime::Task<Result<void, cim::Error>> modify_instance(cim::ProviderCall call, const cim::ObjectPath& path,
                                                          const cim::Instance& changes) override;

 private:
  Environment environment_;
};

}  // namespace lunaria::providers
