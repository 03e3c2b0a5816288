#include "cli/requests.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "cli/server.h"

namespace lunaria::cli {
namespace {

Failure strange(std::string_view operation) {
  return {ExitCode::kFailed, "the server's answer to " + std::string(operation) + " holds no result"};
}

cim::Instance build(std::string_view class_name, const Properties& properties) {
  cim::InstanceBuilder builder{std::string(class_name)};
  for (const cim::NamedValue& property : properties) {
    builder.add(property.name, property.value);
  }
  return builder.build();
}

}  // namespace

const cim::Value* MethodAnswer::find(std::string_view parameter) const {
  for (const auto& each : out) {
    if (cim::name_equal(each.name, parameter)) {
      return &each.value;
    }
  }
  return nullptr;
}

cim::ObjectPath path_of(std::string_view name_space, std::string_view class_name, Keys keys) {
  return {cim::NamespaceName(name_space), std::string(class_name), std::move(keys)};
}

Outcome<NamedInstances> enumerate(Server& server, std::string_view name_space, std::string_view class_name,
                                  cim::PropertyList properties) {
  wbem::EnumerateInstances operation{.class_name = std::string(class_name), .options = {}, .form = {}};
  operation.options.properties = std::move(properties);
  auto reply = server.call(std::move(operation), cim::NamespaceName(name_space));
  if (!reply) {
    return fail(std::move(reply.error()));
  }
  return std::move(reply->instances);
}

Outcome<NamedInstances> enumerate_filtered(Server& server, std::string_view name_space, std::string_view class_name,
                                           std::string_view filter) {
  constexpr std::uint32_t kObjectsAPull = 1000;
  const cim::NamespaceName space(name_space);
  wbem::OpenEnumeration operation;
  operation.request = {.kind = cim::EnumerationRequest::Kind::kInstances,
                       .name_space = space,
                       .class_name = std::string(class_name),
                       .query = {.language = "DMTF:FQL", .text = std::string(filter)}};
  operation.options.object_count_max = kObjectsAPull;
  NamedInstances found;
  auto reply = server.call(std::move(operation), space);
  for (;;) {
    if (!reply) {
      return fail(std::move(reply.error()));
    }
    std::ranges::move(reply->instances, std::back_inserter(found));
    const MethodAnswer progress{.return_value = {}, .out = std::move(reply->parameters)};
    const cim::Value* context = progress.find("EnumerationContext");
    const cim::Value* end = progress.find("EndOfSequence");
    if (end == nullptr || context == nullptr || end->as_bool().value_or(true)) {
      return found;
    }
    reply = server.call(wbem::PullEnumeration{cim::PullContent::kInstancesWithPath,
                                              std::string(context->string_or_empty()), kObjectsAPull},
                        space);
  }
}

Outcome<cim::Instance> get_instance(Server& server, const cim::ObjectPath& path) {
  auto reply = server.call(wbem::GetInstance{.path = path, .options = {}, .form = {}}, path.name_space());
  if (!reply) {
    return fail(std::move(reply.error()));
  }
  if (reply->instances.empty()) {
    return fail(strange("GetInstance"));
  }
  return std::move(reply->instances.front().instance);
}

Outcome<cim::ObjectPath> create_instance(Server& server, std::string_view name_space, std::string_view class_name,
                                         const Properties& properties) {
  auto reply = server.call(wbem::CreateInstance{build(class_name, properties)}, cim::NamespaceName(name_space));
  if (!reply) {
    return fail(std::move(reply.error()));
  }
  if (reply->paths.empty()) {
    return fail(strange("CreateInstance"));
  }
  return std::move(reply->paths.front());
}

Outcome<void> modify_instance(Server& server, const cim::ObjectPath& path, const Properties& properties) {
  std::vector<std::string> names;
  for (const cim::NamedValue& property : properties) {
    names.push_back(property.name);
  }
  auto reply = server.call(
      wbem::ModifyInstance{.path = path, .instance = build(path.class_name(), properties), .properties = names},
      path.name_space());
  if (!reply) {
    return fail(std::move(reply.error()));
  }
  return {};
}

Outcome<void> delete_instance(Server& server, const cim::ObjectPath& path) {
  auto reply = server.call(wbem::DeleteInstance{path}, path.name_space());
  if (!reply) {
    return fail(std::move(reply.error()));
  }
  return {};
}

Outcome<MethodAnswer> invoke(Server& server, const cim::ObjectPath& path, std::string_view method,
                             const Properties& parameters) {
  wbem::InvokeMethod operation{.path = path, .method_name = std::string(method), .parameters = {}};
  for (const cim::NamedValue& parameter : parameters) {
    operation.parameters.push_back({.name = parameter.name, .value = parameter.value, .is_typed = true});
  }
  auto reply = server.call(std::move(operation), path.name_space());
  if (!reply) {
    return fail(std::move(reply.error()));
  }
  return MethodAnswer{reply->return_value.value_or(cim::Value()), std::move(reply->parameters)};
}

Outcome<cim::ClassPtr> get_class(Server& server, std::string_view name_space, std::string_view class_name) {
  wbem::GetClass operation{.class_name = std::string(class_name), .options = {}};
  operation.options.local_only = false;
  auto reply = server.call(std::move(operation), cim::NamespaceName(name_space));
  if (!reply) {
    return fail(std::move(reply.error()));
  }
  if (reply->classes.empty()) {
    return fail(strange("GetClass"));
  }
  return std::move(reply->classes.front());
}

std::string text_of(const cim::Instance& instance, std::string_view property) {
  const cim::Value* value = instance.find(property);
  return value == nullptr ? std::string() : value->to_text();
}

std::uint64_t number_of(const cim::Instance& instance, std::string_view property) {
  const cim::Value* value = instance.find(property);
  return value == nullptr ? 0 : value->as_unsigned().value_or(0);
}

bool flag_of(const cim::Instance& instance, std::string_view property) {
  const cim::Value* value = instance.find(property);
  return value != nullptr && value->as_bool().value_or(false);
}

cim::Value value_of(const cim::Instance& instance, std::string_view property) {
  const cim::Value* value = instance.find(property);
  return value == nullptr ? cim::Value::null(cim::Type::kString) : *value;
}

}  // namespace lunaria::cli
