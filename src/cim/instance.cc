#include "cim/instance.h"

#include <algorithm>

#include "base/check.h"
#include "cim/name.h"

namespace lunaria::cim {

Instance::Instance(ClassPtr cls) : class_(std::move(cls)) {
  check(class_ != nullptr, "an instance has a class");
  values_.resize(class_->properties().size());
}

Instance Instance::with_defaults(ClassPtr cls) {
  Instance instance(std::move(cls));
  for (std::size_t i = 0; i < instance.values_.size(); ++i) {
    const Property& property = instance.class_->property(i);
    if (!property.default_value.is_null()) {
      instance.values_[i] = property.default_value;
    }
  }
  return instance;
}

const Value* Instance::find(std::string_view property) const {
  const auto index = class_->find_property(property);
  return index && !values_[*index].is_absent() ? &values_[*index] : nullptr;
}

std::size_t Instance::held_bytes() const {
  std::size_t bytes = values_.capacity() * sizeof(Value);
  for (const Value& value : values_) {
    bytes += value.held_bytes();
  }
  return bytes;
}

void Instance::set(std::size_t index, Value value) {
  check(index < values_.size(), "a property index is one of the class");
  const Property& property = class_->property(index);
  if (value.is_null() && !value.is_absent()) {
    value = Value::null(property.type, property.is_array);
  }
  const bool fits = value.is_absent() || (value.type() == property.type && value.is_array() == property.is_array);
  if (!fits) [[unlikely]] {
    check(false, class_->name() + '.' + property.name + ": a value has the type of its property");
  }
  values_[index] = std::move(value);
}

bool Instance::set(std::string_view property, Value value) {
  const auto index = class_->find_property(property);
  if (index) {
    set(*index, std::move(value));
  }
  return index.has_value();
}

ObjectPath Instance::path(const NamespaceName& name_space) const {
  std::vector<KeyBinding> keys;
  keys.reserve(class_->key_indexes().size());
  for (const std::uint16_t index : class_->key_indexes()) {
    if (!values_[index].is_absent()) {
      keys.push_back({class_->property(index).name, values_[index]});
    }
  }
  return ObjectPath(name_space, class_->name(), std::move(keys));
}

bool operator==(const Instance& left, const Instance& right) {
  if (!name_equal(left.class_name(), right.class_name())) {
    return false;
  }
  const auto count = [](const Instance& instance) {
    return std::ranges::count_if(instance.values_, [](const Value& value) { return !value.is_absent(); });
  };
  if (count(left) != count(right)) {
    return false;
  }
  for (std::size_t i = 0; i < left.values_.size(); ++i) {
    if (left.values_[i].is_absent()) {
      continue;
    }
    const Value* other = right.find(left.class_->property(i).name);
    if (other == nullptr || !(*other == left.values_[i])) {
      return false;
    }
  }
  return true;
}

InstanceBuilder::InstanceBuilder(std::string class_name) {
  parts_.name = std::move(class_name);
}

bool InstanceBuilder::add(std::string name, Value value, bool is_key, std::string object_class) {
  check(!value.is_absent(), "a property of an instance has a value, or NULL");
  Property property;
  property.name = std::move(name);
  property.type = value.type();
  property.is_array = value.is_array();
  property.is_key = is_key;
  property.object_class = std::move(object_class);
  property.class_origin = parts_.name;
  property.declared_in = parts_.name;
  property.default_value = Value::null(property.type, property.is_array);
  const auto same = std::ranges::find_if(
      parts_.properties, [&property](const PropertyPtr& other) { return name_equal(other->name, property.name); });
  if (same != parts_.properties.end()) {
    values_[static_cast<std::size_t>(same - parts_.properties.begin())] = std::move(value);
    *same = std::make_shared<const Property>(std::move(property));
    return false;
  }
  parts_.properties.push_back(std::make_shared<const Property>(std::move(property)));
  values_.push_back(std::move(value));
  return true;
}

Instance InstanceBuilder::build() {
  Instance instance(std::make_shared<const Class>(std::move(parts_)));
  for (std::size_t i = 0; i < values_.size(); ++i) {
    instance.set(i, std::move(values_[i]));
  }
  parts_ = {};
  values_.clear();
  return instance;
}

}  // namespace lunaria::cim
