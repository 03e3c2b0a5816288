// lunaria service: MSFTSM_ObjectManager.

#include <fmt/format.h>

#include <array>

#include "cli/command.h"
#include "cli/commands/columns.h"
#include "schema/names.h"

namespace lunaria::cli {
namespace {

namespace names = schema::msftsm_object_manager;

constexpr std::string_view kServiceName = "object-manager";

std::string enabled_state(std::uint64_t number) {
  switch (static_cast<names::EnabledState>(number)) {
    case names::EnabledState::kEnabled:
      return "running";
    case names::EnabledState::kDisabled:
      return "stopped";
    case names::EnabledState::kShuttingDown:
      return "stopping";
    case names::EnabledState::kStarting:
      return "starting";
    default:
      return fmt::format("state {}", number);
  }
}

std::string requested_state(std::uint64_t number) {
  switch (static_cast<names::RequestedState>(number)) {
    case names::RequestedState::kEnabled:
      return "start";
    case names::RequestedState::kDisabled:
      return "stop";
    case names::RequestedState::kNoChange:
    case names::RequestedState::kNotApplicable:
      return "nothing";
    default:
      return fmt::format("state {}", number);
  }
}

Outcome<void> list(const Arguments& /*arguments*/, Environment& environment) {
  const auto manager = find_object_manager(environment.server);
  if (!manager) {
    return fail(manager.error());
  }
  environment.printer.list(service_columns(), {service_row(manager->instance)}, "");
  return {};
}

Outcome<void> status(const Arguments& /*arguments*/, Environment& environment) {
  const auto manager = find_object_manager(environment.server);
  if (!manager) {
    return fail(manager.error());
  }
  environment.printer.show(service_columns(), service_row(manager->instance));
  return {};
}

/// StartService and StopService answer 0 when done, 1 when not supported, another number for an error.
Outcome<void> change(Environment& environment, std::string_view method, std::string_view done) {
  const auto manager = find_object_manager(environment.server);
  if (!manager) {
    return fail(manager.error());
  }
  const auto answer = invoke(environment.server, *manager->path, method);
  if (!answer) {
    return fail(answer.error());
  }
  using Code = names::request_state_change::ReturnValue;
  const auto number = answer->return_value.as_unsigned();
  if (!number) {
    return fail(Failure{ExitCode::kFailed, fmt::format("{} answered no number", method)});
  }
  const auto code = static_cast<Code>(*number);
  if (code == Code::kCompletedWithNoError) {
    environment.printer.done(done);
    return {};
  }
  const ExitCode exit_code = code == Code::kNotSupported                   ? ExitCode::kNotSupported
                             : code == Code::kInUse || code == Code::kBusy ? ExitCode::kExists
                                                                           : ExitCode::kFailed;
  return fail(Failure{exit_code, fmt::format("{} answered {}", method, *number),
                      "`lunaria service status` shows the state; 4099 means that another change is under way."});
}

Outcome<void> start(const Arguments& /*arguments*/, Environment& environment) {
  return change(environment, names::start_service::kMethod, "The object manager runs.");
}

Outcome<void> stop(const Arguments& /*arguments*/, Environment& environment) {
  return change(environment, names::stop_service::kMethod,
                "The object manager is stopped; iSCSI goes on. Start it on the server: lunaria service start");
}

constexpr auto kService = std::to_array<Option>({
    {"--service", Takes::kChoice, "Which service; there is one", kServiceName},
});
constexpr auto kCommands = std::to_array<Command>({
    {"service list", "List the services", "lunaria service list", {}, &list},
    {"service status", "Show the state of the object manager", "lunaria service status", kService, &status},
    {"service start", "Start the object manager", "lunaria service start", kService, &start},
    {"service stop", "Stop the object manager: no management over the network; iSCSI goes on", "lunaria service stop",
     kService, &stop},
});

}  // namespace

std::span<const Command> service_commands() {
  return kCommands;
}

std::span<const Column> service_columns() {
  static constexpr auto kColumns = std::to_array<Column>({
      {"name", "SERVICE", ""},
      {"state", "STATE", ""},
      {"requested", "LAST REQUEST", ""},
      {"start_mode", "AT START", names::kStartMode},
      {"since", "SINCE", names::kTimeOfLastStateChange, Format::kTime},
      {"started", "STARTED", names::kStarted, Format::kPlain, false},
      {"instance", "INSTANCE", names::kName, Format::kPlain, false},
  });
  return kColumns;
}

Row service_row(const cim::Instance& manager) {
  Row row = row_of(service_columns(), manager);
  row[0] = cim::Value(kServiceName);
  row[1] = cim::Value(enabled_state(number_of(manager, names::kEnabledState)));
  row[2] = cim::Value(requested_state(number_of(manager, names::kRequestedState)));
  return row;
}

Outcome<wbem::cimxml::NamedInstance> find_object_manager(Server& server) {
  auto managers = enumerate(server, kInteropSpace, names::kClass);
  if (!managers) {
    return fail(managers.error());
  }
  if (managers->empty() || !managers->front().path) {
    return fail(Failure{ExitCode::kNotFound, "the server shows no object manager"});
  }
  wbem::cimxml::NamedInstance manager = std::move(managers->front());
  manager.path->set_name_space(cim::NamespaceName(kInteropSpace));
  return manager;
}

}  // namespace lunaria::cli
