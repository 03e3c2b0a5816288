#include "providers/storage/service_provider.h"

#include <array>
#include <string>

#include "providers/errors.h"
#include "providers/interop/identity.h"
#include "providers/interop/managed_service_provider.h"
#include "providers/principals.h"
#include "providers/values.h"
#include "schema/names.h"

namespace lunaria::providers {
namespace {

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
  set_service_identity(instance, server,
                       {.system_class = kArrayClass,
                        .class_name = kind.class_name,
                        .name = std::string(service::to_string(kind.kind)),
                        .caption = kind.element_name,
                        .element_name = std::string(kind.element_name) + " of " + server.name,
                        .description = std::string(kind.description)});
  set_service_state(instance, status, kTexts);
  return instance;
}

MethodReply StorageServiceProvider::call_other(cim::ProviderCall call, const cim::Method& method,
                                               const cim::ParameterValues& /*in*/) {
  const auto status = co_await environment_.service.service_state(to_principal(call.context), kind_);
  if (!status) {
    co_return fail(to_cim(status.error()));
  }
  if (!status->started) {
    co_return fail(cim::Error(cim::Status::kMethodNotAvailable,
                              std::string(service::to_string(kind_)) + " is stopped: call StartService first"));
  }
  if (method.return_type != cim::Type::kUint32) {
    co_return fail(
        cim::Error(cim::Status::kMethodNotAvailable, call.cls->name() + '.' + method.name + " is not provided"));
  }
  co_return returning(std::uint32_t{1});
}

}  // namespace lunaria::providers
