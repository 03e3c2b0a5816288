// lunaria user: LUNARIA_User.

#include <fmt/format.h>

#include <array>

#include "cli/command.h"
#include "cli/commands/columns.h"
#include "cli/printer.h"
#include "cli/requests.h"
#include "cli/terminal.h"
#include "schema/names.h"

namespace lunaria::cli {
namespace {

namespace names = schema::lunaria_user;

cim::ObjectPath user_path(const std::string& name) {
  return path_of(kLunariaSpace, names::kClass, {{std::string(names::kName), cim::Value(name)}});
}

constexpr auto kColumns = std::to_array<Column>({
    {"name", "NAME", names::kName},
    {"role", "ROLE", names::kRole},
    {"created", "CREATED", names::kCreated, Format::kTime},
});

Outcome<void> add(const Arguments& arguments, Environment& environment) {
  const std::string name = arguments.text("NAME");
  const auto password = read_new_secret(environment.terminal, arguments.text("--new-password-file"),
                                        fmt::format("New password of {}", name));
  if (!password) {
    return fail(password.error());
  }
  const auto made = invoke(environment.server, {cim::NamespaceName(kLunariaSpace), std::string(names::kClass)},
                           names::create::kMethod,
                           {{std::string(names::create::kName), cim::Value(name)},
                            {std::string(names::create::kPassword), cim::Value(password->reveal())},
                            {std::string(names::create::kRole), cim::Value(arguments.text("--role"))}});
  if (!made) {
    return fail(made.error());
  }
  const auto user = get_instance(environment.server, user_path(name));
  if (!user) {
    return fail(user.error());
  }
  environment.printer.made(kColumns, row_of(kColumns, *user),
                           fmt::format("User {} made, as {}.", name, arguments.text("--role")));
  return {};
}

Outcome<void> list(const Arguments& /*arguments*/, Environment& environment) {
  const auto users = enumerate(environment.server, kLunariaSpace, names::kClass);
  if (!users) {
    return fail(users.error());
  }
  environment.printer.list(kColumns, rows_of(kColumns, *users),
                           "There are no users: only root on this machine can manage the server.");
  return {};
}

Outcome<void> remove(const Arguments& arguments, Environment& environment) {
  const std::string name = arguments.text("NAME");
  if (const auto done = delete_instance(environment.server, user_path(name)); !done) {
    return fail(done.error());
  }
  environment.printer.done(fmt::format("User {} deleted.", name));
  return {};
}

Outcome<void> passwd(const Arguments& arguments, Environment& environment) {
  const std::string name = arguments.text("NAME");
  const auto password = read_new_secret(environment.terminal, arguments.text("--new-password-file"),
                                        fmt::format("New password of {}", name));
  if (!password) {
    return fail(password.error());
  }
  const auto done = invoke(environment.server, user_path(name), names::set_password::kMethod,
                           {{std::string(names::set_password::kPassword), cim::Value(password->reveal())}});
  if (!done) {
    return fail(done.error());
  }
  environment.printer.done(fmt::format("The password of {} is changed.", name));
  return {};
}

Outcome<void> role(const Arguments& arguments, Environment& environment) {
  const std::string name = arguments.text("NAME");
  const auto done = modify_instance(environment.server, user_path(name),
                                    {{std::string(names::kRole), cim::Value(arguments.text("ROLE"))}});
  if (!done) {
    return fail(done.error());
  }
  environment.printer.done(fmt::format("User {} is {} now.", name, arguments.text("ROLE")));
  return {};
}

constexpr std::string_view kRoles = "viewer|operator|administrator";
constexpr Option kName{"NAME", Takes::kText, "Name of the user; case counts"};
constexpr Option kPasswordFile{"--new-password-file", Takes::kFile,
                               "File with the password on its first line; - for standard input; else it is asked for"};
constexpr Option kPassword{"--new-password", Takes::kSecret, "", "--new-password-file FILE, or let it be asked for"};
constexpr auto kAddOptions = std::to_array<Option>({
    kName,
    {"--role", Takes::kChoice, "What the user may do", kRoles, true},
    kPasswordFile,
    kPassword,
});
constexpr auto kNameOnly = std::to_array<Option>({kName});
constexpr auto kPasswdOptions = std::to_array<Option>({kName, kPasswordFile, kPassword});
constexpr auto kRoleOptions = std::to_array<Option>({kName, {"ROLE", Takes::kChoice, "The new role", kRoles}});
constexpr auto kCommands = std::to_array<Command>({
    {"user add", "Make a user; the password is asked for", "lunaria user add alice --role operator", kAddOptions, &add},
    {"user list", "List the users", "lunaria user list", {}, &list},
    {"user role", "Give a user another role", "lunaria user role alice administrator", kRoleOptions, &role},
    {"user passwd", "Set another password", "lunaria user passwd alice", kPasswdOptions, &passwd},
    {"user delete", "Delete a user", "lunaria user delete alice", kNameOnly, &remove},
});

}  // namespace

std::span<const Command> user_commands() {
  return kCommands;
}

}  // namespace lunaria::cli
