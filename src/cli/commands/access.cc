// lunaria allow, deny: WT_IDMethod; lunaria access: LUNARIA_AccessRule.

#include <fmt/format.h>

#include <array>
#include <utility>

#include "base/ip_address.h"
#include "base/mac_address.h"
#include "cli/command.h"
#include "cli/commands/columns.h"
#include "cli/printer.h"
#include "cli/requests.h"
#include "schema/names.h"

namespace lunaria::cli {
namespace {

namespace names = schema::wt_id_method;

/// Who is meant: a row of WT_IDMethod without the target.
struct Initiator {
  names::Method method;
  std::string value;
};

Outcome<Initiator> initiator_of(const Arguments& arguments) {
  int count = 0;
  for (const std::string_view option : {"--iqn", "--address", "--dns", "--mac", "--anyone"}) {
    count += static_cast<int>(arguments.has(option));
  }
  if (count != 1) {
    return fail(usage("give one of --iqn NAME, --address ADDRESS, --dns NAME, --mac ADDRESS and --anyone"));
  }
  if (arguments.has("--dns")) {
    return Initiator{names::Method::kDNSName, arguments.text("--dns")};
  }
  if (arguments.has("--mac")) {
    const auto mac = MacAddress::parse(arguments.text("--mac"));
    if (!mac) {
      return fail(usage(fmt::format("'{}' is no MAC address of a network card", arguments.text("--mac")),
                        "Write it as 00:1b:21:aa:bb:cc."));
    }
    return Initiator{names::Method::kMACAddress, mac->to_string()};
  }
  if (arguments.has("--anyone")) {
    return Initiator{names::Method::kIQN, "*"};
  }
  if (arguments.has("--iqn")) {
    return Initiator{names::Method::kIQN, arguments.text("--iqn")};
  }
  const std::string text = arguments.text("--address");
  if (const auto address = IpAddress::parse(text)) {
    return Initiator{address->is_v4() ? names::Method::kIPAddress : names::Method::kIPv6Address, address->to_string()};
  }
  if (const auto prefix = IpPrefix::parse(text)) {
    return Initiator{prefix->address.is_v4() ? names::Method::kIPAddress : names::Method::kIPv6Address,
                     prefix->to_string()};
  }
  return fail(usage(fmt::format("'{}' is no address", text), "Examples: 192.0.2.7, 192.0.2.0/24, 2001:db8::7."));
}

cim::Value method_value(names::Method method) {
  return cim::Value(std::int32_t{std::to_underlying(method)});
}

std::string who(const Initiator& initiator) {
  return initiator.value == "*" ? "any initiator" : initiator.value;
}

Outcome<void> allow(const Arguments& arguments, Environment& environment) {
  const auto initiator = initiator_of(arguments);
  if (!initiator) {
    return fail(initiator.error());
  }
  const std::string target = arguments.text("TARGET");
  const auto path = create_instance(environment.server, kWmiSpace, names::kClass,
                                    {{std::string(names::kHostName), cim::Value(target)},
                                     {std::string(names::kMethod), method_value(initiator->method)},
                                     {std::string(names::kValue), cim::Value(initiator->value)}});
  if (!path) {
    return fail(path.error());
  }
  environment.printer.done(fmt::format("{} may log in to target {}.", who(*initiator), target));
  return {};
}

Outcome<void> deny(const Arguments& arguments, Environment& environment) {
  const auto initiator = initiator_of(arguments);
  if (!initiator) {
    return fail(initiator.error());
  }
  const std::string target = arguments.text("TARGET");
  const auto done =
      delete_instance(environment.server, path_of(kWmiSpace, names::kClass,
                                                  {{std::string(names::kHostName), cim::Value(target)},
                                                   {std::string(names::kMethod), method_value(initiator->method)},
                                                   {std::string(names::kValue), cim::Value(initiator->value)}}));
  if (!done) {
    return fail(done.error());
  }
  environment.printer.done(fmt::format("The rule for {} is gone from target {}.", who(*initiator), target));
  return {};
}

Outcome<void> list(const Arguments& arguments, Environment& environment) {
  const auto rows = access_rows(environment.server, arguments.text("TARGET"));
  if (!rows) {
    return fail(rows.error());
  }
  environment.printer.list(access_columns(), *rows, "Nobody may log in: lunaria allow TARGET --iqn INITIATOR");
  return {};
}

constexpr auto kListOptions = std::to_array<Option>({
    {.name = "TARGET", .takes = Takes::kText, .help = "Only those of this target", .is_optional = true},
});
constexpr auto kOptions = std::to_array<Option>({
    {"TARGET", Takes::kText, "Name of the target"},
    {"--iqn", Takes::kText, "iSCSI name of the initiator"},
    {"--address", Takes::kText, "IP address of the initiator, or a prefix such as 192.0.2.0/24"},
    {"--dns", Takes::kText, "Host name of the initiator; its addresses are looked up and kept up to date"},
    {"--mac", Takes::kText, "MAC address of the initiator, which must be on a link of the server"},
    {"--anyone", Takes::kNothing, "Every initiator"},
});
constexpr auto kCommands = std::to_array<Command>({
    {"allow", "Let an initiator log in to a target", "lunaria allow web --iqn iqn.1993-08.org.debian:01:abc", kOptions,
     &allow},
    {"deny", "Take such a rule away; sessions that no other rule lets in are dropped",
     "lunaria deny web --address 192.0.2.7", kOptions, &deny},
    {"access list", "List who may log in, and what is known of DNS names", "lunaria access list web", kListOptions,
     &list},
});

}  // namespace

std::span<const Command> access_commands() {
  return kCommands;
}

std::span<const Column> access_columns() {
  namespace rule = schema::lunaria_access_rule;
  static constexpr auto kColumns = std::to_array<Column>({
      {"target", "TARGET", rule::kTargetName},
      {"initiator", "MAY LOG IN", rule::kValue},
      {"method", "METHOD", rule::kMethod},
      {"addresses", "ADDRESSES", rule::kAddresses},
      {"failure", "FAILURE", rule::kFailure},
      {"confirmed", "CONFIRMED", rule::kConfirmed, Format::kTime, false},
  });
  return kColumns;
}

// The numbers of the methods say nothing to people; their names are stable and go into JSON too.
Outcome<std::vector<Row>> access_rows(Server& server, std::string_view target) {
  namespace rule = schema::lunaria_access_rule;
  static constexpr auto kMethods = std::to_array<std::string_view>({"", "dns", "ipv4", "mac", "iqn", "ipv6"});
  auto rows = rows_of_target(server, rule::kClass, rule::kTargetName, access_columns(), target);
  if (!rows) {
    return fail(rows.error());
  }
  for (Row& row : *rows) {
    const auto number = row[2].as_unsigned().value_or(0);
    row[2] = cim::Value(number < kMethods.size() ? kMethods[number] : std::string_view("unknown"));
  }
  return rows;
}

}  // namespace lunaria::cli
