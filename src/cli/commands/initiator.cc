// lunaria initiator: LUNARIA_Initiator.

#include <fmt/format.h>

#include <array>

#include "cli/command.h"
#include "cli/commands/chap_options.h"
#include "cli/commands/columns.h"
#include "cli/commands/rate_limit_options.h"
#include "cli/printer.h"
#include "cli/requests.h"
#include "schema/names.h"

namespace lunaria::cli {
namespace {

namespace names = schema::lunaria_initiator;

constexpr RateLimitNames kRateLimit{names::kIOPSLimit, names::kIOPSBurst, names::kBandwidthLimit,
                                    names::kBandwidthBurst};

cim::ObjectPath initiator_path(const std::string& name) {
  return path_of(kLunariaSpace, names::kClass, {{std::string(names::kName), cim::Value(name)}});
}

constexpr auto kColumns = std::to_array<Column>({
    {"name", "INITIATOR", names::kName},
    {"enabled", "ENABLED", names::kEnabled},
    {"chap", "CHAP", names::kEnableCHAP},
    {"sessions", "SESSIONS", names::kSessionCount},
    {"description", "DESCRIPTION", names::kDescription},
    {"chap_user", "CHAP USER", names::kCHAPUserName, Format::kPlain, false},
    {"chap_secret_set", "CHAP SECRET", names::kCHAPSecret, Format::kSecret, false},
    {"reverse_chap", "REVERSE CHAP", names::kEnableReverseCHAP, Format::kPlain, false},
    {"reverse_chap_user", "REVERSE CHAP USER", names::kReverseCHAPUserName, Format::kPlain, false},
    {"reverse_chap_secret_set", "REVERSE CHAP SECRET", names::kReverseCHAPSecret, Format::kSecret, false},
    {"iops_limit", "IOPS LIMIT", names::kIOPSLimit, Format::kPlain, false},
    {"iops_burst", "IOPS BURST", names::kIOPSBurst, Format::kPlain, false},
    {"bandwidth_limit", "BANDWIDTH LIMIT", names::kBandwidthLimit, Format::kSize, false},
    {"bandwidth_burst", "BANDWIDTH BURST", names::kBandwidthBurst, Format::kSize, false},
    {"created", "CREATED", names::kCreated, Format::kTime, false},
});

constexpr auto kChaps = std::to_array<ChapOptions>({
    {"--chap-user", "--chap-secret-file", "--no-chap", names::kEnableCHAP, names::kCHAPUserName, names::kCHAPSecret,
     "CHAP secret of the initiator"},
    {"--reverse-chap-user", "--reverse-chap-secret-file", "--no-reverse-chap", names::kEnableReverseCHAP,
     names::kReverseCHAPUserName, names::kReverseCHAPSecret, "CHAP secret of the target"},
});

Outcome<Properties> changes_of(const Arguments& arguments, Environment& environment) {
  Properties changes;
  if (arguments.has("--description")) {
    changes.push_back({std::string(names::kDescription), cim::Value(arguments.text("--description"))});
  }
  if (const auto is_on = arguments.on_off("--enabled")) {
    changes.push_back({std::string(names::kEnabled), cim::Value(*is_on)});
  }
  add_rate_limit(arguments, kRateLimit, changes);
  for (const ChapOptions& chap : kChaps) {
    if (const auto added = add_chap(arguments, environment, chap, changes); !added) {
      return fail(added.error());
    }
  }
  return changes;
}

Outcome<void> create(const Arguments& arguments, Environment& environment) {
  auto properties = changes_of(arguments, environment);
  if (!properties) {
    return fail(properties.error());
  }
  const std::string name = arguments.text("NAME");
  properties->push_back({std::string(names::kName), cim::Value(name)});
  if (const auto made = create_instance(environment.server, kLunariaSpace, names::kClass, *properties); !made) {
    return fail(made.error());
  }
  const auto initiator = get_instance(environment.server, initiator_path(name));
  if (!initiator) {
    return fail(initiator.error());
  }
  environment.printer.made(
      kColumns, row_of(kColumns, *initiator),
      fmt::format("Initiator {} is known now. Where it may log in is said by: lunaria allow TARGET "
                  "--iqn {}",
                  text_of(*initiator, names::kName), text_of(*initiator, names::kName)));
  return {};
}

Outcome<void> list(const Arguments& /*arguments*/, Environment& environment) {
  const auto initiators = enumerate(environment.server, kLunariaSpace, names::kClass);
  if (!initiators) {
    return fail(initiators.error());
  }
  environment.printer.list(kColumns, rows_of(kColumns, *initiators),
                           "Nothing is set for any initiator; the rules of the targets let them in or not.");
  return {};
}

Outcome<void> show(const Arguments& arguments, Environment& environment) {
  const auto initiator = get_instance(environment.server, initiator_path(arguments.text("NAME")));
  if (!initiator) {
    return fail(initiator.error());
  }
  environment.printer.show(kColumns, row_of(kColumns, *initiator));
  return {};
}

Outcome<void> set(const Arguments& arguments, Environment& environment) {
  const auto changes = changes_of(arguments, environment);
  if (!changes) {
    return fail(changes.error());
  }
  if (changes->empty()) {
    return fail(usage("nothing to change was given", "`lunaria initiator set --help` shows what can be changed."));
  }
  const std::string name = arguments.text("NAME");
  if (const auto done = modify_instance(environment.server, initiator_path(name), *changes); !done) {
    return fail(done.error());
  }
  environment.printer.done(fmt::format("Initiator {} changed.", name));
  return {};
}

Outcome<void> remove(const Arguments& arguments, Environment& environment) {
  const std::string name = arguments.text("NAME");
  if (const auto done = delete_instance(environment.server, initiator_path(name)); !done) {
    return fail(done.error());
  }
  environment.printer.done(fmt::format("What was set for initiator {} is forgotten; rules that name it stay.", name));
  return {};
}

constexpr Option kName{"NAME", Takes::kText, "iSCSI name of the initiator"};
constexpr Option kDescription{"--description", Takes::kText, "Free text"};
constexpr Option kEnabled{"--enabled", Takes::kOnOff, "off: refused everywhere, and its sessions are dropped"};
constexpr Option kChapUser{"--chap-user", Takes::kText,
                           "Make it prove who it is, under this name; the secret is asked for"};
constexpr auto kNameOnly = std::to_array<Option>({kName});
constexpr auto kCreateOptions = std::to_array<Option>(
    {kName, kDescription, kEnabled, kChapUser, kChapSecretFile, kChapSecret, kReverseChapUser, kReverseChapSecretFile,
     kReverseChapSecret, kIopsLimit, kIopsBurst, kBandwidthLimit, kBandwidthBurst});
constexpr auto kSetOptions = std::to_array<Option>({
    kName,
    kDescription,
    kEnabled,
    kChapUser,
    kChapSecretFile,
    kChapSecret,
    {"--no-chap", Takes::kNothing, "Ask it for what targets ask everyone for"},
    kReverseChapUser,
    kReverseChapSecretFile,
    kReverseChapSecret,
    kNoReverseChap,
    kIopsLimit,
    kIopsBurst,
    kNoIopsLimit,
    kBandwidthLimit,
    kBandwidthBurst,
    kNoBandwidthLimit,
});
constexpr auto kCommands = std::to_array<Command>({
    {"initiator create", "Give an initiator a secret of its own, limits, or a description",
     "lunaria initiator create iqn.1993-08.org.debian:01:abc --chap-user abc", kCreateOptions, &create},
    {"initiator list", "List the initiators that something is set for", "lunaria initiator list", {}, &list},
    {"initiator show", "Show what is set for an initiator", "lunaria initiator show iqn.1993-08.org.debian:01:abc",
     kNameOnly, &show},
    {"initiator set", "Change what is set for an initiator",
     "lunaria initiator set iqn.1993-08.org.debian:01:abc --enabled off", kSetOptions, &set},
    {"initiator delete", "Forget what is set for an initiator",
     "lunaria initiator delete iqn.1993-08.org.debian:01:abc", kNameOnly, &remove},
});

}  // namespace

std::span<const Command> initiator_commands() {
  return kCommands;
}

}  // namespace lunaria::cli
