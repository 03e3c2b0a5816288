#include "providers/wt/session_provider.h"

#include <algorithm>

#include "providers/errors.h"
#include "providers/principals.h"
#include "providers/values.h"
#include "providers/wt/session_instance.h"
#include "schema/names.h"

namespace lunaria::providers {

/// Null when Connections is not wanted.
cim::ClassPtr SessionProvider::connection_class(const cim::ProviderCall& call) const {
  return call.wants(schema::wt_session::kConnections)
             ? environment_.repository.find_class(call.name_space, schema::wt_connection::kClass)
             : nullptr;
}

runtime::Task<Result<void, cim::Error>> SessionProvider::enumerate_instances(cim::ProviderCall call,
                                                                             cim::InstanceSink& sink) {
  const auto sessions = co_await environment_.service.list_sessions(to_principal(call.context));
  if (!sessions) {
    co_return fail(to_cim(sessions.error()));
  }
  const cim::ClassPtr connection = connection_class(call);
  for (const service::Session& session : *sessions) {
    const bool go_on = co_await sink.put(session_instance(call.cls, connection, session));
    if (!go_on) {
      break;
    }
  }
  co_return Result<void, cim::Error>();
}

runtime::Task<Result<cim::Instance, cim::Error>> SessionProvider::get_instance(cim::ProviderCall call,
                                                                               const cim::ObjectPath& path) {
  const auto sessions = co_await environment_.service.list_sessions(to_principal(call.context));
  if (!sessions) {
    co_return fail(to_cim(sessions.error()));
  }
  const std::uint64_t tsih = number_key(path, schema::wt_session::kTSIH);
  const auto found =
      std::ranges::find_if(*sessions, [tsih](const service::Session& session) { return session.status.tsih == tsih; });
  if (found == sessions->end()) {
    co_return fail(not_found("There is no session with TSIH " + std::to_string(tsih)));
  }
  co_return session_instance(call.cls, connection_class(call), *found);
}

}  // namespace lunaria::providers
