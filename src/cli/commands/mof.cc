// lunaria mof: MOF files, checked here, compiled into a server, and written from what it has.

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

#include "cim/mof/compiler.h"
#include "cim/mof/writer.h"
#include "cim/schema_value.h"
#include "cli/command.h"
#include "cli/commands/cim_arguments.h"
#include "cli/mof_sources.h"
#include "cli/printer.h"
#include "cli/requests.h"
#include "cli/server.h"
#include "schema/names.h"

namespace lunaria::cli {
namespace {

using cim::mof::CompiledInstance;
using cim::mof::Compiler;

Failure failure_of_sources(const cim::mof::CompileErrors& errors) {
  const std::size_t count = errors.all.size();
  return {ExitCode::kFailed,
          fmt::format("{}\n{}", count == 1 ? "1 error" : fmt::format("{} errors", count), errors.to_string()),
          "Nothing was changed."};
}

/// What the files declare, when they are good.
struct Compiled {
  std::vector<Compiler::Added> added;
  std::vector<CompiledInstance> instances;
};

Outcome<Compiled> compile_files(const Arguments& arguments, NamespaceSource& namespaces) {
  const cim::NamespaceName space(space_of(arguments, ""));
  if (!arguments.has("FILE")) {
    return fail(usage("no MOF file was given"));
  }
  cim::Repository repository;
  FileLoader loader(repository, namespaces, arguments.all("--include"));
  if (const auto filled = loader.fill(space); !filled) {
    return fail(filled.error());
  }
  Compiler compiler(repository, loader, space,
                    {.makes_namespaces = false, .replaces_classes = true, .checks_instances = true});
  Compiled result;
  cim::mof::CompileErrors errors;
  for (const std::string& file : arguments.all("FILE")) {
    if (const auto compiled = compiler.compile(file); !compiled) {
      errors.all.insert(errors.all.end(), compiled.error().all.begin(), compiled.error().all.end());
    }
    result.added.insert(result.added.end(), compiler.added().begin(), compiler.added().end());
  }
  if (loader.failure()) {
    return fail(*loader.failure());
  }
  if (!errors.all.empty()) {
    return fail(failure_of_sources(errors));
  }
  result.instances = compiler.take_instances();
  return result;
}

struct Counts {
  std::size_t qualifiers = 0;
  std::size_t classes = 0;
  std::size_t instances = 0;
};

Counts counts_of(const Compiled& compiled) {
  Counts counts;
  counts.classes = static_cast<std::size_t>(
      std::ranges::count_if(compiled.added, [](const Compiler::Added& added) { return added.cls != nullptr; }));
  counts.qualifiers = compiled.added.size() - counts.classes;
  counts.instances = compiled.instances.size();
  return counts;
}

void report(Printer& printer, const Counts& counts, std::string_view sentence) {
  if (printer.options().json) {
    printer.json({{"qualifiers", counts.qualifiers}, {"classes", counts.classes}, {"instances", counts.instances}});
    return;
  }
  printer.done(fmt::format("{}: {} qualifier declarations, {} classes, {} instances.", sentence, counts.qualifiers,
                           counts.classes, counts.instances));
}

Outcome<void> check(const Arguments& arguments, Environment& environment) {
  ShippedNamespaces shipped;
  const auto compiled = compile_files(arguments, shipped);
  if (!compiled) {
    return fail(compiled.error());
  }
  report(environment.printer, counts_of(*compiled), "No errors");
  return {};
}

/// Sends declarations one after the other; takes the new ones back when one is refused.
class Sender final {
 public:
  Sender(Server& server, bool makes_namespaces) : server_(server), makes_namespaces_(makes_namespaces) {}

  Outcome<void> send(const Compiled& compiled) {
    for (const Compiler::Added& added : compiled.added) {
      auto sent = make_namespace(added.name_space);
      sent = sent ? send(added) : sent;
      if (!sent) {
        return taken_back(sent.error());
      }
    }
    for (const CompiledInstance& each : compiled.instances) {
      auto sent = make_namespace(each.name_space);
      sent = sent ? send(each) : sent;
      if (!sent) {
        return taken_back(sent.error());
      }
    }
    return {};
  }

 private:
  struct Undo {
    cim::NamespaceName name_space;
    wbem::Operation operation;
  };

  Outcome<void> call(const cim::NamespaceName& name_space, wbem::Operation operation, cim::mof::CompileError place) {
    const auto reply = server_.call(std::move(operation), name_space);
    if (!reply) {
      Failure failure = reply.error();
      place.message = std::move(failure.message);
      failure.message = place.to_string();
      return fail(std::move(failure));
    }
    return {};
  }

