#include "providers/interop/namespace_provider.h"

#include <algorithm>

#include "cim/name.h"
#include "cim/repository.h"
#include "cim/schema_editor.h"
#include "cim/utf8.h"
#include "providers/errors.h"
#include "providers/interop/identity.h"
#include "providers/principals.h"
#include "providers/values.h"
#include "schema/names.h"

namespace lunaria::providers {
namespace {

namespace names = schema::msftsm_namespace;

cim::Error fixed_namespaces() {
  return cim::Error(cim::Status::kNotSupported, "Namespaces cannot be made or removed here");
}

/// The newest version that a shipped CIM class follows.
constexpr std::string_view kSchemaVersion = "2.39";

}  // namespace

runtime::Task<Result<void, cim::Error>> create_namespace(const Environment& environment,
                                                         const cim::OperationContext& context,
                                                         const cim::NamespaceName& name) {
  if (name.empty()) {
    co_return fail(invalid_parameter("A namespace needs a Name"));
  }
  if (environment.schema_editor == nullptr) {
    co_return fail(fixed_namespaces());
  }
  auto outcome = co_await environment.schema_editor->create_namespace(context, name);
  co_return outcome;
}

runtime::Task<Result<void, cim::Error>> delete_namespace(const Environment& environment,
                                                         const cim::OperationContext& context,
                                                         const cim::NamespaceName& name) {
  if (environment.schema_editor == nullptr) {
    co_return fail(fixed_namespaces());
  }
  auto outcome = co_await environment.schema_editor->delete_namespace(context, name);
  co_return outcome;
}

std::string namespace_caption(const cim::NamespaceName& name) {
  constexpr std::size_t kCharactersMax = 64;  // MaxLen of Caption
  constexpr std::string_view kCut = "...";
  const std::string& text = name.text();
  const auto end_of = [&text](std::size_t characters) {
    std::size_t end = 0;
    for (; characters > 0 && end < text.size(); --characters) {
      end += std::max<std::size_t>(cim::utf8_length(std::string_view(text).substr(end)), 1);
    }
    return end;
  };
  return end_of(kCharactersMax) == text.size() ? text
                                               : text.substr(0, end_of(kCharactersMax - kCut.size())).append(kCut);
}

cim::Instance namespace_instance(const cim::ClassPtr& cls, const service::Server& server,
                                 const cim::NamespaceName& name) {
  cim::Instance instance(cls);
  set(instance, names::kSystemCreationClassName, schema::msftsm_system::kClass);
  set(instance, names::kSystemName, system_name(server));
  set(instance, names::kObjectManagerCreationClassName, schema::msftsm_object_manager::kClass);
  set(instance, names::kObjectManagerName, object_manager_name(server));
  set(instance, names::kCreationClassName, names::kClass);
  set(instance, names::kName, name.text());
  set(instance, names::kCaption, namespace_caption(name));
  set(instance, names::kElementName, name.text());
  set(instance, names::kDescription, "Namespace " + name.text() + " of Lunaria");
  set(instance, names::kClassInfo, names::ClassInfo::kOther);  // its numbers end long before our version
  set(instance, names::kDescriptionOfClassInfo, "CIM " + std::string(kSchemaVersion));
  set(instance, names::kClassType, names::ClassType::kCIM);
  set(instance, names::kClassTypeVersion, kSchemaVersion);
  set_null(instance, names::kDescriptionOfClassType);
  return instance;
}

runtime::Task<Result<void, cim::Error>> NamespaceProvider::enumerate_instances(cim::ProviderCall call,
                                                                               cim::InstanceSink& sink) {
  const auto server = co_await environment_.service.server(to_principal(call.context));
  if (!server) {
    co_return fail(to_cim(server.error()));
  }
  if (!cim::name_equal(call.cls->name(), names::kClass)) {
    co_return Result<void, cim::Error>();  // CIM_Namespace itself has no instances
  }
  for (const cim::NamespaceName& name : environment_.repository.namespaces()) {
    const bool go_on = co_await sink.put(namespace_instance(call.cls, *server, name));
    if (!go_on) {
      break;
    }
  }
  co_return Result<void, cim::Error>();
}

runtime::Task<Result<cim::Instance, cim::Error>> NamespaceProvider::get_instance(cim::ProviderCall call,
                                                                                 const cim::ObjectPath& path) {
  const auto server = co_await environment_.service.server(to_principal(call.context));
  if (!server) {
    co_return fail(to_cim(server.error()));
  }
  if (!cim::name_equal(call.cls->name(), names::kClass)) {
    co_return fail(not_found("There is no " + path.to_string()));
  }
  const cim::NamespaceName name(text_key(path, names::kName));
  cim::Instance instance = namespace_instance(call.cls, *server, name);
  if (!environment_.repository.has_namespace(name) || !(instance.path(call.name_space) == path)) {
    co_return fail(not_found("There is no " + path.to_string()));
  }
  co_return instance;
}

runtime::Task<Result<void, cim::Error>> NamespaceProvider::modify_instance(cim::ProviderCall call,
                                                                           const cim::ObjectPath& path,
                                                                           const cim::Instance& changes) {
  const auto present = co_await get_instance(std::move(call), path);
  if (!present) {
    co_return fail(present.error());
  }
  co_return check_other_changes(changes, *present, {});
}

runtime::Task<Result<cim::ObjectPath, cim::Error>> NamespaceProvider::create_instance(cim::ProviderCall call,
                                                                                      const cim::Instance& instance) {
  const cim::NamespaceName name(text_value(instance, names::kName));
  const auto server = co_await environment_.service.server(to_principal(call.context));
  if (!server) {
    co_return fail(to_cim(server.error()));
  }
  const auto made = co_await create_namespace(environment_, call.context, name);
  if (!made) {
    co_return fail(made.error());
  }
  const cim::ClassPtr cls = environment_.repository.find_class(call.name_space, names::kClass);
  co_return namespace_instance(cls, *server, name).path(call.name_space);
}

runtime::Task<Result<void, cim::Error>> NamespaceProvider::delete_instance(cim::ProviderCall call,
                                                                           const cim::ObjectPath& path) {
  const cim::NamespaceName name(text_key(path, names::kName));
  const cim::OperationContext& context = call.context;
  const auto present = co_await get_instance(std::move(call), path);
  if (!present) {
    co_return fail(present.error());
  }
  auto outcome = co_await delete_namespace(environment_, context, name);
  co_return outcome;
}

}  // namespace lunaria::providers
