// lunaria portal-group: LUNARIA_PortalGroup.

#include <fmt/format.h>

#include <array>

#include "cli/command.h"
#include "cli/commands/chap_options.h"
#include "cli/commands/columns.h"
#include "cli/printer.h"
#include "cli/requests.h"
#include "schema/names.h"

namespace lunaria::cli {
namespace {

namespace names = schema::lunaria_portal_group;

cim::ObjectPath group_path(std::uint16_t tag) {
  return path_of(kLunariaSpace, names::kClass, {{std::string(names::kTag), cim::Value(tag)}});
}

constexpr auto kColumns = std::to_array<Column>({
    {"tag", "TAG", names::kTag},
    {"portals", "PORTALS", names::kPortals},
    {"targets", "TARGETS", names::kTargets},
    {"discovery_chap", "DISCOVERY CHAP", names::kEnableCHAP},
    {"description", "DESCRIPTION", names::kDescription},
    {"chap_user", "CHAP USER", names::kCHAPUserName, Format::kPlain, false},
    {"chap_secret_set", "CHAP SECRET", names::kCHAPSecret, Format::kSecret, false},
    {"reverse_chap", "REVERSE CHAP", names::kEnableReverseCHAP, Format::kPlain, false},
    {"reverse_chap_user", "REVERSE CHAP USER", names::kReverseCHAPUserName, Format::kPlain, false},
    {"reverse_chap_secret_set", "REVERSE CHAP SECRET", names::kReverseCHAPSecret, Format::kSecret, false},
});

constexpr auto kChaps = std::to_array<ChapOptions>({
    {"--chap-user", "--chap-secret-file", "--no-chap", names::kEnableCHAP, names::kCHAPUserName, names::kCHAPSecret,
     "CHAP secret of those who discover"},
    {"--reverse-chap-user", "--reverse-chap-secret-file", "--no-reverse-chap", names::kEnableReverseCHAP,
     names::kReverseCHAPUserName, names::kReverseCHAPSecret, "CHAP secret of the target"},
});

Outcome<Properties> changes_of(const Arguments& arguments, Environment& environment) {
  Properties changes;
  if (arguments.has("--description")) {
    changes.push_back({std::string(names::kDescription), cim::Value(arguments.text("--description"))});
  }
  for (const ChapOptions& chap : kChaps) {
    if (const auto added = add_chap(arguments, environment, chap, changes); !added) {
      return fail(added.error());
    }
  }
  return changes;
}

Outcome<void> create(const Arguments& arguments, Environment& environment) {
  const auto tag = portal_group_tag(arguments, "TAG");
  if (!tag) {
    return fail(tag.error());
  }
  auto properties = changes_of(arguments, environment);
  if (!properties) {
    return fail(properties.error());
  }
  properties->push_back({std::string(names::kTag), cim::Value(*tag)});
  if (const auto made = create_instance(environment.server, kLunariaSpace, names::kClass, *properties); !made) {
    return fail(made.error());
  }
  const auto group = get_instance(environment.server, group_path(*tag));
  if (!group) {
    return fail(group.error());
  }
  environment.printer.made(
      kColumns, row_of(kColumns, *group),
      fmt::format("Portal group {} made. Put portals in it: lunaria portal set ADDRESS --group {}", *tag, *tag));
  return {};
}

Outcome<void> list(const Arguments& /*arguments*/, Environment& environment) {
  const auto groups = enumerate(environment.server, kLunariaSpace, names::kClass);
  if (!groups) {
    return fail(groups.error());
  }
  environment.printer.list(kColumns, rows_of(kColumns, *groups), "There are no portal groups.");
  return {};
}

Outcome<void> show(const Arguments& arguments, Environment& environment) {
  const auto tag = portal_group_tag(arguments, "TAG");
  if (!tag) {
    return fail(tag.error());
  }
  const auto group = get_instance(environment.server, group_path(*tag));
  if (!group) {
    return fail(group.error());
  }
  environment.printer.show(kColumns, row_of(kColumns, *group));
  return {};
}

Outcome<void> set(const Arguments& arguments, Environment& environment) {
  const auto tag = portal_group_tag(arguments, "TAG");
  if (!tag) {
    return fail(tag.error());
  }
  const auto changes = changes_of(arguments, environment);
  if (!changes) {
    return fail(changes.error());
  }
  if (changes->empty()) {
    return fail(usage("nothing to change was given", "`lunaria portal-group set --help` shows what can be changed."));
  }
  if (const auto done = modify_instance(environment.server, group_path(*tag), *changes); !done) {
    return fail(done.error());
  }
  environment.printer.done(fmt::format("Portal group {} changed.", *tag));
  return {};
}

Outcome<void> remove(const Arguments& arguments, Environment& environment) {
  const auto tag = portal_group_tag(arguments, "TAG");
  if (!tag) {
    return fail(tag.error());
  }
  if (const auto done = delete_instance(environment.server, group_path(*tag)); !done) {
    return fail(done.error());
  }
  environment.printer.done(fmt::format("Portal group {} deleted.", *tag));
  return {};
}

constexpr Option kTag{"TAG", Takes::kNumber, "Target portal group tag, 1 to 65535"};
constexpr Option kDescription{"--description", Takes::kText, "Free text"};
constexpr Option kChapUser{"--chap-user", Takes::kText,
                           "Make those who discover prove who they are, under this name; the secret is asked for"};
constexpr auto kTagOnly = std::to_array<Option>({kTag});
constexpr auto kCreateOptions = std::to_array<Option>({kTag, kDescription, kChapUser, kChapSecretFile, kChapSecret,
                                                       kReverseChapUser, kReverseChapSecretFile, kReverseChapSecret});
constexpr auto kSetOptions = std::to_array<Option>({
    kTag,
    kDescription,
    kChapUser,
    kChapSecretFile,
    kChapSecret,
    {"--no-chap", Takes::kNothing, "Let everyone discover without proof"},
    kReverseChapUser,
    kReverseChapSecretFile,
    kReverseChapSecret,
    kNoReverseChap,
});
constexpr auto kCommands = std::to_array<Command>({
    {"portal-group create", "Make a portal group", "lunaria portal-group create 2 --description backup", kCreateOptions,
     &create},
    {"portal-group list", "List the portal groups", "lunaria portal-group list", {}, &list},
    {"portal-group show", "Show a portal group", "lunaria portal-group show 2", kTagOnly, &show},
    {"portal-group set", "Change a portal group, and what discovery asks for there",
     "lunaria portal-group set 2 --chap-user finder", kSetOptions, &set},
    {"portal-group delete", "Delete a portal group that nothing refers to", "lunaria portal-group delete 2", kTagOnly,
     &remove},
});

}  // namespace

std::span<const Command> portal_group_commands() {
  return kCommands;
}

Outcome<std::uint16_t> portal_group_tag(const Arguments& arguments, std::string_view option) {
  const auto tag = arguments.number(option);
  if (!tag || *tag == 0 || *tag > 65535) {
    return fail(usage(fmt::format("{} must be a portal group tag, 1 to 65535", option),
                      "`lunaria portal-group list` shows them."));
  }
  return static_cast<std::uint16_t>(*tag);
}

}  // namespace lunaria::cli
