// lunaria cim: namespaces, qualifiers, and taking classes away. MOF adds them: `lunaria mof compile`.

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <array>
#include <utility>

#include "cli/command.h"
#include "cli/commands/cim_arguments.h"
#include "cli/json.h"
#include "cli/mof_text.h"
#include "cli/printer.h"
#include "cli/requests.h"
#include "cli/server.h"
#include "schema/names.h"

namespace lunaria::cli {
namespace {

namespace msftsm = schema::msftsm_namespace;

Outcome<void> namespaces(const Arguments& /*arguments*/, Environment& environment) {
  const auto found = enumerate(environment.server, kInteropSpace, msftsm::kClass);
  if (!found) {
    return fail(found.error());
  }
  std::vector<std::string> lines;
  for (const auto& each : *found) {
    lines.push_back(text_of(each.instance, msftsm::kName));
  }
  print_lines(environment.printer, lines);
  return {};
}

Outcome<void> create_namespace(const Arguments& arguments, Environment& environment) {
  const std::string name = arguments.text("NAME");
  const auto path = create_instance(environment.server, kInteropSpace, msftsm::kClass, {{"Name", cim::Value(name)}});
  if (!path) {
    return fail(path.error());
  }
  environment.printer.done(fmt::format("Namespace {} created.", name));
  return {};
}

Outcome<void> delete_namespace(const Arguments& arguments, Environment& environment) {
  const cim::NamespaceName name(arguments.text("NAME"));
  const auto found = enumerate(environment.server, kInteropSpace, msftsm::kClass);
  if (!found) {
    return fail(found.error());
  }
  for (const auto& each : *found) {
    if (!(cim::NamespaceName(text_of(each.instance, msftsm::kName)) == name) || !each.path) {
      continue;
    }
    cim::ObjectPath path = *each.path;
    path.set_name_space(cim::NamespaceName(kInteropSpace));
    const auto done = delete_instance(environment.server, path);
    if (!done) {
      return fail(done.error());
    }
    environment.printer.done(fmt::format("Namespace {} deleted.", name.text()));
    return {};
  }
  return fail(Failure{ExitCode::kNotFound, fmt::format("There is no namespace {}", name.text()),
                      "`lunaria cim namespaces` lists them."});
}

Outcome<void> delete_class(const Arguments& arguments, Environment& environment) {
  const auto [space, name] = class_place_of(arguments);
  const auto reply = environment.server.call(wbem::DeleteClass{name}, cim::NamespaceName(space));
  if (!reply) {
    return fail(reply.error());
  }
  environment.printer.done(fmt::format("Class {}:{} deleted.", space, name));
  return {};
}

Json json_of(const cim::QualifierType& type) {
  return Json{{"name", type.name},
              {"type", std::string(cim::type_name(type.type)) + (type.is_array ? "[]" : "")},
              {"default", to_json(type.default_value)},
              {"overridable", type.flavor.overridable},
              {"to_subclass", type.flavor.to_subclass},
              {"translatable", type.flavor.translatable}};
}

void print_qualifiers(Printer& printer, const std::vector<cim::QualifierType>& types) {
  Json json = Json::array();
  for (const cim::QualifierType& type : types) {
    if (printer.options().json) {
      json.push_back(json_of(type));
    } else {
      printer.line(mof_text(type));
    }
  }
  if (printer.options().json) {
    printer.json(json);
  }
}

Outcome<void> qualifiers(const Arguments& arguments, Environment& environment) {
  const std::string name = arguments.text("QUALIFIER");
  const wbem::Operation operation =
      name.empty() ? wbem::Operation(wbem::EnumerateQualifiers{}) : wbem::Operation(wbem::GetQualifier{name});
  const auto reply = environment.server.call(operation, cim::NamespaceName(space_of(arguments, "")));
  if (!reply) {
    return fail(reply.error());
  }
  print_qualifiers(environment.printer, reply->qualifiers);
  return {};
}

Outcome<void> delete_qualifier(const Arguments& arguments, Environment& environment) {
  const std::string name = arguments.text("QUALIFIER");
  const std::string space = space_of(arguments, "");
  const auto reply = environment.server.call(wbem::DeleteQualifier{name}, cim::NamespaceName(space));
  if (!reply) {
    return fail(reply.error());
  }
  environment.printer.done(fmt::format("Qualifier {} deleted from {}.", name, space));
  return {};
}

constexpr auto kNameOptions = std::to_array<Option>({{"NAME", Takes::kText, "Namespace, such as root/mine"}});
constexpr auto kClassOptions =
    std::to_array<Option>({{"CLASS", Takes::kText, "The class, NAMESPACE: before it or not"}, kSpace});
constexpr auto kQualifiersOptions = std::to_array<Option>({
    {"QUALIFIER", Takes::kText, "Only this one", "", false, true},
    kSpace,
});
constexpr auto kQualifierOptions = std::to_array<Option>({
    {"QUALIFIER", Takes::kText, "Name of the qualifier"},
    kSpace,
});

constexpr auto kCommands = std::to_array<Command>({
    {"cim namespaces", "List the namespaces", "lunaria cim namespaces", {}, &namespaces},
    {"cim create-namespace", "Make a namespace", "lunaria cim create-namespace root/mine", kNameOptions,
     &create_namespace},
    {"cim delete-namespace", "Take an empty namespace away", "lunaria cim delete-namespace root/mine", kNameOptions,
     &delete_namespace},
    {"cim delete-class", "Take a class away", "lunaria cim delete-class MY_Volume --namespace root/mine", kClassOptions,
     &delete_class},
    {"cim qualifiers", "Show the qualifiers that a namespace declares", "lunaria cim qualifiers --namespace root/wmi",
     kQualifiersOptions, &qualifiers},
    {"cim delete-qualifier", "Take a qualifier away", "lunaria cim delete-qualifier Mine --namespace root/mine",
     kQualifierOptions, &delete_qualifier},
});

}  // namespace

std::span<const Command> cim_schema_commands() {
  return kCommands;
}

}  // namespace lunaria::cli
