#pragma once

// CIM_WBEMServerNamespace: the namespaces of the object manager as the WBEM Server profile of DMTF (DSP1092) sees them.
// They are made with CIM_WBEMServer.CreateWBEMServerNamespace.

#include "cim/provider.h"
#include "providers/environment.h"
#include "providers/listed_provider.h"

namespace lunaria::providers {

/// A namespace as an instance of CIM_WBEMServerNamespace.
cim::Instance wbem_server_namespace_instance(const cim::ClassPtr& cls, const cim::NamespaceName& name);

class WbemServerNamespaceProvider final : public ListedProvider<cim::NamespaceName> {
 public:
  using ListedProvider::ListedProvider;

  /// An empty one; see SchemaEditor::delete_namespace() for what is refused.
  runtime::Task<Result<void, cim::Error>> delete_instance(cim::ProviderCall call, const cim::ObjectPath& path) override;
  cim::Instance to_instance(const cim::ClassPtr& cls, const cim::NamespaceName& name) const override {
    return wbem_server_namespace_instance(cls, name);
  }

 private:
  Listed list(const cim::OperationContext& context) override;
  bool is_at(const cim::NamespaceName& name, const cim::ObjectPath& path) const override;
};

}  // namespace lunaria::providers
