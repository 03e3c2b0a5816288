#include "providers/interop/object_manager_provider.h"

#include "providers/errors.h"
#include "providers/interop/identity.h"
#include "providers/principals.h"
#include "providers/values.h"
#include "schema/names.h"

namespace lunaria::providers {

namespace names = schema::msftsm_object_manager;

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
  set(instance, names::kGatherStatisticalData, server.gathers_statistics);
  set_service_state(instance, status, kObjectManagerTexts);
  return instance;
}

/// What counts hears of it from the service.
runtime::Task<Result<void, cim::Error>> ObjectManagerProvider::set_others(const cim::ProviderCall& call,
                                                                          const cim::Instance& changes) {
  const auto wanted = changed_flag(changes, names::kGatherStatisticalData);
  if (!wanted) {
    co_return fail(wanted.error());
  }
  if (!*wanted) {
    co_return Result<void, cim::Error>();
  }
  service::SetServer request;
  request.gathers_statistics = *wanted;
  const auto changed = co_await environment_.service.set_server(to_principal(call.context), request);
  if (!changed) {
    co_return fail(to_cim(changed.error()));
  }
  co_return Result<void, cim::Error>();
}

}  // namespace lunaria::providers
