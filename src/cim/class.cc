#include "cim/class.h"

#include <algorithm>
#include <utility>

#include "cim/name.h"

namespace lunaria::cim {

std::optional<std::size_t> Method::find_parameter(std::string_view parameter_name) const {
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    if (name_equal(parameters[i].name, parameter_name)) {
      return i;
    }
  }
  return std::nullopt;
}

Class::Class(Parts parts) : parts_(std::move(parts)) {
  property_hashes_.reserve(parts_.properties.size());
  for (const PropertyPtr& property : parts_.properties) {
    if (property->is_key) {
      key_indexes_.push_back(static_cast<std::uint16_t>(property_hashes_.size()));
    }
    property_hashes_.push_back(name_hash(property->name));
  }
  is_abstract_ = parts_.qualifiers.is_set("Abstract");
  is_structure_ = parts_.qualifiers.is_set("Structure");
  is_association_ = parts_.qualifiers.is_set("Association");
  is_indication_ = parts_.qualifiers.is_set("Indication");
}

std::optional<std::size_t> Class::find_property(std::string_view name) const {
  const std::uint32_t hash = name_hash(name);
  for (std::size_t i = 0; i < property_hashes_.size(); ++i) {
    if (property_hashes_[i] == hash && name_equal(parts_.properties[i]->name, name)) {
      return i;
    }
  }
  return std::nullopt;
}

bool Class::is_propagated(const Property& property) const {
  return !name_equal(property.declared_in, name());
}

bool Class::is_propagated(const Method& method) const {
  return !name_equal(method.declared_in, name());
}

MethodPtr Class::find_method(std::string_view name) const {
  const auto found =
      std::ranges::find_if(parts_.methods, [name](const MethodPtr& method) { return name_equal(method->name, name); });
  return found != parts_.methods.end() ? *found : nullptr;
}

bool Class::is_a(std::string_view class_name) const {
  for (const Class* cls = this; cls != nullptr; cls = cls->parts_.superclass_ptr.get()) {
    if (name_equal(cls->name(), class_name)) {
      return true;
    }
  }
  return false;
}

}  // namespace lunaria::cim
