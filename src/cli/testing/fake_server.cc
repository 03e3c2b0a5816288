#include "cli/testing/fake_server.h"

#include <fmt/format.h>

#include <optional>
#include <type_traits>
#include <utility>
#include <variant>

#include "base/check.h"
#include "cim/mof/compiler.h"
#include "cim/run_for_test.h"
#include "cli/mof_text.h"
#include "schema/schema.h"

namespace lunaria::cli {
namespace {

using wbem::cimxml::ResponseMessage;
template <class T>
using CimResult = Result<T, cim::Error>;

class SchemaLoader final : public cim::mof::SourceLoader {
 public:
  std::optional<std::string> load(std::string_view name, std::string_view /*included_from*/) override {
    const schema::SchemaFile* file = schema::find_schema_file(name);
    return file == nullptr ? std::nullopt : std::optional(std::string(file->text));
  }
};

std::string words(const cim::Instance& instance) {
  std::string text;
  for (std::size_t i = 0; i < instance.values().size(); ++i) {
    text += fmt::format(" {}={}", instance.cls()->property(i).name, mof_text(instance.value(i)));
  }
  return text;
}

std::string describe(const wbem::Operation& operation, const cim::NamespaceName& name_space) {
  return std::visit(
      [&](const auto& each) -> std::string {
        using Kind = std::decay_t<decltype(each)>;
        const std::string name = wbem::operation_name(operation);
        if constexpr (std::is_same_v<Kind, wbem::InvokeMethod>) {
          std::string text = fmt::format("InvokeMethod {} {}", each.path.to_string(), each.method_name);
          for (const wbem::MethodParameter& parameter : each.parameters) {
            text += fmt::format(" {}={}", parameter.name, mof_text(parameter.value));
          }
          return text;
        } else if constexpr (std::is_same_v<Kind, wbem::ModifyInstance>) {
          return fmt::format("{} {}{}", name, each.path.to_string(), words(each.instance));
        } else if constexpr (std::is_same_v<Kind, wbem::CreateInstance>) {
          return fmt::format("{} {}:{}{}", name, name_space.text(), each.instance.class_name(), words(each.instance));
        } else if constexpr (requires { each.path; }) {
          return fmt::format("{} {}", name, each.path.to_string());
        } else if constexpr (std::is_same_v<Kind, wbem::FollowAssociations>) {
          return fmt::format("{} {} {}|{}|{}|{}", name, each.object.to_string(), each.filter.association_class,
                             each.filter.result_class, each.filter.role, each.filter.result_role);
        } else if constexpr (std::is_same_v<Kind, wbem::OpenEnumeration>) {
          return fmt::format("{} {}:{} where {}", name, name_space.text(), each.request.class_name,
                             each.request.query.text);
        } else if constexpr (std::is_same_v<Kind, wbem::ExecQuery>) {
          return fmt::format("{} {} {} {}", name, name_space.text(), each.query.language, each.query.text);
        } else if constexpr (requires { each.class_name; }) {
          return fmt::format("{} {}:{}", name, name_space.text(), each.class_name);
        } else {
          return name;
        }
      },
      operation);
}

/// The operations on an object manager, each filling its part of the answer.
struct Execution {
  const cim::ObjectManager& manager;
  const cim::OperationContext& context;
  const cim::NamespaceName& name_space;
  ResponseMessage answer;

