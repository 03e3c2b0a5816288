#include "cim/secrecy.h"

#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "cim/instance.h"
#include "cim/name.h"

namespace lunaria::cim {
namespace {

constexpr std::array<std::string_view, 8> kWords = {"password", "passwd",     "passphrase", "passcode",
                                                    "secret",   "credential", "key",        "token"};

Value shown(const Instance& instance, Type type) {
  Instance copy = instance;
  const auto& declared = instance.cls()->properties();
  for (std::size_t i = 0; i < declared.size(); ++i) {
    if (is_secret(*declared[i])) {
      copy.set(i, Value());
    } else if (is_embedded(copy.value(i).type())) {
      copy.set(i, without_secrets(copy.value(i)));
    }
  }
  return Value(std::make_shared<const Instance>(std::move(copy)), type);
}

}  // namespace

bool is_secret_name(std::string_view name) {
  const std::string folded = fold_name(name);
  return std::ranges::any_of(kWords, [&](std::string_view word) { return folded.find(word) != std::string::npos; });
}

bool is_secret(const Parameter& parameter) {
  return parameter.qualifiers.is_set(kSecretQualifier) || is_secret_name(parameter.name);
}

bool is_secret(const Property& property) {
  return property.qualifiers.is_set(kSecretQualifier) || is_secret_name(property.name);
}

bool returns_secret(const Method& method) {
  return method.qualifiers.is_set(kSecretQualifier) || (!is_numeric(method.return_type) && is_secret_name(method.name));
}

Value without_secrets(const Value& value) {
  if (!is_embedded(value.type()) || value.is_null()) {
    return value;
  }
  if (!value.is_array()) {
    const InstancePtr instance = value.as_instance();
    return instance ? shown(*instance, value.type()) : value;
  }
  std::vector<Value> elements;
  elements.reserve(value.elements().size());
  for (const Value& each : value.elements()) {
    elements.push_back(without_secrets(each));
  }
  return Value::array(value.type(), std::move(elements));
}

}  // namespace lunaria::cim
