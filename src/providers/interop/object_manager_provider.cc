#include "providers/interop/object_manager_provider.h"

#include <array>

#include "providers/errors.h"
#include "providers/interop/identity.h"
#include "providers/interop/service_methods.h"
#include "providers/principals.h"
#include "providers/values.h"
#include "schema/names.h"

namespace lunaria::providers {
namespace {

namespace names = schema::msftsm_object_manager;
constexpr auto kKind = service::ServiceKind::kObjectManager;

constexpr ServiceStateTexts kTexts{.enabled = "The object manager answers requests",
                                   .disabled = "The object manager is stopped",
                                   .shutting_down = "The object manager finishes the requests inside",
                                   .starting = "The object manager is being started"};

}  // namespace

cim::Instance object_manager_instance(const cim::ClassPtr& cls, const service::Server& server,
                                      const service::ServiceStatus& status) {
  cim::Instance instance(cls);
  set(instance, names::kSystemCreationClassName, schema::msftsm_system::kClass);
  set(instance, names::kSystemName, system_name(server));
  set(instance, names::kCreationClassName, names::kClass);
  set(instance, names::kName, object_manager_name(server));
  set(instance, names::kCaption, "Lunaria object manager");
  set(instance, names::kElementName, "Lunaria object manager of " + server.name);
  set(instance, names::kDescription,
      "Answers management requests for the iSCSI target server; version " + server.version);
  set_time(instance, names::kInstallDate, server.created);
  set_null(instance, names::kPrimaryOwnerName);
  set_null(instance, names::kPrimaryOwnerContact);
  set(instance, names::kGatherStatisticalData, false);
  set_service_state(instance, status, kTexts);
  return instance;
}

std::span<const MethodRow<ObjectManagerProvider>> ObjectManagerProvider::methods() {
  static constexpr auto kMethods = std::to_array<MethodRow<ObjectManagerProvider>>({
      {names::start_service::kMethod, &ObjectManagerProvider::start_service},
      {names::stop_service::kMethod, &ObjectManagerProvider::stop_service},
      {names::request_state_change::kMethod, &ObjectManagerProvider::request_state_change},
  });
  return kMethods;
}

runtime::Task<Result<cim::Instance, cim::Error>> ObjectManagerProvider::current(const cim::ProviderCall& call) {
  const auto server = co_await environment_.service.server(to_principal(call.context));
  if (!server) {
    co_return fail(to_cim(server.error()));
  }
  const auto status = co_await environment_.service.service_state(to_principal(call.context), kKind);
  if (!status) {
    co_return fail(to_cim(status.error()));
  }
  co_return object_manager_instance(call.cls, *server, *status);
}

runtime::Task<Result<void, cim::Error>> ObjectManagerProvider::enumerate_instances(cim::ProviderCall call,
                                                                                   cim::InstanceSink& sink) {
  auto instance = co_await current(call);
  if (!instance) {
    co_return fail(instance.error());
  }
  (void)co_await sink.put(std::move(*instance));
  co_return Result<void, cim::Error>();
}

runtime::Task<Result<cim::Instance, cim::Error>> ObjectManagerProvider::get_instance(cim::ProviderCall call,
                                                                                     const cim::ObjectPath& path) {
  auto instance = co_await current(call);
  if (!instance) {
    co_return fail(instance.error());
  }
  if (!(instance->path(call.name_space) == path)) {
    co_return fail(not_found("There is no " + path.to_string()));
  }
  co_return std::move(*instance);
}

runtime::Task<Result<void, cim::Error>> ObjectManagerProvider::modify_instance(cim::ProviderCall call,
                                                                               const cim::ObjectPath& path,
                                                                               const cim::Instance& changes) {
  const auto present = co_await get_instance(call, path);
  if (!present) {
    co_return fail(present.error());
  }
  auto outcome = co_await modify_service(environment_, std::move(call), kKind, *present, changes);
  co_return outcome;
}

MethodReply ObjectManagerProvider::invoke_method(cim::ProviderCall call, const cim::ObjectPath& path,
                                                 const cim::Method& method, const cim::ParameterValues& in) {
  return dispatch(*this, methods(), std::move(call), path, method, in);
}

MethodReply ObjectManagerProvider::start_service(cim::ProviderCall call, const cim::ObjectPath& path,
                                                 const cim::ParameterValues& /*in*/) {
  const auto present = co_await get_instance(call, path);
  if (!present) {
    co_return fail(present.error());
  }
  auto result = co_await providers::start_service(environment_, std::move(call), kKind);
  co_return result;
}

MethodReply ObjectManagerProvider::stop_service(cim::ProviderCall call, const cim::ObjectPath& path,
                                                const cim::ParameterValues& /*in*/) {
  const auto present = co_await get_instance(call, path);
  if (!present) {
    co_return fail(present.error());
  }
  auto result = co_await providers::stop_service(environment_, std::move(call), kKind);
  co_return result;
}

MethodReply ObjectManagerProvider::request_state_change(cim::ProviderCall call, const cim::ObjectPath& path,
                                                        const cim::ParameterValues& in) {
  const auto present = co_await get_instance(call, path);
  if (!present) {
    co_return fail(present.error());
  }
  auto result = co_await providers::request_state_change(environment_, std::move(call), kKind, in);
  co_return result;
}

}  // namespace lunaria::providers
