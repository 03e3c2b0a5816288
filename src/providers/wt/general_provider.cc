#include "providers/wt/general_provider.h"

#include <vector>

#include "providers/errors.h"
#include "providers/principals.h"
#include "providers/values.h"
#include "schema/names.h"

namespace lunaria::providers {
namespace {

namespace names = schema::wt_general;

}  // namespace

cim::Instance general_instance(const cim::ClassPtr& cls, const service::Server& server) {
  cim::Instance instance(cls);
  set(instance, names::kVersion, server.version);
  set(instance, names::kIsClustered, false);
  set(instance, names::kGuid, server.guid.to_string());
  set(instance, names::kName, server.name);
  set(instance, names::kMinVersionSupported, cim::Value(std::uint8_t{0}));
  set(instance, names::kMaxVersionSupported, cim::Value(std::uint8_t{0}));
  using Authentication = names::AuthenticationMethodsSupported;
  set(instance, names::kAuthenticationMethodsSupported,
      cim::Value::array_of(std::vector<std::uint16_t>{std::to_underlying(Authentication::kNone),
                                                      std::to_underlying(Authentication::kCHAP)}));
  set(instance, names::kIsRemoteManageable, server.remotely_manageable);
  return instance;
}

runtime::Task<Result<void, cim::Error>> GeneralProvider::enumerate_instances(cim::ProviderCall call,
                                                                             cim::InstanceSink& sink) {
  const auto server = co_await environment_.service.server(to_principal(call.context));
  if (!server) {
    co_return fail(to_cim(server.error()));
  }
  (void)co_await sink.put(general_instance(call.cls, *server));
  co_return Result<void, cim::Error>();
}

runtime::Task<Result<cim::Instance, cim::Error>> GeneralProvider::get_instance(cim::ProviderCall call,
                                                                               const cim::ObjectPath& /*path*/) {
  const auto server = co_await environment_.service.server(to_principal(call.context));
  if (!server) {
    co_return fail(to_cim(server.error()));
  }
  co_return general_instance(call.cls, *server);
}

runtime::Task<Result<void, cim::Error>> GeneralProvider::modify_instance(cim::ProviderCall call,
                                                                         const cim::ObjectPath& /*path*/,
                                                                         const cim::Instance& changes) {
  service::SetServer request;
  request.name = changed_text(changes, names::kName);
  const auto remote = changed_flag(changes, names::kIsRemoteManageable);
  if (!remote) {
    co_return fail(remote.error());
  }
  if (*remote == false && call.context.peer == cim::Peer::kRemote) {
    co_return fail(cim::Error(cim::Status::kFailed,
                              "IsRemoteManageable cannot be made false over the connection that this would cut; do it "
                              "on the server itself"));
  }
  request.remotely_manageable = *remote;
  const auto changed = co_await environment_.service.set_server(to_principal(call.context), std::move(request));
  if (!changed) {
    co_return fail(to_cim(changed.error()));
  }
  co_return Result<void, cim::Error>();
}

}  // namespace lunaria::providers
