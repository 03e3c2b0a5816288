#include "providers/wt/session_provider.h"

#include <algorithm>
#include <array>

#include "cim/repository.h"
#include "providers/errors.h"
#include "providers/listed_provider.h"
#include "providers/principals.h"
#include "providers/values.h"
#include "providers/wt/session_instance.h"
#include "schema/names.h"

namespace lunaria::providers {
namespace {

namespace names = schema::wt_session;

/// By which clients look for them.
constexpr auto kColumns = std::to_array<Column<service::Session>>({
    {names::kTSIH, [](const service::Session& item) { return cim::Value(item.status.tsih); }},
    {names::kHostName, [](const service::Session& item) { return cim::Value(item.target_label); }},
    {names::kInitiatorIQN, [](const service::Session& item) { return cim::Value(item.status.initiator_name); }},
    {names::kHostTargetIQN, [](const service::Session& item) { return cim::Value(item.status.target_name); }},
});

}  // namespace

/// Null when Connections is not wanted.
cim::ClassPtr SessionProvider::connection_class(const cim::ProviderCall& call) const {
  return call.wants(names::kConnections)
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
  const auto make = [&](const service::Session& session) { return session_instance(call.cls, connection, session); };
  auto outcome = co_await put_listed<service::Session>(call, sink, *sessions, kColumns, make);
  co_return outcome;
}

runtime::Task<Result<cim::Instance, cim::Error>> SessionProvider::get_instance(cim::ProviderCall call,
                                                                               const cim::ObjectPath& path) {
  const auto sessions = co_await environment_.service.list_sessions(to_principal(call.context));
  if (!sessions) {
    co_return fail(to_cim(sessions.error()));
  }
  const std::uint64_t tsih = number_key(path, names::kTSIH);
  const auto found =
      std::ranges::find_if(*sessions, [tsih](const service::Session& session) { return session.status.tsih == tsih; });
  if (found == sessions->end()) {
    co_return fail(not_found("There is no session with TSIH " + std::to_string(tsih)));
  }
  co_return session_instance(call.cls, connection_class(call), *found);
}

}  // namespace lunaria::providers
