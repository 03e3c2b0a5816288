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
  set_service_identity(
      instance, server,
      {.system_class = schema::msftsm_system::kClass,
       .class_name = names::kClass,
       .name = object_manager_name(server),
       .caption = "Lunaria object manager",
       .element_name = "Lunaria object manager of " + server.name,
       .description = "Answers management requests for the iSCSI target server; version " + server.version});
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