  CimResult<void> run(const wbem::GetClass& call) {
    auto found = manager.get_class(context, name_space, call.class_name);
    if (!found) {
      return fail(found.error());
    }
    answer.classes.push_back(*found);
    return {};
  }
  CimResult<void> run(const wbem::EnumerateClasses& call) {
    auto found = manager.enumerate_classes(context, name_space, call.class_name, call.deep_inheritance);
    if (!found) {
      return fail(found.error());
    }
    answer.classes = *std::move(found);
    return {};
  }
  CimResult<void> run(const wbem::EnumerateClassNames& call) {
    const auto names = manager.enumerate_class_names(context, name_space, call.class_name, call.deep_inheritance);
    if (!names) {
      return fail(names.error());
    }
    for (const std::string& each : *names) {
      answer.paths.emplace_back(cim::NamespaceName(), each);
    }
    return {};
  }
  CimResult<void> run(const wbem::GetInstance& call) {
    auto found = cim::run(manager.get_instance(context, call.path, call.options));
    if (!found) {
      return fail(found.error());
    }
    answer.instances.push_back({std::nullopt, *std::move(found)});
    return {};
  }
  CimResult<void> run(const wbem::EnumerateInstances& call) {
    cim::CollectingSink sink;
    auto done = cim::run(manager.enumerate_instances(context, name_space, call.class_name, call.options, sink));
    for (const cim::Instance& each : sink.instances()) {
      answer.instances.push_back({each.path(name_space), each});
    }
    return done;
  }
  CimResult<void> run(const wbem::EnumerateInstanceNames& call) {
    cim::CollectingSink sink;
    auto done = cim::run(manager.enumerate_instance_names(context, name_space, call.class_name, sink));
    for (const cim::Instance& each : sink.instances()) {
      answer.paths.push_back(each.path(cim::NamespaceName()));
    }
    return done;
  }
  CimResult<void> run(const wbem::CreateInstance& call) {
    auto path = cim::run(manager.create_instance(context, name_space, call.instance));
    if (!path) {
      return fail(path.error());
    }
    answer.paths.push_back(*path);
    return {};
  }
  CimResult<void> run(const wbem::ModifyInstance& call) {
    return cim::run(manager.modify_instance(context, call.path, call.instance, call.properties));
  }
  CimResult<void> run(const wbem::DeleteInstance& call) {
    return cim::run(manager.delete_instance(context, call.path));
  }
  CimResult<void> run(const wbem::InvokeMethod& call) {
    cim::ParameterValues in;
    for (const wbem::MethodParameter& parameter : call.parameters) {
      in.set(parameter.name, parameter.value);
    }
    auto result = cim::run(manager.invoke_method(context, call.path, call.method_name, in));
    if (!result) {
      return fail(result.error());
    }
    answer.return_value = result->return_value;
    for (const auto& each : result->out.all()) {
      answer.parameters.push_back({each.name, each.value, true});
    }
    return {};
  }
  CimResult<void> run(const wbem::FollowAssociations& call) {
    using Kind = cim::EnumerationRequest::Kind;
    constexpr Kind kKinds[] = {Kind::kAssociators, Kind::kAssociatorNames, Kind::kReferences, Kind::kReferenceNames};
    const cim::EnumerationRequest request{.kind = kKinds[static_cast<std::size_t>(call.kind)],
                                          .name_space = name_space,
                                          .object = call.object,
                                          .filter = call.filter};
    cim::CollectingSink sink;
    auto done = cim::run(manager.enumerate(context, request, sink));
    for (const cim::Instance& each : sink.instances()) {
      if (request.is_names_only()) {
        answer.paths.push_back(each.path(name_space));
      } else {
        answer.instances.push_back({each.path(name_space), each});
      }
    }
    return done;
  }
  CimResult<void> run(const wbem::EnumerateQualifiers& /*call*/) {
    const auto types = manager.enumerate_qualifiers(context, name_space);
    for (const cim::QualifierTypePtr& each : types ? *types : std::vector<cim::QualifierTypePtr>()) {
      answer.qualifiers.push_back(*each);
    }
    return types ? CimResult<void>() : CimResult<void>(fail(types.error()));
  }
  CimResult<void> run(const wbem::GetQualifier& call) {
    const auto type = manager.get_qualifier(context, name_space, call.name);
    if (type) {
      answer.qualifiers.push_back(**type);
    }
    return type ? CimResult<void>() : CimResult<void>(fail(type.error()));
  }
  CimResult<void> run(const wbem::DeleteClass& call) {
    return cim::run(manager.delete_class(context, name_space, call.class_name));
  }
  CimResult<void> run(const wbem::DeleteQualifier& call) {
    return cim::run(manager.delete_qualifier(context, name_space, call.name));
  }
  /// All objects come with the Open, and the end with the Pull behind it.
  CimResult<void> run(const wbem::OpenEnumeration& call) {
    answer.parameters.push_back({"EnumerationContext", cim::Value("context"), true});
    answer.parameters.push_back({"EndOfSequence", cim::Value(false), true});
    return run(wbem::EnumerateInstances{.class_name = call.request.class_name, .options = {}, .form = {}});
  }
  CimResult<void> run(const wbem::PullEnumeration& /*call*/) {
    answer.parameters.push_back({"EnumerationContext", cim::Value(""), true});
    answer.parameters.push_back({"EndOfSequence", cim::Value(true), true});
    return {};
  }
  /// No query language; but whoever asks for classes gets those at the top.
  CimResult<void> run(const wbem::ExecQuery& call) {
    return call.query.text.find("meta_class") == std::string::npos
               ? CimResult<void>(fail(cim::Error(cim::Status::kNotSupported)))
               : run(wbem::EnumerateClasses{});
  }
  template <class Other>
  CimResult<void> run(const Other& /*call*/) {
    return fail(cim::Error(cim::Status::kNotSupported));
  }
};

}  // namespace

FakeServer::FakeServer()
    : admission_({}, {}),
      manager_(repository_, providers_, admission_,
               [](const cim::OperationContext&, const cim::OperationRequest&) { return CimResult<void>(); }) {
  SchemaLoader loader;
  for (const schema::ShippedNamespace& shipped : schema::shipped_namespaces()) {
    const cim::NamespaceName name(shipped.name);
    check(repository_.add_namespace(name).has_value(), "each namespace is shipped once");
    cim::mof::Compiler compiler(repository_, loader, name);
    check(compiler.compile(shipped.top_file).has_value(), "the shipped schema compiles");
    for (const cim::ClassPtr& cls : repository_.classes(name)) {
      if (!cls->is_abstract()) {
        providers_.add(name, cls->name(), provider_);
      }
    }
  }
}

void FakeServer::add(std::string_view name_space, std::string_view class_name, const Properties& properties) {
  const cim::ClassPtr cls = repository_.find_class(cim::NamespaceName(name_space), class_name);
  check(cls != nullptr, "the class is shipped");
  cim::Instance instance(cls);
  for (const cim::NamedValue& property : properties) {
    check(instance.set(property.name, property.value), "the class has the property");
  }
  provider_.add(std::move(instance));
}

Outcome<ResponseMessage> FakeServer::call(wbem::Operation operation, cim::NamespaceName name_space) {
  requests_.push_back(describe(operation, name_space));
  if (failure_ && !std::holds_alternative<wbem::GetClass>(operation)) {
    return fail(*failure_);
  }
  Execution execution{manager_, context_, name_space, {}};
  const auto done = std::visit([&execution](const auto& each) { return execution.run(each); }, operation);
  if (!done) {
    return fail(failure_of(done.error()));
  }
  if (const auto* method = std::get_if<wbem::InvokeMethod>(&operation)) {
    if (const auto found = answers_.find(method->method_name); found != answers_.end()) {
      return found->second;
    }
  }
  return std::move(execution.answer);
}

}  // namespace lunaria::cli
