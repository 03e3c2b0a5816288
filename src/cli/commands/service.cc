// lunaria service: MSFTSM_ObjectManager and the services of the storage model, which start and stop alike.

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "base/check.h"
#include "cli/command.h"
#include "cli/commands/columns.h"
#include "cli/printer.h"
#include "cli/requests.h"
#include "cli/server.h"
#include "schema/names.h"

namespace lunaria::cli {
namespace {

namespace names = schema::msftsm_object_manager;

constexpr std::string_view kManagerName = "object-manager";

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

/// A service that can be started and stopped.
struct Kind {
  std::string_view name;
  std::string_view name_space;
  std::string_view class_name;
  std::string_view running;  ///< said when it has been started
  std::string_view stopped;
};

constexpr auto kKinds = std::to_array<Kind>({
    {kManagerName, kInteropSpace, names::kClass, "The object manager runs.",
     "The object manager is stopped; iSCSI goes on. Start it on the server: lunaria service start"},
    {"storage-configuration", kStorageSpace, schema::msiscsitarget_storage_configuration_service::kClass,
     "The storage configuration service takes calls.", "The storage configuration service takes no calls."},
    {"controller-configuration", kStorageSpace, schema::msiscsitarget_controller_configuration_service::kClass,
     "The controller configuration service takes calls.", "The controller configuration service takes no calls."},
    {"iscsi-configuration", kStorageSpace, schema::msiscsitarget_iscsi_configuration_service::kClass,
     "The iSCSI configuration service takes calls.", "The iSCSI configuration service takes no calls."},
    {"hardware-id-management", kStorageSpace, schema::msiscsitarget_storage_hardware_id_management_service::kClass,
     "The hardware ID management service takes calls.", "The hardware ID management service takes no calls."},
    {"replication", kStorageSpace, schema::msiscsitarget_replication_service::kClass,
     "The replication service takes calls.", "The replication service takes no calls."},
});
constexpr std::string_view kKindNames =
    "object-manager|storage-configuration|controller-configuration|iscsi-configuration|hardware-id-management|"
    "replication";

const Kind& kind_of(const Arguments& arguments) {
  const std::string name = arguments.has("SERVICE") ? arguments.text("SERVICE") : std::string(kManagerName);
  const auto* const found = std::ranges::find(kKinds, std::string_view(name), &Kind::name);
  check(found != kKinds.end(), "kKindNames are the names of kKinds");
  return *found;
}

Outcome<wbem::cimxml::NamedInstance> find_service(Server& server, const Kind& kind) {
  auto found = enumerate(server, kind.name_space, kind.class_name);
  if (!found) {
    return fail(found.error());
  }
  if (found->empty() || !found->front().path) {
    return fail(Failure{ExitCode::kNotFound, fmt::format("the server shows no service {}", kind.name)});
  }
  wbem::cimxml::NamedInstance service = std::move(found->front());
  service.path->set_name_space(cim::NamespaceName(kind.name_space));
  return service;
}

Row row_of_service(const Kind& kind, const cim::Instance& service) {
  Row row = row_of(service_columns(), service);
  row[0] = cim::Value(kind.name);
  row[1] = cim::Value(enabled_state(number_of(service, names::kEnabledState)));
  row[2] = cim::Value(requested_state(number_of(service, names::kRequestedState)));
  return row;
}

Outcome<void> list(const Arguments& /*arguments*/, Environment& environment) {
  std::vector<Row> rows;
  for (const Kind& kind : kKinds) {
    const auto service = find_service(environment.server, kind);
    if (!service) {
      return fail(service.error());
    }
    rows.push_back(row_of_service(kind, service->instance));
    if (!flag_of(service->instance, names::kStarted) && kind.name == kManagerName) {
      break;  // while it is stopped it shows nothing but itself
    }
  }
  environment.printer.list(service_columns(), rows, "");
  return {};
}

Outcome<void> status(const Arguments& arguments, Environment& environment) {
  const Kind& kind = kind_of(arguments);
  const auto service = find_service(environment.server, kind);
  if (!service) {
    return fail(service.error());
  }
  environment.printer.show(service_columns(), row_of_service(kind, service->instance));
  return {};
}

/// StartService and StopService answer 0 when done, 1 when not supported, another number for an error.
Outcome<void> change(const Kind& kind, Environment& environment, std::string_view method, std::string_view done) {
  const auto service = find_service(environment.server, kind);
  if (!service) {
    return fail(service.error());
  }
  const auto answer = invoke(environment.server, *service->path, method);
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
  return fail(
      Failure{exit_code, fmt::format("{} of {} answered {}", method, kind.name, *number),
              fmt::format("`lunaria service status {}` shows the state; 4099 means that another change is under way.",
                          kind.name)});
}

Outcome<void> start(const Arguments& arguments, Environment& environment) {
  const Kind& kind = kind_of(arguments);
  return change(kind, environment, names::start_service::kMethod, kind.running);
}

Outcome<void> stop(const Arguments& arguments, Environment& environment) {
  const Kind& kind = kind_of(arguments);
  return change(kind, environment, names::stop_service::kMethod, kind.stopped);
}

constexpr auto kService = std::to_array<Option>({
    {.name = "SERVICE",
     .takes = Takes::kChoice,
     .help = "Which service; the object manager unless given",
     .choices = kKindNames,
     .is_optional = true},
});
constexpr auto kCommands = std::to_array<Command>({
    {"service list", "List the services", "lunaria service list", {}, &list},
    {"service status", "Show the state of a service", "lunaria service status replication", kService, &status},
    {"service start", "Start a service", "lunaria service start", kService, &start},
    {"service stop", "Stop a service; stopping the object manager ends management over the network, and iSCSI goes on",
     "lunaria service stop", kService, &stop},
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
  return row_of_service(kKinds.front(), manager);
}

Outcome<wbem::cimxml::NamedInstance> find_object_manager(Server& server) {
  return find_service(server, kKinds.front());
}

}  // namespace lunaria::cli
