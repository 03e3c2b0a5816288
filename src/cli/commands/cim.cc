// lunaria cim: any operation on any class.

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <array>
#include <utility>

#include "cli/command.h"
#include "cli/commands/cim_arguments.h"
#include "cli/mof_text.h"
#include "cli/printer.h"
#include "cli/requests.h"
#include "cli/server.h"
#include "cli/typing.h"

namespace lunaria::cli {
namespace {

Outcome<cim::ObjectPath> instance_path_of(const Arguments& arguments) {
  auto path = path_of(arguments);
  if (path && !path->is_instance()) {
    return fail(usage(fmt::format("'{}' names a class, not an instance", arguments.text("PATH")),
                      "`lunaria cim names CLASS` lists the paths of its instances."));
  }
  return path;
}

Outcome<cim::ClassPtr> class_of(Server& server, const cim::ObjectPath& path) {
  return get_class(server, path.name_space().text(), path.class_name());
}

Outcome<void> show_class(const Arguments& arguments, Environment& environment) {
  const auto [space, name] = class_place_of(arguments);
  const auto cls = get_class(environment.server, space, name);
  if (!cls) {
    return fail(cls.error());
  }
  if (environment.printer.options().json) {
    environment.printer.json(to_json(**cls));
  } else {
    environment.printer.line(mof_text(**cls));
  }
  return {};
}

Outcome<void> list_paths(Environment& environment, wbem::Operation operation, std::string_view name_space,
                         bool is_class_list) {
  const auto reply = environment.server.call(std::move(operation), cim::NamespaceName(name_space));
  if (!reply) {
    return fail(reply.error());
  }
  std::vector<std::string> lines;
  for (cim::ObjectPath path : reply->paths) {
    path.set_name_space(cim::NamespaceName(name_space));
    path.set_host("");
    lines.push_back(is_class_list ? path.class_name() : path.to_string());
  }
  print_lines(environment.printer, lines);
  return {};
}

Outcome<void> classes(const Arguments& arguments, Environment& environment) {
  const auto [space, name] = class_place_of(arguments);
  return list_paths(environment, wbem::EnumerateClassNames{.class_name = name, .deep_inheritance = true}, space, true);
}

Outcome<void> names(const Arguments& arguments, Environment& environment) {
  const auto [space, name] = class_place_of(arguments);
  return list_paths(environment, wbem::EnumerateInstanceNames{name}, space, false);
}

Outcome<void> instances(const Arguments& arguments, Environment& environment) {
  const auto [space, name] = class_place_of(arguments);
  const auto found = arguments.has("--filter")
                         ? enumerate_filtered(environment.server, space, name, arguments.text("--filter"))
                         : enumerate(environment.server, space, name);
  if (!found) {
    return fail(found.error());
  }
  print_instances(environment.printer, *found);
  return {};
}

Outcome<void> get(const Arguments& arguments, Environment& environment) {
  const auto path = instance_path_of(arguments);
  if (!path) {
    return fail(path.error());
  }
  const auto instance = get_instance(environment.server, *path);
  if (!instance) {
    return fail(instance.error());
  }
  if (environment.printer.options().json) {
    environment.printer.json(to_json(*instance, &*path));
  } else {
    environment.printer.line(mof_text(*instance, &*path));
  }
  return {};
}

Outcome<void> set(const Arguments& arguments, Environment& environment) {
  const auto path = instance_path_of(arguments);
  if (!path) {
    return fail(path.error());
  }
  const auto cls = class_of(environment.server, *path);
  if (!cls) {
    return fail(cls.error());
  }
  const auto words = arguments.all("ASSIGNMENT");
  const auto properties = typed_properties(**cls, words);
  if (!properties) {
    return fail(properties.error());
  }
  if (properties->empty()) {
    return fail(usage("no NAME=VALUE was given"));
  }
  const auto done = modify_instance(environment.server, *path, *properties);
  if (!done) {
    return fail(done.error());
  }
  environment.printer.done(fmt::format("{} changed.", path->to_string()));
  return {};
}

Outcome<void> create(const Arguments& arguments, Environment& environment) {
  const auto [name_space, name] = class_place_of(arguments);
  const auto cls = get_class(environment.server, name_space, name);
  if (!cls) {
    return fail(cls.error());
  }
  const auto words = arguments.all("ASSIGNMENT");
  const auto properties = typed_properties(**cls, words);
  if (!properties) {
    return fail(properties.error());
  }
  auto path = create_instance(environment.server, name_space, name, *properties);
  if (!path) {
    return fail(path.error());
  }
  path->set_name_space(cim::NamespaceName(name_space));
  if (environment.printer.options().json) {
    environment.printer.json({{"path", path->to_string()}});
  } else {
    environment.printer.line(path->to_string());
  }
  return {};
}

Outcome<void> remove(const Arguments& arguments, Environment& environment) {
  const auto path = instance_path_of(arguments);
  if (!path) {
    return fail(path.error());
  }
  const auto done = delete_instance(environment.server, *path);
  if (!done) {
    return fail(done.error());
  }
  environment.printer.done(fmt::format("{} deleted.", path->to_string()));
  return {};
}

Outcome<void> invoke_method(const Arguments& arguments, Environment& environment) {
  const auto path = path_of(arguments);
  if (!path) {
    return fail(path.error());
  }
  const auto cls = class_of(environment.server, *path);
  if (!cls) {
    return fail(cls.error());
  }
  const cim::MethodPtr method = (*cls)->find_method(arguments.text("METHOD"));
  if (!method) {
    return fail(Failure{ExitCode::kNotFound,
                        fmt::format("{} has no method {}", path->class_name(), arguments.text("METHOD")),
                        fmt::format("`lunaria cim get-class {}` shows its methods.", path->class_name())});
  }
  const auto words = arguments.all("ASSIGNMENT");
  const auto parameters = typed_parameters(*method, words);
  if (!parameters) {
    return fail(parameters.error());
  }
  const auto answer = invoke(environment.server, *path, method->name, *parameters);
  if (!answer) {
    return fail(answer.error());
  }
  if (environment.printer.options().json) {
    Json json;
    json["return_value"] = to_json(answer->return_value);
    json["parameters"] = Json::object();
    for (const auto& each : answer->out) {
      json["parameters"][each.name] = to_json(each.value);
    }
    environment.printer.json(json);
    return {};
  }
  environment.printer.line(fmt::format("ReturnValue = {};", mof_text(answer->return_value)));
  for (const auto& each : answer->out) {
    environment.printer.line(fmt::format("{} = {};", each.name, mof_text(each.value)));
  }
  return {};
}

constexpr Option kClass{"CLASS", Takes::kText, "The class, NAMESPACE: before it or not"};
constexpr Option kPath{"PATH", Takes::kText, "Object path, such as root/wmi:WT_Host.HostName=\"web\""};
constexpr Option kAssignment{
    "ASSIGNMENT", Takes::kText, "NAME=VALUE, typed as the class says; NULL; {a, b} for arrays", "", false, true, true};
constexpr auto kClassOptions = std::to_array<Option>({kClass, kSpace});
constexpr auto kInstancesOptions = std::to_array<Option>({
    kClass,
    {"--filter", Takes::kText, "Only those for which this condition holds (DMTF:FQL): Size > 1000 AND Enabled = TRUE"},
    kSpace,
});
constexpr auto kClassesOptions = std::to_array<Option>({
    {"CLASS", Takes::kText, "Only those below this class", "", false, true},
    kSpace,
});
constexpr auto kPathOptions = std::to_array<Option>({kPath, kSpace});
constexpr auto kSetOptions = std::to_array<Option>({kPath, kAssignment, kSpace});
constexpr auto kCreateOptions = std::to_array<Option>({kClass, kAssignment, kSpace});
constexpr auto kInvokeOptions = std::to_array<Option>({
    {"PATH", Takes::kText, "Object path of an instance, or name of a class for static methods"},
    {"METHOD", Takes::kText, "Name of the method"},
    kAssignment,
    kSpace,
});

constexpr auto kCommands = std::to_array<Command>({
    {"cim classes", "List the classes of a namespace", "lunaria cim classes --namespace root/wmi", kClassesOptions,
     &classes},
    {"cim get-class", "Show a class", "lunaria cim get-class WT_Host", kClassOptions, &show_class},
    {"cim instances", "Show the instances of a class", "lunaria cim instances WT_Portal", kInstancesOptions,
     &instances},
    {"cim names", "List the paths of the instances of a class", "lunaria cim names WT_Host", kClassOptions, &names},
    {"cim get", "Show an instance", "lunaria cim get 'WT_Host.HostName=\"web\"'", kPathOptions, &get},
    {"cim set", "Change properties of an instance", "lunaria cim set 'WT_Host.HostName=\"web\"' Enabled=false",
     kSetOptions, &set},
    {"cim create", "Make an instance", "lunaria cim create WT_IDMethod HostName=web Method=IQN 'Value=*'",
     kCreateOptions, &create},
    {"cim delete", "Delete an instance", "lunaria cim delete 'WT_Host.HostName=\"web\"'", kPathOptions, &remove},
    {"cim invoke", "Call a method", "lunaria cim invoke WT_Host NewHost HostName=web", kInvokeOptions, &invoke_method},
});

}  // namespace

std::span<const Command> cim_commands() {
  return kCommands;
}

}  // namespace lunaria::cli
