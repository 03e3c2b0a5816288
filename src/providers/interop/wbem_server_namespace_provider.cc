#include "providers/interop/wbem_server_namespace_provider.h"

#include "cim/repository.h"
#include "providers/interop/namespace_provider.h"
#include "providers/interop/wbem_server_model.h"
#include "providers/values.h"
#include "schema/names.h"

namespace lunaria::providers {

namespace names = schema::cim_wbem_server_namespace;

cim::Instance wbem_server_namespace_instance(const cim::ClassPtr& cls, const cim::NamespaceName& name) {
  cim::Instance instance(cls);
  set(instance, names::kInstanceID, wbem_server_namespace_id(name));
  set(instance, names::kName, name.text());
  set(instance, names::kCaption, namespace_caption(name));
  set(instance, names::kElementName, name.text());
  set(instance, names::kDescription, "Namespace " + name.text() + " of Lunaria");
  set_null(instance, names::kSchemaInformation);
  return instance;
}

WbemServerNamespaceProvider::Listed WbemServerNamespaceProvider::list(const cim::OperationContext& /*context*/) {
  co_return environment_.repository.namespaces();
}

bool WbemServerNamespaceProvider::is_at(const cim::NamespaceName& name, const cim::ObjectPath& path) const {
  return wbem_server_namespace_path(path.name_space(), name) == path;
}

runtime::Task<Result<void, cim::Error>> WbemServerNamespaceProvider::delete_instance(cim::ProviderCall call,
                                                                                     const cim::ObjectPath& path) {
  const auto name = co_await find(call.context, path);
  if (!name) {
    co_return fail(name.error());
  }
  auto outcome = co_await delete_namespace(environment_, call.context, *name);
  co_return outcome;
}

}  // namespace lunaria::providers
