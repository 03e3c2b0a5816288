// lunaria portal: LUNARIA_Portal.

#include <fmt/format.h>

#include <array>

#include "base/ip_address.h"
#include "cli/command.h"
#include "cli/commands/columns.h"
#include "cli/printer.h"
#include "cli/requests.h"
#include "schema/names.h"

namespace lunaria::cli {
namespace {

namespace names = schema::lunaria_portal;

Outcome<void> list(const Arguments& /*arguments*/, Environment& environment) {
  const auto portals = enumerate(environment.server, kLunariaSpace, names::kClass);
  if (!portals) {
    return fail(portals.error());
  }
  environment.printer.list(portal_columns(), rows_of(portal_columns(), *portals), "The server has no address.");
  return {};
}

Outcome<void> set(const Arguments& arguments, Environment& environment) {
  const auto address = IpAddress::parse(arguments.text("ADDRESS"));
  if (!address) {
    return fail(usage(fmt::format("'{}' is no IP address", arguments.text("ADDRESS")),
                      "`lunaria portal list` shows the addresses; the port goes to --port."));
  }
  Properties changes;
  if (const auto port = arguments.number("--port")) {
    if (*port == 0 || *port > 65535) {
      return fail(usage("--port must be 1 to 65535"));
    }
    changes.push_back({std::string(names::kPort), cim::Value(static_cast<std::uint32_t>(*port))});
  }
  if (const auto is_on = arguments.on_off("--listen")) {
    changes.push_back({std::string(names::kListen), cim::Value(*is_on)});
  }
  if (arguments.has("--group")) {
    const auto tag = portal_group_tag(arguments, "--group");
    if (!tag) {
      return fail(tag.error());
    }
    changes.push_back({std::string(names::kPortalGroupTag), cim::Value(*tag)});
  }
  if (changes.empty()) {
    return fail(usage("nothing to change was given: --port NUMBER, --listen on|off or --group TAG"));
  }
  const auto done = modify_instance(
      environment.server,
      path_of(kLunariaSpace, names::kClass, {{std::string(names::kAddress), cim::Value(address->to_string())}}),
      changes);
  if (!done) {
    return fail(done.error());
  }
  environment.printer.done(fmt::format("Portal {} changed.", address->to_string()));
  return {};
}

constexpr auto kSetOptions = std::to_array<Option>({
    {"ADDRESS", Takes::kText, "IP address of the server"},
    {"--port", Takes::kNumber, "TCP port; 3260 is customary"},
    {"--listen", Takes::kOnOff, "Whether connections are accepted; sessions that exist stay"},
    {"--group", Takes::kNumber, "Portal group that it is in; sessions that came by it are dropped when that changes"},
});
constexpr auto kCommands = std::to_array<Command>({
    {"portal list", "List the addresses of the server", "lunaria portal list", {}, &list},
    {"portal set", "Change the port or the group of an address, or whether it is served",
     "lunaria portal set 192.0.2.1 --listen on", kSetOptions, &set},
});

}  // namespace

std::span<const Command> portal_commands() {
  return kCommands;
}

std::span<const Column> portal_columns() {
  static constexpr auto kColumns = std::to_array<Column>({
      {"address", "ADDRESS", names::kAddress},
      {"port", "PORT", names::kPort},
      {"listen", "LISTEN", names::kListen},
      {"group", "GROUP", names::kPortalGroupTag},
      {"failure", "FAILURE", names::kFailure},
      {"present", "PRESENT", names::kPresent, Format::kPlain, false},
  });
  return kColumns;
}

}  // namespace lunaria::cli
