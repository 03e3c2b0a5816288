// lunaria redirect: LUNARIA_Redirect.

#include <fmt/format.h>

#include <array>

#include "cim/name.h"
#include "cli/command.h"
#include "cli/commands/columns.h"
#include "cli/printer.h"
#include "cli/requests.h"
#include "schema/names.h"

namespace lunaria::cli {
namespace {

namespace names = schema::lunaria_redirect;

/// 0 for all groups.
Outcome<std::uint16_t> group_of(const Arguments& arguments) {
  return arguments.has("--group") ? portal_group_tag(arguments, "--group") : Outcome<std::uint16_t>(std::uint16_t{0});
}

cim::ObjectPath redirect_path(const std::string& target, std::uint16_t tag) {
  return path_of(
      kLunariaSpace, names::kClass,
      {{std::string(names::kTargetName), cim::Value(target)}, {std::string(names::kPortalGroupTag), cim::Value(tag)}});
}

Outcome<void> set(const Arguments& arguments, Environment& environment) {
  const auto tag = group_of(arguments);
  if (!tag) {
    return fail(tag.error());
  }
  const std::string target = arguments.text("TARGET");
  const Properties wanted = {{std::string(names::kAddress), cim::Value(arguments.text("ADDRESS"))},
                             {std::string(names::kPermanent), cim::Value(arguments.has("--permanent"))}};
  Properties all = wanted;
  all.push_back({std::string(names::kTargetName), cim::Value(target)});
  all.push_back({std::string(names::kPortalGroupTag), cim::Value(*tag)});
  const auto made = create_instance(environment.server, kLunariaSpace, names::kClass, all);
  if (!made) {
    const auto changed = made.error().code == ExitCode::kExists
                             ? modify_instance(environment.server, redirect_path(target, *tag), wanted)
                             : Outcome<void>(fail(made.error()));
    if (!changed) {
      return fail(changed.error());
    }
  }
  environment.printer.done(
      fmt::format("Logins to target {} are sent to {}; sessions stay.", target, arguments.text("ADDRESS")));
  return {};
}

Outcome<void> remove(const Arguments& arguments, Environment& environment) {
  const auto tag = group_of(arguments);
  if (!tag) {
    return fail(tag.error());
  }
  const std::string target = arguments.text("TARGET");
  if (const auto done = delete_instance(environment.server, redirect_path(target, *tag)); !done) {
    return fail(done.error());
  }
  environment.printer.done(fmt::format("Logins to target {} are no longer sent elsewhere.", target));
  return {};
}

Outcome<void> list(const Arguments& arguments, Environment& environment) {
  const auto rows = redirect_rows(environment.server, arguments.text("TARGET"));
  if (!rows) {
    return fail(rows.error());
  }
  environment.printer.list(redirect_columns(), *rows, "No logins are sent elsewhere.");
  return {};
}

constexpr Option kTarget{"TARGET", Takes::kText, "Name of the target"};
constexpr Option kGroup{
    "--group", Takes::kNumber,
    "Only for logins that come to this portal group; else for those without a redirect of their own"};
constexpr auto kSetOptions = std::to_array<Option>({
    kTarget,
    {"ADDRESS", Takes::kText, "Where to: an address or host name, with a port where it is not 3260"},
    kGroup,
    {"--permanent", Takes::kNothing, "Tell initiators to remember it"},
});
constexpr auto kDeleteOptions = std::to_array<Option>({kTarget, kGroup});
constexpr auto kListOptions = std::to_array<Option>({
    {.name = "TARGET", .takes = Takes::kText, .help = "Only those of this target", .is_optional = true},
});
constexpr auto kCommands = std::to_array<Command>({
    {"redirect list", "List where logins are sent", "lunaria redirect list", kListOptions, &list},
    {"redirect set", "Send logins to a target elsewhere", "lunaria redirect set web 192.0.2.9:3260", kSetOptions, &set},
    {"redirect delete", "Stop sending logins elsewhere", "lunaria redirect delete web", kDeleteOptions, &remove},
});

}  // namespace

std::span<const Command> redirect_commands() {
  return kCommands;
}

std::span<const Column> redirect_columns() {
  static constexpr auto kColumns = std::to_array<Column>({
      {"target", "TARGET", names::kTargetName},
      {"group", "PORTAL GROUP (0: ALL)", names::kPortalGroupTag},
      {"address", "SENT TO", names::kAddress},
      {"permanent", "PERMANENT", names::kPermanent},
  });
  return kColumns;
}

Outcome<std::vector<Row>> redirect_rows(Server& server, std::string_view target) {
  return rows_of_target(server, names::kClass, names::kTargetName, redirect_columns(), target);
}

Outcome<std::vector<Row>> rows_of_target(Server& server, std::string_view class_name, std::string_view target_property,
                                         std::span<const Column> columns, std::string_view target) {
  const auto instances = enumerate(server, kLunariaSpace, class_name);
  if (!instances) {
    return fail(instances.error());
  }
  std::vector<Row> rows;
  for (const auto& each : *instances) {
    if (target.empty() || cim::name_equal(text_of(each.instance, target_property), target)) {
      rows.push_back(row_of(columns, each.instance));
    }
  }
  return rows;
}

}  // namespace lunaria::cli