  /// Asks for the namespace's qualifiers to see whether it is there.
  Outcome<void> make_namespace(const cim::NamespaceName& name) {
    if (!makes_namespaces_ || std::ranges::find(known_, name) != known_.end()) {
      return {};
    }
    known_.push_back(name);
    const auto there = server_.call(wbem::EnumerateClassNames{.class_name = "", .deep_inheritance = false}, name);
    if (there || there.error().code != ExitCode::kNotFound) {
      return {};
    }
    namespace msftsm = schema::msftsm_namespace;
    const auto made = create_instance(server_, kInteropSpace, msftsm::kClass, {{"Name", cim::Value(name.text())}});
    return made ? Outcome<void>() : fail(made.error());
  }

  Outcome<void> send(const Compiler::Added& added) {
    if (added.qualifier_type) {
      auto sent = call(added.name_space, wbem::SetQualifier{*added.qualifier_type}, added.place);
      if (sent && !added.is_replacement) {
        undo_.push_back({added.name_space, wbem::DeleteQualifier{added.qualifier_type->name}});
      }
      return sent;
    }
    const cim::ClassDeclaration declaration = cim::declaration_of(*added.cls);
    if (added.is_replacement) {
      return call(added.name_space, wbem::ModifyClass{declaration}, added.place);
    }
    auto sent = call(added.name_space, wbem::CreateClass{declaration}, added.place);
    if (sent) {
      undo_.push_back({added.name_space, wbem::DeleteClass{added.cls->name()}});
    }
    return sent;
  }

  Outcome<void> send(const CompiledInstance& each) {
    const cim::ObjectPath path = each.instance.path(each.name_space);
    auto sent = call(each.name_space, wbem::CreateInstance{each.instance}, each.place);
    if (sent) {
      undo_.push_back({each.name_space, wbem::DeleteInstance{path}});
    }
    return sent;
  }

  Outcome<void> taken_back(Failure failure) {
    std::size_t left = 0;
    for (; !undo_.empty(); undo_.pop_back()) {
      left += server_.call(undo_.back().operation, undo_.back().name_space) ? 0 : 1;
    }
    failure.advice = left == 0 ? "What was new was taken back; changed classes stay changed."
                               : fmt::format("{} of the things made before could not be taken back.", left);
    return fail(std::move(failure));
  }

