#include "providers/storage/service_provider.h"

#include <array>
#include <string>

#include "providers/errors.h"
#include "providers/interop/identity.h"
#include "providers/interop/service_methods.h"
#include "providers/principals.h"
#include "providers/values.h"
#include "schema/names.h"

namespace lunaria::providers {
namespace {

namespace names = schema::cim_service;
using service::ServiceKind;

constexpr ServiceStateTexts kTexts{.enabled = "The service takes method calls",
                                   .disabled = "The service takes no method calls",
                                   .shutting_down = "The service is being stopped",
                                   .starting = "The service is being started"};

constexpr std::array<StorageServiceKind, kStorageServiceCount> kServices = {{
    {ServiceKind::kStorageConfiguration, schema::msiscsitarget_storage_configuration_service::kClass,
     "Storage configuration", "Makes, changes and removes volumes"},
    {ServiceKind::kControllerConfiguration, schema::msiscsitarget_controller_configuration_service::kClass,
     "Masking and mapping", "Says which initiators see which volumes"},
    {ServiceKind::kIscsiConfiguration, schema::msiscsitarget_iscsi_configuration_service::kClass, "iSCSI configuration",
     "Makes and removes iSCSI targets"},
    {ServiceKind::kHardwareIdManagement, schema::msiscsitarget_storage_hardware_id_management_service::kClass,
     "Initiator management", "Keeps the names of initiators"},
    {ServiceKind::kReplication, schema::msiscsitarget_replication_service::kClass, "Replication",
     "Makes copies of volumes"},
}};

}  // namespace

StorageServiceKind storage_service_kind(std::size_t index) {
  return kServices.at(index);
}

cim::Instance storage_service_instance(const cim::ClassPtr& cls, const StorageServiceKind& kind,
                                       const service::Server& server, const service::ServiceStatus& status) {
  cim::Instance instance(cls);
  set(instance, names::kSystemCreationClassName, kArrayClass);
  set(instance, names::kSystemName, system_name(server));
  set(instance, names::kCreationClassName, kind.class_name);
  set(instance, names::kName, service::to_string(kind.kind));
  set(instance, names::kCaption, kind.element_name);
  set(instance, names::kElementName, std::string(kind.element_name) + " of " + server.name);
  set(instance, names::kDescription, kind.description);
  set_time(instance, names::kInstallDate, server.created);
  set_null(instance, names::kPrimaryOwnerName);
  set_null(instance, names::kPrimaryOwnerContact);
  set_service_state(instance, status, kTexts);
  return instance;
}

runtime::Task<Result<cim::Instance, cim::Error>> StorageServiceProvider::current(const cim::ProviderCall& call) {
  const auto server = co_await environment_.service.server(to_principal(call.context));
  if (!server) {
    co_return fail(to_cim(server.error()));
  }
  const auto status = co_await environment_.service.service_state(to_principal(call.context), kind_.kind);
  if (!status) {
    co_return fail(to_cim(status.error()));
  }
  co_return storage_service_instance(call.cls, kind_, *server, *status);
}

runtime::Task<Result<void, cim::Error>> StorageServiceProvider::enumerate_instances(cim::ProviderCall call,
                                                                                    cim::InstanceSink& sink) {
  auto instance = co_await current(call);
  if (!instance) {
    co_return fail(instance.error());
  }
  (void)co_await sink.put(std::move(*instance));
  co_return Result<void, cim::Error>();
}

runtime::Task<Result<cim::Instance, cim::Error>> StorageServiceProvider::get_instance(cim::ProviderCall call,
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

runtime::Task<Result<void, cim::Error>> StorageServiceProvider::modify_instance(cim::ProviderCall call,
                                                                                const cim::ObjectPath& path,
                                                                                const cim::Instance& changes) {
  const auto present = co_await get_instance(call, path);
  if (!present) {
    co_return fail(present.error());
  }
  auto outcome = co_await modify_service(environment_, std::move(call), kind_.kind, *present, changes);
  co_return outcome;
}

MethodReply StorageServiceProvider::invoke_method(cim::ProviderCall call, const cim::ObjectPath& path,
                                                  const cim::Method& method, const cim::ParameterValues& in) {
  if (!path.is_instance()) {
    co_return fail(cim::Error(cim::Status::kMethodNotAvailable,
                              call.cls->name() + '.' + method.name + " is called on an instance, not on the class"));
  }
  const auto present = co_await get_instance(call, path);
  if (!present) {
    co_return fail(present.error());
  }
  MethodReply reply = cim::name_equal(method.name, names::start_service::kMethod)
                          ? start_service(environment_, std::move(call), kind_.kind)
                      : cim::name_equal(method.name, names::stop_service::kMethod)
                          ? stop_service(environment_, std::move(call), kind_.kind)
                      : cim::name_equal(method.name, names::request_state_change::kMethod)
                          ? request_state_change(environment_, std::move(call), kind_.kind, in)
                          : call_other(std::move(call), method);
  auto result = co_await std::move(reply);
  co_return result;
}

MethodReply StorageServiceProvider::call_other(cim::ProviderCall call, const cim::Method& method) {
  const auto status = co_await environment_.service.service_state(to_principal(call.context), kind_.kind);
  if (!status) {
    co_return fail(to_cim(status.error()));
  }
  if (!status->started) {
    co_return fail(cim::Error(cim::Status::kMethodNotAvailable,
                              std::string(service::to_string(kind_.kind)) + " is stopped: call StartService first"));
  }
  if (method.return_type != cim::Type::kUint32) {
    co_return fail(
        cim::Error(cim::Status::kMethodNotAvailable, call.cls->name() + '.' + method.name + " is not provided"));
  }
  co_return returning(std::uint32_t{1});
}

}  // namespace lunaria::providers
