#include "cli/indication_text.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/mof_text.h"
#include "cli/requests.h"
#include "schema/names.h"

namespace lunaria::cli {
namespace {

std::string_view verb(std::string_view class_name) {
  if (cim::name_equal(class_name, "CIM_InstCreation")) {
    return "created";
  }
  if (cim::name_equal(class_name, "CIM_InstModification")) {
    return "changed";
  }
  return cim::name_equal(class_name, "CIM_InstDeletion") ? "deleted" : class_name;
}

cim::InstancePtr embedded(const cim::Instance& indication, std::string_view property) {
  const cim::Value* value = indication.find(property);
  return value != nullptr ? value->as_instance() : nullptr;
}

std::string changes_text(const cim::Instance& before, const cim::Instance& after) {
  std::string text;
  for (std::size_t i = 0; i < after.values().size(); ++i) {
    const std::string& name = after.cls()->property(i).name;
    const cim::Value* old = before.find(name);
    const bool is_same = old == nullptr ? after.value(i).is_null() : *old == after.value(i);
    if (!is_same) {
      text +=
          fmt::format("\n    {}: {} -> {}", name, old == nullptr ? "NULL" : mof_text(*old), mof_text(after.value(i)));
    }
  }
  return text;
}

/// An object in a list of parameters is named, not spelt out: the line stays one.
std::string parameter_text(const cim::Value& value) {
  if (!cim::is_embedded(value.type()) || value.is_null()) {
    return mof_text(value);
  }
  if (value.is_array()) {
    return fmt::format("{{{} instances}}", value.elements().size());
  }
  const cim::InstancePtr instance = value.as_instance();
  return instance != nullptr ? "instance of " + instance->class_name() : "a class";
}

/// Why the method failed; "" when it did not.
std::string failure_text(const cim::Instance& indication) {
  const cim::Value* errors = indication.find("Error");
  if (errors == nullptr || errors->elements().empty()) {
    return {};
  }
  const cim::InstancePtr error = errors->elements().front().as_instance();
  return error != nullptr ? text_of(*error, "Message") : "an error";
}

/// "calling PATH Resize(Size=2)", then "called PATH Resize(Size=2) = 0" or "failed PATH Resize(Size=2): why".
std::string call_text(const cim::Instance& indication, std::string_view path) {
  std::string parameters;
  if (const cim::InstancePtr given = embedded(indication, "MethodParameters")) {
    for (std::size_t i = 0; i < given->values().size(); ++i) {
      parameters +=
          fmt::format("{}{}={}", i == 0 ? "" : ", ", given->cls()->property(i).name, parameter_text(given->value(i)));
    }
  }
  const std::string call = fmt::format("{} {}({})", path, text_of(indication, "MethodName"), parameters);
  if (flag_of(indication, "PreCall")) {
    return "calling " + call;
  }
  const std::string failure = failure_text(indication);
  if (!failure.empty()) {
    return fmt::format("failed {}: {}", call, failure);
  }
  const cim::Value value = value_of(indication, "ReturnValue");
  return "called " + call + (value.is_null() ? "" : " = " + value.to_text());
}

/// "namespace root/new (root/interop:MSFTSM_Namespace)" for what stands for a namespace, whose keys say little else;
/// the path of anything else.
std::string object_text(const std::string& text) {
  const auto path = cim::ObjectPath::parse(text);
  const cim::Value* name = path ? path->key("Name") : nullptr;
  if (name == nullptr) {
    return text;
  }
  const bool is_relative = cim::name_equal(path->class_name(), "__Namespace");
  if (!is_relative && !cim::name_equal(path->class_name(), schema::msftsm_namespace::kClass)) {
    return text;
  }
  return fmt::format("namespace {}{}{} ({}:{})", is_relative ? path->name_space().text() : "", is_relative ? "/" : "",
                     name->string_or_empty(), path->name_space().text(), path->class_name());
}

}  // namespace

std::string indication_text(const cim::Instance& indication) {
  const cim::Value* time = indication.find("IndicationTime");
  std::string text = fmt::format("{} ", time != nullptr && !time->is_null() ? time->to_text() : "-");
  const std::string path = text_of(indication, "SourceInstanceModelPath");
  if (path.empty()) {
    const std::string message = text_of(indication, "Message");
    return text + fmt::format("{} {}", indication.class_name(), message);
  }
  if (cim::name_equal(indication.class_name(), schema::cim_inst_method_call::kClass)) {
    return text + call_text(indication, path);
  }
  text += fmt::format("{} {}", verb(indication.class_name()), object_text(path));
  const cim::InstancePtr before = embedded(indication, "PreviousInstance");
  const cim::InstancePtr after = embedded(indication, "SourceInstance");
  return before != nullptr && after != nullptr ? text + changes_text(*before, *after) : text;
}

Json indication_json(const cim::Instance& indication) {
  return to_json(indication, nullptr);
}

}  // namespace lunaria::cli
