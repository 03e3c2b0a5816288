// lunaria session: WT_Session with its WT_Connection instances.

#include <fmt/format.h>

#include <array>

#include "cli/command.h"
#include "cli/commands/columns.h"
#include "cli/printer.h"
#include "cli/requests.h"
#include "schema/names.h"

namespace lunaria::cli {
namespace {

namespace names = schema::wt_session;
namespace connection = schema::wt_connection;

std::string endpoint(const cim::Instance& instance) {
  const std::string address = text_of(instance, connection::kInitiatorIPAddress);
  const std::uint64_t port = number_of(instance, connection::kInitiatorPort);
  return address.contains(':') ? fmt::format("[{}]:{}", address, port) : fmt::format("{}:{}", address, port);
}

Outcome<void> list(const Arguments& /*arguments*/, Environment& environment) {
  const auto sessions = enumerate(environment.server, kWmiSpace, names::kClass);
  if (!sessions) {
    return fail(sessions.error());
  }
  environment.printer.list(session_columns(), session_rows(*sessions), "Nobody is logged in.");
  return {};
}

constexpr auto kCommands = std::to_array<Command>({
    {"session list", "List the sessions that are logged in", "lunaria session list", {}, &list},
});

}  // namespace

std::span<const Command> session_commands() {
  return kCommands;
}

std::span<const Column> session_columns() {
  static constexpr auto kColumns = std::to_array<Column>({
      {"tsih", "SESSION", names::kTSIH},
      {"target", "TARGET", names::kHostName},
      {"initiator", "INITIATOR", names::kInitiatorIQN},
      {"type", "TYPE", ""},
      {"addresses", "ADDRESS", ""},
      {"authentication", "AUTHENTICATION", ""},
      {"target_iqn", "TARGET IQN", names::kHostTargetIQN, Format::kPlain, false},
  });
  return kColumns;
}

std::vector<Row> session_rows(const NamedInstances& sessions) {
  std::vector<Row> rows;
  for (const auto& each : sessions) {
    const cim::Instance& session = each.instance;
    std::vector<cim::Value> addresses;
    std::string authentication = "none";
    for (const cim::Value& element : value_of(session, names::kConnections).elements()) {
      if (const cim::InstancePtr one = element.as_instance()) {
        addresses.emplace_back(endpoint(*one));
        if (number_of(*one, connection::kAuthenticationMethodUsed) ==
            std::to_underlying(connection::AuthenticationMethodUsed::kCHAP)) {
          authentication = flag_of(*one, connection::kIsMutualAuthentication) ? "mutual CHAP" : "CHAP";
        }
      }
    }
    const bool is_normal = number_of(session, names::kSessionType) == std::to_underlying(names::SessionType::kNormal);
    rows.push_back({value_of(session, names::kTSIH), value_of(session, names::kHostName),
                    value_of(session, names::kInitiatorIQN), cim::Value(is_normal ? "normal" : "discovery"),
                    cim::Value::array(cim::Type::kString, std::move(addresses)), cim::Value(authentication),
                    value_of(session, names::kHostTargetIQN)});
  }
  return rows;
}

}  // namespace lunaria::cli
