// lunaria target: WT_Host.

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <array>
#include <limits>

#include "cli/command.h"
#include "cli/commands/chap_options.h"
#include "cli/commands/columns.h"
#include "cli/printer.h"
#include "cli/requests.h"
#include "schema/names.h"

namespace lunaria::cli {
namespace {

namespace names = schema::wt_host;
namespace mapping = schema::lunaria_mapping;
namespace offer = schema::lunaria_target;

cim::ObjectPath target_path(const std::string& name) {
  return path_of(kWmiSpace, names::kClass, {{std::string(names::kHostName), cim::Value(name)}});
}

cim::ObjectPath offer_path(const std::string& name) {
  return path_of(kLunariaSpace, offer::kClass, {{std::string(offer::kName), cim::Value(name)}});
}

Outcome<void> create(const Arguments& arguments, Environment& environment) {
  const std::string name = arguments.text("NAME");
  const auto made = invoke(environment.server, {cim::NamespaceName(kWmiSpace), std::string(names::kClass)},
                           names::new_host::kMethod, {{std::string(names::new_host::kHostName), cim::Value(name)}});
  if (!made) {
    return fail(made.error());
  }
  Properties changes;
  if (arguments.has("--iqn")) {
    changes.push_back({std::string(names::kTargetIQN), cim::Value(arguments.text("--iqn"))});
  }
  if (arguments.has("--description")) {
    changes.push_back({std::string(names::kDescription), cim::Value(arguments.text("--description"))});
  }
  if (!changes.empty()) {
    if (const auto changed = modify_instance(environment.server, target_path(name), changes); !changed) {
      // Half a target is worse than none: the name would be taken when the command is repeated.
      const auto removed = delete_instance(environment.server, target_path(name));
      Failure failure = changed.error();
      failure.message += removed ? "; the target was not made" : "; the target was made without it";
      return fail(std::move(failure));
    }
  }
  const auto target = get_instance(environment.server, target_path(name));
  if (!target) {
    return fail(target.error());
  }
  environment.printer.made(target_columns(), row_of(target_columns(), *target),
                           fmt::format("Target {} made: {}\nNobody may log in yet: lunaria allow {} --iqn INITIATOR",
                                       name, text_of(*target, names::kTargetIQN), name));
  return {};
}

Outcome<void> list(const Arguments& /*arguments*/, Environment& environment) {
  const auto targets = enumerate(environment.server, kWmiSpace, names::kClass);
  if (!targets) {
    return fail(targets.error());
  }
  environment.printer.list(target_columns(), rows_of(target_columns(), *targets),
                           "There are no targets. Make one: lunaria target create NAME");
  return {};
}

/// A part of `target show`.
struct Part {
  std::string_view key;
  std::span<const Column> columns;
  Outcome<std::vector<Row>> rows;
  std::string_view nothing;
};

Outcome<void> print(Environment& environment, const Part& part, Json* json) {
  if (!part.rows) {
    return fail(part.rows.error());
  }
  if (json != nullptr) {
    (*json)[std::string(part.key)] = to_json(part.columns, *part.rows);
  } else {
    environment.printer.line("");
    environment.printer.list(part.columns, *part.rows, part.nothing);
  }
  return {};
}

Outcome<void> show(const Arguments& arguments, Environment& environment) {
  const std::string name = arguments.text("NAME");
  const auto target = get_instance(environment.server, target_path(name));
  if (!target) {
    return fail(target.error());
  }
  const Row row = row_of(target_columns(), *target);
  Json json = to_json(target_columns(), row);
  const bool is_json = environment.printer.options().json;
  if (!is_json) {
    environment.printer.show(target_columns(), row);
  }
  static constexpr auto kOfferColumns =
      std::to_array<Column>({{"tags", "OFFERED AT PORTAL GROUPS (NONE: ALL)", offer::kPortalGroupTags}});
  static constexpr auto kSessionColumns =
      std::to_array<Column>({{"max_connections", "CONNECTIONS IN A SESSION", offer::kMaxConnectionsPerSession},
                             {"error_recovery_level", "RECOVERY LEVEL", offer::kErrorRecoveryLevel},
                             {"immediate_data", "IMMEDIATE DATA", offer::kImmediateData},
                             {"initial_r2t", "INITIAL R2T", offer::kInitialR2T}});
  Server& server = environment.server;
  for (const Part& part :
       {Part{"portal_groups", kOfferColumns, rows_of_target(server, offer::kClass, offer::kName, kOfferColumns, name),
             "all portal groups"},
        Part{"sessions_may_have", kSessionColumns,
             rows_of_target(server, offer::kClass, offer::kName, kSessionColumns, name), "what every session may have"},
        Part{"mappings", mapping_columns(),
             rows_of_target(server, mapping::kClass, mapping::kTargetName, mapping_columns(), name),
             "No disk is mapped."},
        Part{"initiators", access_columns(), access_rows(server, name), "Nobody may log in."},
        Part{"redirects", redirect_columns(), redirect_rows(server, name), "Logins are not sent elsewhere."}}) {
    if (auto shown = print(environment, part, is_json ? &json : nullptr); !shown) {
      return shown;
    }
  }
  if (is_json) {
    environment.printer.json(json);
  }
  return {};
}

/// A property that an option of `target set` changes.
struct Setting {
  std::string_view option;
  std::string_view property;
};
constexpr auto kTexts = std::to_array<Setting>({
    {"--iqn", names::kTargetIQN},
    {"--description", names::kDescription},
});
constexpr auto kSwitches = std::to_array<Setting>({
    {"--enabled", names::kEnabled},
    {"--idle-timeout", names::kEnforceIdleTimeoutDetection},
});
constexpr auto kNumbers = std::to_array<Setting>({
    {"--max-recv-data-segment-length", names::kTargetMaxRecvDataSegmentLength},
    {"--first-burst-length", names::kTargetFirstBurstLength},
    {"--max-burst-length", names::kTargetMaxBurstLength},
    {"--receive-buffers", names::kNumRecvBuffers},
});
/// Of LUNARIA_Target.
constexpr auto kOfferNumbers = std::to_array<Setting>({
    {"--max-connections", offer::kMaxConnectionsPerSession},
    {"--error-recovery-level", offer::kErrorRecoveryLevel},
});
constexpr auto kOfferSwitches = std::to_array<Setting>({
    {"--immediate-data", offer::kImmediateData},
    {"--initial-r2t", offer::kInitialR2T},
});

constexpr auto kChaps = std::to_array<ChapOptions>({
    {"--chap-user", "--chap-secret-file", "--no-chap", names::kEnableCHAP, names::kCHAPUserName, names::kCHAPSecret,
     "CHAP secret of the initiator"},
    {"--reverse-chap-user", "--reverse-chap-secret-file", "--no-reverse-chap", names::kEnableReverseCHAP,
     names::kReverseCHAPUserName, names::kReverseCHAPSecret, "CHAP secret of the target"},
});

Outcome<void> add_numbers(const Arguments& arguments, std::span<const Setting> settings, Properties& changes) {
  for (const Setting& setting : settings) {
    const auto number = arguments.number(setting.option);
    if (number && *number > std::numeric_limits<std::uint32_t>::max()) {
      return fail(usage(fmt::format("{} is too large for {}", *number, setting.option)));
    }
    if (number) {
      changes.push_back({std::string(setting.property), cim::Value(static_cast<std::uint32_t>(*number))});
    }
  }
  return {};
}

void add_switches(const Arguments& arguments, std::span<const Setting> settings, Properties& changes) {
  for (const Setting& setting : settings) {
    if (const auto is_on = arguments.on_off(setting.option)) {
      changes.push_back({std::string(setting.property), cim::Value(*is_on)});
    }
  }
}

Outcome<Properties> changes_of(const Arguments& arguments, Environment& environment) {
  Properties changes;
  for (const Setting& setting : kTexts) {
    if (arguments.has(setting.option)) {
      changes.push_back({std::string(setting.property), cim::Value(arguments.text(setting.option))});
    }
  }
  add_switches(arguments, kSwitches, changes);
  if (const auto added = add_numbers(arguments, kNumbers, changes); !added) {
    return fail(added.error());
  }
  for (const ChapOptions& chap : kChaps) {
    if (const auto added = add_chap(arguments, environment, chap, changes); !added) {
      return fail(added.error());
    }
  }
  return changes;
}

/// The groups at which the target is to be offered; nullopt when nothing was said.
Outcome<std::optional<cim::Value>> portal_groups_of(const Arguments& arguments) {
  if (!arguments.has("--portal-group") && !arguments.has("--all-portal-groups")) {
    return std::optional<cim::Value>();
  }
  if (arguments.has("--portal-group") && arguments.has("--all-portal-groups")) {
    return fail(usage("--all-portal-groups excludes --portal-group"));
  }
  std::vector<std::uint16_t> tags;
  for (const std::string& text : arguments.all("--portal-group")) {
    Arguments one;
    one.add("--portal-group", text);
    const auto tag = portal_group_tag(one, "--portal-group");
    if (!tag) {
      return fail(tag.error());
    }
    tags.push_back(*tag);
  }
  return std::optional(cim::Value::array_of(tags));
}

/// What of the target's offers is to change.
Outcome<Properties> offers_of(const Arguments& arguments) {
  const auto groups = portal_groups_of(arguments);
  if (!groups) {
    return fail(groups.error());
  }
  Properties offers;
  if (*groups) {
    offers.push_back({std::string(offer::kPortalGroupTags), **groups});
  }
  if (const auto added = add_numbers(arguments, kOfferNumbers, offers); !added) {
    return fail(added.error());
  }
  add_switches(arguments, kOfferSwitches, offers);
  return offers;
}

Outcome<void> set(const Arguments& arguments, Environment& environment) {
  const auto changes = changes_of(arguments, environment);
  if (!changes) {
    return fail(changes.error());
  }
  const auto offers = offers_of(arguments);
  if (!offers) {
    return fail(offers.error());
  }
  if (changes->empty() && offers->empty()) {
    return fail(usage("nothing to change was given", "`lunaria target set --help` shows what can be changed."));
  }
  const std::string name = arguments.text("NAME");
  const auto done =
      changes->empty() ? Outcome<void>() : modify_instance(environment.server, target_path(name), *changes);
  if (!done) {
    return fail(done.error());
  }
  const auto offered =
      offers->empty() ? Outcome<void>() : modify_instance(environment.server, offer_path(name), *offers);
  if (!offered) {
    return fail(offered.error());
  }
  environment.printer.done(fmt::format("Target {} changed.", name));
  return {};
}

Outcome<void> remove(const Arguments& arguments, Environment& environment) {
  const std::string name = arguments.text("NAME");
  if (const auto done = delete_instance(environment.server, target_path(name)); !done) {
    return fail(done.error());
  }
  environment.printer.done(fmt::format("Target {} deleted; its disks stay.", name));
  return {};
}

constexpr Option kName{"NAME", Takes::kText, "Name of the target"};
constexpr Option kIqn{"--iqn", Takes::kText, "iSCSI name of the target"};
constexpr Option kDescription{"--description", Takes::kText, "Free text"};
constexpr auto kNameOnly = std::to_array<Option>({kName});
constexpr auto kCreateOptions = std::to_array<Option>({
    kName,
    {"--iqn", Takes::kText, "iSCSI name; else made from the names of the server and the target"},
    kDescription,
});
constexpr auto kSetOptions = std::to_array<Option>({
    kName,
    {"--enabled", Takes::kOnOff, "off: no new discovery and logins; sessions stay"},
    kIqn,
    kDescription,
    {"--chap-user", Takes::kText, "Make initiators prove who they are, under this name; the secret is asked for"},
    kChapSecretFile,
    kChapSecret,
    {"--no-chap", Takes::kNothing, "Let initiators in without proof"},
    kReverseChapUser,
    kReverseChapSecretFile,
    kReverseChapSecret,
    kNoReverseChap,
    {"--max-recv-data-segment-length", Takes::kNumber, "Longest data segment in one PDU, 512 to 16777215 bytes"},
    {"--first-burst-length", Takes::kNumber, "Most unsolicited data per command, 512 to 16777215 bytes"},
    {"--max-burst-length", Takes::kNumber, "Most data in one sequence, 512 to 16777215 bytes"},
    {"--receive-buffers", Takes::kNumber, "Receive buffers for each connection"},
    {"--max-connections", Takes::kNumber, "Most connections in a session, 1 to 16"},
    {"--error-recovery-level", Takes::kNumber, "Recovery that initiators may have: 0, 1 (within a connection) or 2"},
    {"--immediate-data", Takes::kOnOff, "Let initiators send data together with a WRITE command"},
    {"--initial-r2t", Takes::kOnOff, "Let all other data wait until it is asked for"},
    {"--idle-timeout", Takes::kOnOff, "Probe idle connections, and drop those that do not answer"},
    {.name = "--portal-group",
     .takes = Takes::kNumber,
     .help = "Offer it at this portal group, and at no other but those given likewise; sessions elsewhere are dropped",
     .is_repeated = true},
    {"--all-portal-groups", Takes::kNothing, "Offer it at every portal group"},
});

constexpr auto kCommands = std::to_array<Command>({
    {"target create", "Make a target", "lunaria target create web", kCreateOptions, &create},
    {"target list", "List the targets", "lunaria target list", {}, &list},
    {"target show", "Show a target, its disks and who may log in", "lunaria target show web", kNameOnly, &show},
    {"target set", "Change a target", "lunaria target set web --chap-user iqn.1993-08.org.debian:01:abc", kSetOptions,
     &set},
    {"target delete", "Delete a target; its disks stay", "lunaria target delete web", kNameOnly, &remove},
});

}  // namespace

std::span<const Command> target_commands() {
  return kCommands;
}

std::span<const Column> target_columns() {
  static constexpr auto kColumns = std::to_array<Column>({
      {"name", "NAME", names::kHostName},
      {"iqn", "IQN", names::kTargetIQN},
      {"enabled", "ENABLED", names::kEnabled},
      {"chap", "CHAP", names::kEnableCHAP},
      {"last_login", "LAST LOGIN", names::kLastLogIn, Format::kTime},
      {"description", "DESCRIPTION", names::kDescription, Format::kPlain, false},
      {"chap_user", "CHAP USER", names::kCHAPUserName, Format::kPlain, false},
      {"chap_secret_set", "CHAP SECRET", names::kCHAPSecret, Format::kSecret, false},
      {"reverse_chap", "REVERSE CHAP", names::kEnableReverseCHAP, Format::kPlain, false},
      {"reverse_chap_user", "REVERSE CHAP USER", names::kReverseCHAPUserName, Format::kPlain, false},
      {"reverse_chap_secret_set", "REVERSE CHAP SECRET", names::kReverseCHAPSecret, Format::kSecret, false},
      {"max_recv_data_segment_length", "MAX DATA SEGMENT", names::kTargetMaxRecvDataSegmentLength, Format::kPlain,
       false},
      {"first_burst_length", "FIRST BURST", names::kTargetFirstBurstLength, Format::kPlain, false},
      {"max_burst_length", "MAX BURST", names::kTargetMaxBurstLength, Format::kPlain, false},
      {"receive_buffers", "RECEIVE BUFFERS", names::kNumRecvBuffers, Format::kPlain, false},
      {"idle_timeout", "IDLE TIMEOUT", names::kEnforceIdleTimeoutDetection, Format::kPlain, false},
      {"guid", "GUID", names::kGuid, Format::kPlain, false},
  });
  return kColumns;
}

}  // namespace lunaria::cli
