#include "cim/indication/method_call.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/check.h"
#include "cim/error_instance.h"
#include "cim/secrecy.h"

namespace lunaria::cim::indication {
namespace {

/// ReturnValueType; NULL for a method that returns nothing, and for what has no number there.
Value return_value_type(Type type) {
  constexpr Type kNumbered[] = {Type::kBoolean, Type::kString,   Type::kChar16, Type::kUint8,  Type::kSint8,
                                Type::kUint16,  Type::kSint16,   Type::kUint32, Type::kSint32, Type::kUint64,
                                Type::kSint64,  Type::kDatetime, Type::kReal32, Type::kReal64, Type::kReference};
  std::uint16_t number = 2;
  for (const Type each : kNumbered) {
    if (each == type) {
      return Value(number);
    }
    ++number;
  }
  return Value::null(Type::kUint16);
}

void add_parameters(InstanceBuilder& builder, const Method& method, const ParameterValues& values) {
  for (const ParameterValues::Entry& entry : values.all()) {
    const auto index = method.find_parameter(entry.name);
    // What is not declared cannot be judged: it is not told.
    if (!index || entry.value.is_absent() || is_secret(method.parameters[*index])) {
      continue;
    }
    const Parameter& parameter = method.parameters[*index];
    builder.add(parameter.name, without_secrets(entry.value), false, parameter.object_class);
  }
}

Value return_value(const Method& method, const Value& value) {
  if (value.is_null() || is_embedded(value.type()) || returns_secret(method)) {
    return Value::null(Type::kString);
  }
  return Value(value.to_text());
}

}  // namespace

Instance method_parameters(const Method& method, const ParameterValues& in, const ParameterValues* out) {
  InstanceBuilder builder{std::string(kMethodParametersClass)};
  add_parameters(builder, method, in);
  if (out != nullptr) {
    add_parameters(builder, method, *out);
  }
  return builder.build();
}

void describe_call(Instance& indication, const MethodCall& call, const Result<MethodResult, Error>* outcome,
                   const ClassPtr& error_class) {
  const MethodResult* const result = outcome != nullptr && *outcome ? &**outcome : nullptr;
  Instance parameters = method_parameters(call.method, call.in, result != nullptr ? &result->out : nullptr);
  bool is_complete = indication.set("MethodName", Value(call.method.name));
  is_complete &= indication.set("PreCall", Value(outcome == nullptr));
  is_complete &= indication.set("ReturnValueType", return_value_type(call.method.return_type));
  is_complete &= indication.set("MethodParameters",
                                Value(std::make_shared<const Instance>(std::move(parameters)), Type::kEmbeddedObject));
  if (result != nullptr) {
    is_complete &= indication.set("ReturnValue", return_value(call.method, result->return_value));
  }
  if (outcome != nullptr) {
    std::vector<Value> errors;
    if (!*outcome) {
      errors.emplace_back(error_instance(error_class, outcome->error()));
    }
    is_complete &= indication.set("Error", Value::array(Type::kEmbeddedInstance, std::move(errors)));
  }
  check(is_complete, "CIM_InstMethodCall has these properties");
}

}  // namespace lunaria::cim::indication
