// lunaria allow, deny: WT_IDMethod.

#include <fmt/format.h>

#include <array>
#include <utility>

#include "base/ip_address.h"
#include "cli/command.h"
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
  const int count = static_cast<int>(arguments.has("--iqn")) + static_cast<int>(arguments.has("--address")) +
                    static_cast<int>(arguments.has("--anyone"));
  if (count != 1) {
    return fail(usage("give one of --iqn NAME, --address ADDRESS and --anyone"));
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

constexpr auto kOptions = std::to_array<Option>({
    {"TARGET", Takes::kText, "Name of the target"},
    {"--iqn", Takes::kText, "iSCSI name of the initiator"},
    {"--address", Takes::kText, "IP address of the initiator, or a prefix such as 192.0.2.0/24"},
    {"--anyone", Takes::kNothing, "Every initiator"},
});
constexpr auto kCommands = std::to_array<Command>({
    {"allow", "Let an initiator log in to a target", "lunaria allow web --iqn iqn.1993-08.org.debian:01:abc", kOptions,
     &allow},
    {"deny", "Take such a rule away; sessions that exist stay", "lunaria deny web --address 192.0.2.7", kOptions,
     &deny},
});

}  // namespace

std::span<const Command> access_commands() {
  return kCommands;
}

}  // namespace lunaria::cli
