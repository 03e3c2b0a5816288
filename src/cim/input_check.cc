#include "cim/input_check.h"

#include <string>
#include <utility>
#include <vector>

#include "cim/limits.h"

namespace lunaria::cim {
namespace {

Error mismatch(std::string reason) {
  return Error(Status::kTypeMismatch, std::move(reason));
}
Error invalid(std::string reason) {
  return Error(Status::kInvalidParameter, std::move(reason));
}

std::string described(const ExpectedType& expected) {
  std::string text(type_name(expected.type));
  if (!expected.object_class.empty()) {
    text += ' ';
    text += expected.object_class;
  }
  return expected.is_array ? text + "[]" : text;
}

Error with_place(const Error& error, const std::string& place) {
  return Error(error.status, place + ": " + error.message);
}

/// Strings into what they spell; nullopt when they do not spell it.
std::optional<Value> read_text(Type type, const Value& given) {
  if (given.is_null() || is_embedded(type)) {
    return given;
  }
  if (given.is_array()) {
    std::vector<Value> elements;
    elements.reserve(given.elements().size());
    for (const Value& element : given.elements()) {
      auto one = read_text(type, element);
      if (!one) {
        return std::nullopt;
      }
      elements.push_back(one->is_null() ? Value::null(type) : std::move(*one));
    }
    return Value::array(type, std::move(elements));
  }
  auto parsed = Value::parse(type, given.string_or_empty());
  return parsed ? std::optional(std::move(*parsed)) : std::nullopt;
}

}  // namespace

Result<ObjectPath, Error> InputCheck::instance_path(const Class& cls, const ObjectPath& path) const {
  if (depth_ > limits::kEmbeddingDepthMax) {
    return fail(invalid("references are nested too deeply"));
  }
  std::vector<KeyBinding> keys;
  keys.reserve(cls.key_indexes().size());
  for (const std::uint16_t index : cls.key_indexes()) {
    const Property& property = cls.property(index);
    const std::string place = cls.name() + '.' + property.name;
    const bool is_unnamed = cls.key_indexes().size() == 1 && path.keys().size() == 1 && path.keys()[0].name.empty();
    const Value* given = is_unnamed ? &path.keys()[0].value : path.key(property.name);
    if (given == nullptr || given->is_null()) {
      return fail(invalid(place + ": the path lacks this key"));
    }
    // A path may come from text that tells numbers from strings, but not one width from another.
    auto converted = given->converted_to(property.type);
    if (!converted || converted->is_array()) {
      return fail(invalid(place + ": the key is not of type " + std::string(type_name(property.type))));
    }
    if (property.type == Type::kReference) {
      auto typed = reference(ExpectedType(property), *converted->as_reference());
      if (!typed) {
        return fail(invalid(place + ": " + typed.error().message));
      }
      converted = std::move(*typed);
    }
    keys.push_back({property.name, std::move(*converted)});
  }
  if (keys.size() != path.keys().size()) {
    for (const KeyBinding& given : path.keys()) {
      const auto index = cls.find_property(given.name);
      if (!index || !cls.property(*index).is_key) {
        return fail(invalid(cls.name() + " has no key " + given.name));
      }
    }
    return fail(invalid(cls.name() + ": a key is given twice"));
  }
  return ObjectPath(name_space_, cls.name(), std::move(keys));
}

Result<Value, Error> InputCheck::reference(const ExpectedType& expected, const ObjectPath& given) const {
  ObjectPath path = given;
  if (path.name_space().empty()) {
    path.set_name_space(name_space_);
  }
  const ClassPtr cls = repository_.find_class(path.name_space(), path.class_name());
  if (!cls) {
    return Value(std::move(path));  // an object elsewhere, or one that its provider will not find
  }
  if (!expected.object_class.empty() && !cls->is_a(expected.object_class)) {
    return fail(mismatch("refers to a " + cls->name() + ", not to a " + std::string(expected.object_class)));
  }
  if (!path.is_instance()) {
    return Value(std::move(path));
  }
  const NamespaceName name_space = path.name_space();
  auto typed = InputCheck(repository_, name_space, depth_ + 1).instance_path(*cls, path);
  if (!typed) {
    return fail(typed.error());
  }
  typed->set_host(path.host());
  return Value(std::move(*typed));
}

Result<Value, Error> InputCheck::embedded(const ExpectedType& expected, const Value& given) const {
  const InstancePtr object = given.as_instance();
  if (!object) {
    if (given.as_class() && expected.type == Type::kEmbeddedObject) {
      return given;
    }
    return fail(mismatch("not an embedded instance"));
  }
  if (depth_ >= limits::kEmbeddingDepthMax) {
    return fail(invalid("instances are embedded too deeply"));
  }
  const ClassPtr cls = repository_.find_class(name_space_, object->class_name());
  if (!cls) {
    return fail(invalid("embedded instance of class " + object->class_name() + ", which is not there"));
  }
  if (!expected.object_class.empty() && !cls->is_a(expected.object_class)) {
    return fail(mismatch("embedded " + cls->name() + " is no " + std::string(expected.object_class)));
  }
  auto bound = InputCheck(repository_, name_space_, depth_ + 1).instance(cls, *object);
  if (!bound) {
    return fail(bound.error());
  }
  return Value(std::make_shared<const Instance>(std::move(*bound)), expected.type);
}

Result<Value, Error> InputCheck::scalar(const ExpectedType& expected, const Value& given) const {
  if (given.is_null()) {
    return Value::null(expected.type);
  }
  if (is_embedded(expected.type)) {
    return embedded(expected, given);
  }
  if (given.type() != expected.type) {
    return fail(mismatch(std::string(type_name(given.type())) + " where " + described(expected) + " is expected"));
  }
  if (expected.type == Type::kReference) {
    return reference(expected, *given.as_reference());
  }
  return given;
}

Result<Value, Error> InputCheck::value(const ExpectedType& expected, const Value& given) const {
  if (given.is_null()) {
    return Value::null(expected.type, expected.is_array);
  }
  if (given.is_array() != expected.is_array) {
    return fail(mismatch(std::string(given.is_array() ? "an array" : "a scalar") + " where " + described(expected) +
                         " is expected"));
  }
  if (!given.is_array()) {
    return scalar(expected, given);
  }
  if (expected.array_size != 0 && given.elements().size() > expected.array_size) {
    return fail(invalid("more elements than the array holds"));
  }
  std::vector<Value> elements;
  elements.reserve(given.elements().size());
  for (const Value& element : given.elements()) {
    auto one = scalar(expected, element);
    if (!one) {
      return one;
    }
    elements.push_back(std::move(*one));
  }
  return Value::array(expected.type, std::move(elements));
}

Result<Value, Error> InputCheck::untyped_value(const ExpectedType& expected, const Value& given) const {
  const auto read = given.type() == Type::kString ? read_text(expected.type, given) : given;
  if (!read) {
    return fail(mismatch("not a value of type " + described(expected)));
  }
  return value(expected, *read);
}

Result<Instance, Error> InputCheck::instance(const ClassPtr& cls, const Instance& given) const {
  Instance bound(cls);
  for (std::size_t i = 0; i < given.values().size(); ++i) {
    if (given.value(i).is_absent()) {
      continue;
    }
    const std::string& name = given.cls()->property(i).name;
    const auto index = cls->find_property(name);
    if (!index) {
      return fail(Error(Status::kNoSuchProperty, cls->name() + " has no property " + name));
    }
    auto checked = value(ExpectedType(cls->property(*index)), given.value(i));
    if (!checked) {
      return fail(with_place(checked.error(), cls->name() + '.' + name));
    }
    if (const ObjectPathPtr referred = checked->as_reference(); referred && !referred->is_instance()) {
      return fail(invalid(cls->name() + '.' + name + " refers to a class, where an instance is expected"));
    }
    bound.set(*index, std::move(*checked));
  }
  return bound;
}

Result<ParameterValues, Error> InputCheck::parameters(const Method& method, const ParameterValues& given) const {
  ParameterValues checked;
  for (const ParameterValues::Entry& entry : given.all()) {
    const std::string place = method.name + '(' + entry.name + ')';
    const auto index = method.find_parameter(entry.name);
    if (!index) {
      return fail(invalid(place + ": the method has no such parameter"));
    }
    const Parameter& parameter = method.parameters[*index];
    if (!parameter.is_in) {
      if (entry.value.is_null()) {
        continue;  // clients that pass every parameter pass NULL for those that come back
      }
      return fail(invalid(place + ": an output parameter takes no value"));
    }
    const ExpectedType expected(parameter);
    auto value_in = entry.is_untyped ? untyped_value(expected, entry.value) : value(expected, entry.value);
    if (!value_in) {
      return fail(invalid(place + ": " + value_in.error().message));
    }
    checked.set(parameter.name, std::move(*value_in));
  }
  for (const Parameter& parameter : method.parameters) {
    const Value* value_in = checked.find(parameter.name);
    if (parameter.is_in && parameter.is_required && (value_in == nullptr || value_in->is_null())) {
      return fail(invalid(method.name + '(' + parameter.name + "): the parameter is required"));
    }
  }
  return checked;
}

}  // namespace lunaria::cim
