// lunaria cim: following associations, asking queries.

#include <array>
#include <nlohmann/json.hpp>
#include <utility>

#include "cli/command.h"
#include "cli/commands/cim_arguments.h"
#include "cli/json.h"
#include "cli/mof_text.h"
#include "cli/printer.h"
#include "cli/requests.h"
#include "cli/server.h"

namespace lunaria::cli {
namespace {

using Follow = wbem::FollowAssociations::Kind;

cim::AssociationFilter filter_of(const Arguments& arguments) {
  return {.association_class = arguments.text("--assoc-class"),
          .result_class = arguments.text("--result-class"),
          .role = arguments.text("--role"),
          .result_role = arguments.text("--result-role")};
}

/// Classes, where the path was one of a class.
void print_classes(Printer& printer, const std::vector<cim::ClassPtr>& classes) {
  Json json = Json::array();
  for (const cim::ClassPtr& cls : classes) {
    if (printer.options().json) {
      json.push_back(to_json(*cls));
    } else {
      printer.line(mof_text(*cls));
    }
  }
  if (printer.options().json) {
    printer.json(json);
  }
}

Outcome<void> follow(const Arguments& arguments, Environment& environment, Follow objects, Follow names) {
  const auto path = path_of(arguments);
  if (!path) {
    return fail(path.error());
  }
  const bool names_only = arguments.has("--names");
  const auto reply = environment.server.call(
      wbem::FollowAssociations{.kind = names_only ? names : objects, .object = *path, .filter = filter_of(arguments)},
      path->name_space());
  if (!reply) {
    return fail(reply.error());
  }
  if (names_only) {
    std::vector<std::string> lines;
    for (cim::ObjectPath found : reply->paths) {
      found.set_host("");
      lines.push_back(found.to_string());
    }
    print_lines(environment.printer, lines);
  } else if (path->is_instance()) {
    print_instances(environment.printer, reply->instances);
  } else {
    print_classes(environment.printer, reply->classes);
  }
  return {};
}

Outcome<void> associators(const Arguments& arguments, Environment& environment) {
  return follow(arguments, environment, Follow::kAssociators, Follow::kAssociatorNames);
}

Outcome<void> references(const Arguments& arguments, Environment& environment) {
  return follow(arguments, environment, Follow::kReferences, Follow::kReferenceNames);
}

Outcome<void> query(const Arguments& arguments, Environment& environment) {
  const std::string language = arguments.has("--language") ? arguments.text("--language") : "DMTF:CQL";
  const auto reply = environment.server.call(wbem::ExecQuery{{language, arguments.text("QUERY")}},
                                             cim::NamespaceName(space_of(arguments, "")));
  if (!reply) {
    return fail(reply.error());
  }
  if (reply->classes.empty()) {
    print_instances(environment.printer, reply->instances);
  } else {
    print_classes(environment.printer, reply->classes);  // of a query for schema
  }
  return {};
}

constexpr Option kPath{"PATH", Takes::kText, "Object path of an instance or of a class"};
constexpr Option kNames{"--names", Takes::kNothing, "Only the paths"};
constexpr Option kRole{"--role", Takes::kText, "Reference property that points to the object"};
constexpr auto kAssociatorsOptions = std::to_array<Option>({
    kPath,
    {"--assoc-class", Takes::kText, "Only over associations of this class and below"},
    {"--result-class", Takes::kText, "Only objects of this class and below"},
    kRole,
    {"--result-role", Takes::kText, "Reference property that points to the result"},
    kNames,
    kSpace,
});
constexpr auto kReferencesOptions = std::to_array<Option>({
    kPath,
    {"--result-class", Takes::kText, "Only associations of this class and below"},
    kRole,
    kNames,
    kSpace,
});
constexpr auto kQueryOptions = std::to_array<Option>({
    {"QUERY", Takes::kText, "SELECT ..."},
    {"--language", Takes::kText, "DMTF:CQL, which is the default, or WQL"},
    kSpace,
});

constexpr auto kCommands = std::to_array<Command>({
    {"cim associators", "Show what is associated with an object",
     "lunaria cim associators 'WT_Host.HostName=\"web\"' --names", kAssociatorsOptions, &associators},
    {"cim references", "Show the associations of an object", "lunaria cim references 'WT_Host.HostName=\"web\"'",
     kReferencesOptions, &references},
    {"cim query", "Ask a query", "lunaria cim query 'SELECT * FROM WT_Disk' --language WQL --namespace root/wmi",
     kQueryOptions, &query},
});

}  // namespace

std::span<const Command> cim_association_commands() {
  return kCommands;
}

}  // namespace lunaria::cli
