#include "providers/wt/connection_provider.h"

#include <array>

#include "providers/errors.h"
#include "providers/listed_provider.h"
#include "providers/principals.h"
#include "providers/values.h"
#include "providers/wt/session_instance.h"
#include "schema/names.h"

namespace lunaria::providers {
namespace {

namespace names = schema::wt_connection;

/// What a connection has from its session.
constexpr auto kColumns = std::to_array<Column<service::Session>>({
    {names::kTSIH, [](const service::Session& item) { return cim::Value(item.status.tsih); }},
});

}  // namespace

runtime::Task<Result<void, cim::Error>> ConnectionProvider::enumerate_instances(cim::ProviderCall call,
                                                                                cim::InstanceSink& sink) {
  const auto sessions = co_await environment_.service.list_sessions(to_principal(call.context));
  if (!sessions) {
    co_return fail(to_cim(sessions.error()));
  }
  const ItemFilter<service::Session> filter(call, kColumns);
  for (const service::Session& session : *sessions) {
    if (!filter.admits(session)) {
      continue;
    }
    for (const target::ConnectionStatus& connection : session.status.connections) {
      const bool go_on = co_await sink.put(connection_instance(call.cls, session.status.tsih, connection));
      if (!go_on) {
        co_return Result<void, cim::Error>();
      }
    }
  }
  co_return Result<void, cim::Error>();
}

runtime::Task<Result<cim::Instance, cim::Error>> ConnectionProvider::get_instance(cim::ProviderCall call,
                                                                                  const cim::ObjectPath& path) {
  const auto sessions = co_await environment_.service.list_sessions(to_principal(call.context));
  if (!sessions) {
    co_return fail(to_cim(sessions.error()));
  }
  const std::uint64_t tsih = number_key(path, names::kTSIH);
  const std::uint64_t cid = number_key(path, names::kCID);
  for (const service::Session& session : *sessions) {
    if (session.status.tsih != tsih) {
      continue;
    }
    for (const target::ConnectionStatus& connection : session.status.connections) {
      if (connection.cid == cid) {
        co_return connection_instance(call.cls, session.status.tsih, connection);
      }
    }
  }
  co_return fail(
      not_found("There is no connection " + std::to_string(cid) + " in a session with TSIH " + std::to_string(tsih)));
}

}  // namespace lunaria::providers
