#pragma once

// MSFTSM_Namespace: the namespaces that the object manager serves. Clients make new ones as instances of it or of its
// superclass CIM_Namespace (DSP0200 5.3.1), which has no instances of its own.

#include <string>

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
  /// Only Name counts; the path that is answered is the one by which the new namespace is found.
  runtime::Task<Result<cim::ObjectPath, cim::Error>> create_instance(cim::ProviderCall call,
                                                                     const cim::Instance& instance) override;
  runtime::Task<Result<void, cim::Error>> delete_instance(cim::ProviderCall call, const cim::ObjectPath& path) override;

 private:
  Environment environment_;
};

// What making and removing a namespace comes to, whatever stands for it; see SchemaEditor. NOT_SUPPORTED where
// namespaces are fixed. All that is given outlives the task.

/// INVALID_PARAMETER also for no name.
runtime::Task<Result<void, cim::Error>> create_namespace(const Environment& environment,
                                                         const cim::OperationContext& context,
                                                         const cim::NamespaceName& name);
runtime::Task<Result<void, cim::Error>> delete_namespace(const Environment& environment,
                                                         const cim::OperationContext& context,
                                                         const cim::NamespaceName& name);

/// Its name, cut to what CIM_ManagedElement.Caption may hold.
std::string namespace_caption(const cim::NamespaceName& name);
/// A namespace as an instance of MSFTSM_Namespace.
cim::Instance namespace_instance(const cim::ClassPtr& cls, const service::Server& server,
                                 const cim::NamespaceName& name);

}  // namespace lunaria::providers