  Server& server_;
  bool makes_namespaces_;
  std::vector<cim::NamespaceName> known_;
  std::vector<Undo> undo_;
};

Outcome<void> compile(const Arguments& arguments, Environment& environment) {
  ServedNamespaces served(environment.server, arguments.has("--create-namespaces"));
  const auto compiled = compile_files(arguments, served);
  if (!compiled) {
    return fail(compiled.error());
  }
  auto sent = Sender(environment.server, arguments.has("--create-namespaces")).send(*compiled);
  if (!sent) {
    return sent;
  }
  report(environment.printer, counts_of(*compiled), "Compiled");
  return {};
}

/// The text of the named classes, or of all, superclasses first.
Outcome<std::vector<std::string>> class_texts(const cim::Repository& repository, const cim::NamespaceName& space,
                                              const std::vector<std::string>& names) {
  const cim::mof::ClassTextOptions options{.local_only = true, .declaration_of = [&](std::string_view name) {
                                             return repository.find_qualifier_type(space, name);
                                           }};
  for (const std::string& name : names) {
    if (!repository.find_class(space, name)) {
      return fail(Failure{ExitCode::kNotFound, fmt::format("no class {} in {}", name, space.text()),
                          "`lunaria cim classes --namespace NAMESPACE` lists what is there."});
    }
  }
  std::vector<std::string> texts;
  for (const cim::ClassPtr& cls : repository.classes(space)) {
    const bool is_wanted = names.empty() || std::ranges::any_of(names, [&cls](const std::string& name) {
                             return cim::name_equal(name, cls->name());
                           });
    if (is_wanted) {
      texts.push_back(cim::mof::to_mof(*cls, options));
    }
  }
  return texts;
}

/// What MOF cannot say of an instance, an infinite number for instance; nullopt where it can.
std::optional<std::string> unsayable(const cim::Instance& instance) {
  for (std::size_t i = 0; i < instance.values().size(); ++i) {
    const cim::Value& value = instance.value(i);
    auto wrong = cim::wrong_in_schema(value);
    if (const auto embedded = value.as_instance(); embedded && !wrong) {
      wrong = unsayable(*embedded);
    }
    for (const cim::Value& element : value.elements()) {
      const auto embedded = element.as_instance();
      wrong = embedded && !wrong ? unsayable(*embedded) : wrong;
    }
    if (wrong) {
      return instance.cls()->property(i).name + ": " + *wrong;
    }
  }
  return std::nullopt;
}

/// The instances of the named classes, or of all; each once, though it is one of the classes above its own, too.
Outcome<std::vector<std::string>> instance_texts(Server& server, const cim::Repository& repository,
                                                 const cim::NamespaceName& space, std::vector<std::string> names) {
  const bool all = names.empty();
  if (all) {
    for (const cim::ClassPtr& top : repository.subclasses(space, "")) {
      names.push_back(top->name());
    }
  }
  std::vector<std::string> texts;
  std::unordered_set<std::string> seen;
  for (const std::string& name : names) {
    const auto found = enumerate(server, space.text(), name);
    if (!found && all && found.error().code == ExitCode::kNotSupported) {
      continue;  // nobody lists the instances of this class
    }
    if (!found) {
      return fail(found.error());
    }
    for (const auto& each : *found) {
      const cim::ObjectPath path = each.path ? *each.path : each.instance.path(space);
      if (!seen.insert(path.canonical()).second) {
        continue;
      }
      if (const auto wrong = unsayable(each.instance)) {
        return fail(
            Failure{ExitCode::kFailed, fmt::format("{} cannot be written as MOF: {}", path.to_string(), *wrong)});
      }
      texts.push_back(cim::mof::to_mof(each.instance));
    }
  }
  return texts;
}

Outcome<void> export_schema(const Arguments& arguments, Environment& environment) {
  const std::vector<std::string> names = arguments.all("CLASS");
  const cim::NamespaceName space(space_of(arguments, names.empty() ? "" : names.front()));
  cim::Repository repository;
  if (const auto filled = ServedNamespaces(environment.server).fill(repository, space); !filled) {
    return fail(filled.error());
  }
  std::vector<std::string> texts;
  if (arguments.has("--qualifiers")) {
    for (const cim::QualifierTypePtr& type : repository.qualifier_types(space)) {
      texts.push_back(cim::mof::to_mof(*type));
    }
  }
  const auto classes = class_texts(repository, space, names);
  if (!classes) {
    return fail(classes.error());
  }
  texts.insert(texts.end(), classes->begin(), classes->end());
  if (arguments.has("--instances")) {
    const auto instances = instance_texts(environment.server, repository, space, names);
    if (!instances) {
      return fail(instances.error());
    }
    texts.insert(texts.end(), instances->begin(), instances->end());
  }
  print_lines(environment.printer, texts);
  return {};
}

constexpr Option kFile{"FILE", Takes::kFile, "MOF file; - is standard input", "", false, false, true};
constexpr Option kInclude{"--include", Takes::kFile, "Directory where included files are looked for, too", "", false,
                          false,       true};
constexpr Option kTarget{"--namespace", Takes::kText, "Namespace until the file names one; else root/interop"};
constexpr auto kCheckOptions = std::to_array<Option>({
    kFile,
    kTarget,
    kInclude,
});
constexpr auto kCompileOptions = std::to_array<Option>({
    kFile,
    kTarget,
    kInclude,
    {"--create-namespaces", Takes::kNothing, "Make the namespaces that are not there"},
});
constexpr auto kExportOptions = std::to_array<Option>({
    {"CLASS", Takes::kText, "Only these classes", "", false, true, true},
    kSpace,
    {"--qualifiers", Takes::kNothing, "Qualifier declarations, too"},
    {"--instances", Takes::kNothing, "Their instances, too"},
});

constexpr auto kCommands = std::to_array<Command>({
    {"mof check", "Look for errors in MOF files, without a server", "lunaria mof check mine.mof --namespace root/mine",
     kCheckOptions, &check},
    {"mof compile", "Bring what MOF files declare to the server",
     "lunaria mof compile mine.mof --namespace root/mine --create-namespaces", kCompileOptions, &compile},
    {"mof export", "Write what the server has as MOF", "lunaria mof export --namespace root/mine --qualifiers",
     kExportOptions, &export_schema},
});

}  // namespace

std::span<const Command> mof_commands() {
  return kCommands;
}

}  // namespace lunaria::cli
