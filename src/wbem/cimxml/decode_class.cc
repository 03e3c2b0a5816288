#include <fmt/format.h>

#include "cim/limits.h"
#include "wbem/cimxml/decode_value.h"

namespace lunaria::wbem::cimxml {
namespace {

Decoded<cim::Type> decode_type(const XmlElement& element) {
  if (element.name.find("REF") != std::string_view::npos) {
    return cim::Type::kReference;
  }
  const auto text = require_attribute(element, "TYPE");
  if (!text) {
    return fail(text.error());
  }
  const auto type = cim::type_from_name(*text);
  if (!type) {
    return fail(
        DecodeError{DecodeError::Kind::kInvalid, fmt::format("{} has the unknown TYPE '{}'", element.name, *text)});
  }
  return *type;
}

Decoded<cim::QualifierSet> decode_qualifiers(const XmlElement& element) {
  cim::QualifierSet set;
  for (const XmlElement* child = element.first_child; child != nullptr; child = child->next_sibling) {
    if (!child->is("QUALIFIER")) {
      continue;
    }
    const auto name = require_attribute(*child, "NAME");
    if (!name) {
      return fail(name.error());
    }
    const auto type = decode_type(*child);
    if (!type) {
      return fail(type.error());
    }
    const bool is_array = child->child("VALUE.ARRAY") != nullptr;
    auto value = decode_value(child->first_child, *type, is_array);
    if (!value) {
      return fail(value.error());
    }
    const cim::Flavor flavor{.overridable = child->attribute("OVERRIDABLE") != "false",
                             .to_subclass = child->attribute("TOSUBCLASS") != "false",
                             .translatable = child->attribute("TRANSLATABLE") == "true"};
    set.add(std::make_shared<const cim::Qualifier>(std::string(*name), *std::move(value), flavor),
            child->attribute("PROPAGATED") == "true");
  }
  return set;
}

std::string object_class_of(const XmlElement& element, const cim::QualifierSet& qualifiers) {
  if (const auto reference = element.attribute("REFERENCECLASS")) {
    return std::string(*reference);
  }
  const cim::Qualifier* embedded = qualifiers.find("EmbeddedInstance");
  return embedded == nullptr ? std::string() : std::string(embedded->value.string_or_empty());
}

Decoded<cim::PropertyPtr> decode_property(const XmlElement& element, const std::string& class_name) {
  const auto name = require_attribute(element, "NAME");
  const auto type = decode_type(element);
  const auto size = decode_array_size(element);
  auto qualifiers = decode_qualifiers(element);
  if (!name || !type || !size || !qualifiers) {
    return fail(!name ? name.error() : !type ? type.error() : !size ? size.error() : qualifiers.error());
  }
  auto property = std::make_shared<cim::Property>();
  property->name = std::string(*name);
  property->type = *type;
  property->is_array = element.is("PROPERTY.ARRAY");
  property->array_size = *size;
  property->object_class = object_class_of(element, *qualifiers);
  property->class_origin = std::string(element.attribute("CLASSORIGIN").value_or(class_name));
  property->declared_in = element.attribute("PROPAGATED") == "true" ? property->class_origin : class_name;
  property->is_key = qualifiers->is_set("Key");
  property->is_writable = qualifiers->is_set("Write");
  property->is_required = qualifiers->is_set("Required");
  property->qualifiers = *std::move(qualifiers);
  const XmlElement* value = element.first_child;
  while (value != nullptr && value->is("QUALIFIER")) {
    value = value->next_sibling;
  }
  auto default_value = decode_value(value, *type, property->is_array);
  if (!default_value) {
    return fail(default_value.error());
  }
  property->default_value = *std::move(default_value);
  return property;
}

Decoded<cim::Parameter> decode_class_parameter(const XmlElement& element) {
  const auto name = require_attribute(element, "NAME");
  const auto type = decode_type(element);
  const auto size = decode_array_size(element);
  auto qualifiers = decode_qualifiers(element);
  if (!name || !type || !size || !qualifiers) {
    return fail(!name ? name.error() : !type ? type.error() : !size ? size.error() : qualifiers.error());
  }
  cim::Parameter parameter;
  parameter.name = std::string(*name);
  parameter.type = *type;
  parameter.is_array = element.is("PARAMETER.ARRAY") || element.is("PARAMETER.REFARRAY");
  parameter.array_size = *size;
  parameter.object_class = object_class_of(element, *qualifiers);
  const cim::Qualifier* in = qualifiers->find("In");
  parameter.is_in = in == nullptr || qualifiers->is_set("In");
  parameter.is_out = qualifiers->is_set("Out");
  parameter.is_required = qualifiers->is_set("Required");
  parameter.qualifiers = *std::move(qualifiers);
  return parameter;
}

Decoded<cim::MethodPtr> decode_method(const XmlElement& element, const std::string& class_name) {
  const auto name = require_attribute(element, "NAME");
  auto qualifiers = decode_qualifiers(element);
  if (!name || !qualifiers) {
    return fail(!name ? name.error() : qualifiers.error());
  }
  auto method = std::make_shared<cim::Method>();
  method->name = std::string(*name);
  method->return_type = cim::type_from_name(element.attribute("TYPE").value_or("")).value_or(cim::Type::kNone);
  method->class_origin = std::string(element.attribute("CLASSORIGIN").value_or(class_name));
  method->declared_in = element.attribute("PROPAGATED") == "true" ? method->class_origin : class_name;
  method->is_static = qualifiers->is_set("Static");
  method->qualifiers = *std::move(qualifiers);
  for (const XmlElement* child = element.first_child; child != nullptr; child = child->next_sibling) {
    if (!child->name.starts_with("PARAMETER")) {
      continue;
    }
    auto parameter = decode_class_parameter(*child);
    if (!parameter) {
      return fail(parameter.error());
    }
    method->parameters.push_back(*std::move(parameter));
  }
  return method;
}

}  // namespace

Decoded<cim::ClassPtr> decode_class(const XmlElement& element) {
  if (!element.is("CLASS")) {
    return fail(unexpected(element, "a class"));
  }
  const auto name = require_attribute(element, "NAME");
  auto qualifiers = decode_qualifiers(element);
  if (!name || !qualifiers) {
    return fail(!name ? name.error() : qualifiers.error());
  }
  cim::Class::Parts parts;
  parts.name = std::string(*name);
  parts.superclass = std::string(element.attribute("SUPERCLASS").value_or(""));
  parts.qualifiers = *std::move(qualifiers);
  for (const XmlElement* child = element.first_child; child != nullptr; child = child->next_sibling) {
    if (parts.properties.size() + parts.methods.size() == cim::limits::kClassElementsMax) {
      return fail(DecodeError{DecodeError::Kind::kInvalid, "CLASS has too many elements"});
    }
    if (child->name.starts_with("PROPERTY")) {
      auto property = decode_property(*child, parts.name);
      if (!property) {
        return fail(property.error());
      }
      parts.properties.push_back(*std::move(property));
    } else if (child->is("METHOD")) {
      auto method = decode_method(*child, parts.name);
      if (!method) {
        return fail(method.error());
      }
      parts.methods.push_back(*std::move(method));
    }
  }
  return std::make_shared<const cim::Class>(std::move(parts));
}

}  // namespace lunaria::wbem::cimxml
