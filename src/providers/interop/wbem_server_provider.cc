#include "providers/interop/wbem_server_provider.h"

#include "providers/errors.h"
#include "providers/interop/identity.h"
#include "providers/interop/namespace_provider.h"
#include "providers/interop/object_manager_provider.h"
#include "providers/interop/wbem_server_model.h"
#include "providers/values.h"
#include "schema/names.h"

namespace lunaria::providers {

namespace names = schema::cim_wbem_server;

cim::Instance wbem_server_instance(const cim::ClassPtr& cls, const service::Server& server,
                                   const service::ServiceStatus& status) {
  cim::Instance instance(cls);
  set_service_identity(instance, server,
                       {.system_class = schema::msftsm_system::kClass,
                        .class_name = names::kClass,
                        .name = object_manager_name(server),
                        .caption = "Lunaria WBEM server",
                        .element_name = "Lunaria WBEM server of " + server.name,
                        .description = "Lunaria " + server.version});
  set_service_state(instance, status, kObjectManagerTexts);
  return instance;
}

MethodReply WbemServerProvider::call_other(cim::ProviderCall call, const cim::Method& method,
                                           const cim::ParameterValues& in) {
  namespace create = names::create_wbem_server_namespace;
  if (!cim::name_equal(method.name, create::kMethod)) {
    co_return fail(
        cim::Error(cim::Status::kMethodNotAvailable, call.cls->name() + '.' + method.name + " is not provided"));
  }
  const cim::Value* const wanted = in.find(create::kNamespaceTemplate);
  const cim::InstancePtr space = wanted != nullptr ? wanted->as_instance() : nullptr;
  if (space == nullptr) {
    co_return fail(invalid_parameter("NamespaceTemplate is needed: a CIM_WBEMServerNamespace with a Name"));
  }
  const cim::NamespaceName name(text_value(*space, schema::cim_wbem_server_namespace::kName));
  if (auto made = co_await create_namespace(environment_, call.context, name); !made) {
    co_return fail(made.error());
  }
  cim::MethodResult result = returning(std::uint32_t{0});
  result.out.set(std::string(create::kNamespace), cim::Value(wbem_server_namespace_path(call.name_space, name)));
  co_return result;
}

}  // namespace lunaria::providers
