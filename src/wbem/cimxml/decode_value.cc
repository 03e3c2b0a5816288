#include "wbem/cimxml/decode_value.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "wbem/cimxml/limits.h"

namespace lunaria::wbem::cimxml {
namespace {

using cim::Type;
using cim::Value;

DecodeError invalid(std::string message) {
  return {DecodeError::Kind::kInvalid, std::move(message)};
}

/// White space around numbers and the like does not count (DSP0201 5.2.4); strings keep theirs.
std::string_view trim(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  const auto first = text.find_first_not_of(kSpace);
  if (first == std::string_view::npos) {
    return {};
  }
  return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

Decoded<Value> decode_scalar(std::string_view text, Type type, std::size_t embedding) {
  if (cim::is_embedded(type)) {
    return decode_embedded(text, type, embedding);
  }
  const bool is_text = type == Type::kString || type == Type::kChar16;
  auto value = Value::parse(type, is_text ? text : trim(text));
  if (!value) {
    return fail(DecodeError{DecodeError::Kind::kValue, fmt::format("'{}' is no {}: {}", text.substr(0, 80),
                                                                   cim::type_name(type), to_string(value.error()))});
  }
  return *std::move(value);
}

/// Clients that come from other protocols write NULL so.
bool is_nil(const XmlElement& element) {
  const auto nil = element.attribute("xsi:nil");
  const auto value = nil ? nil : element.attribute("xsi:null");
  return value && (*value == "true" || *value == "1");
}

/// The text of an element that holds nothing else.
Decoded<std::string_view> text_of(const XmlElement& element) {
  if (element.first_child != nullptr) {
    return fail(unexpected(*element.first_child, element.name));
  }
  return element.text;
}

Decoded<Value> decode_reference(const XmlElement& element) {
  const auto child = only_child(element);
  if (!child) {
    return fail(child.error());
  }
  if (*child == nullptr) {
    return fail(invalid("VALUE.REFERENCE is empty"));
  }
  auto path = decode_object_path(**child);
  if (!path) {
    return fail(path.error());
  }
  return Value(*std::move(path));
}

Decoded<Value> decode_text(const XmlElement& element, Type type, std::size_t embedding) {
  const auto text = text_of(element);
  if (!text) {
    return fail(text.error());
  }
  return decode_scalar(*text, type, embedding);
}

Decoded<Value> decode_array(const XmlElement& array, Type type, std::size_t embedding) {
  std::vector<Value> elements;
  for (const XmlElement* child = array.first_child; child != nullptr; child = child->next_sibling) {
    if (child->is("VALUE.NULL") || (child->is("VALUE") && is_nil(*child))) {
      elements.push_back(Value::null(type));
      continue;
    }
    if (!child->is(type == Type::kReference ? "VALUE.REFERENCE" : "VALUE")) {
      return fail(unexpected(*child, array.name));
    }
    auto value = type == Type::kReference ? decode_reference(*child) : decode_text(*child, type, embedding);
    if (!value) {
      return fail(value.error());
    }
    elements.push_back(*std::move(value));
  }
  return Value::array(type, std::move(elements));
}

Decoded<Value> decode_key_value(const XmlElement& element) {
  const auto value_type = element.attribute("VALUETYPE").value_or("string");
  if (const auto text = text_of(element); !text) {
    return fail(text.error());
  }
  if (const auto type_text = element.attribute("TYPE")) {
    const auto type = cim::type_from_name(*type_text);
    if (!type) {
      return fail(invalid(fmt::format("KEYVALUE has the unknown TYPE '{}'", *type_text)));
    }
    return decode_scalar(element.text, *type, limits::kEmbeddingMax);
  }
  if (value_type == "boolean") {
    return decode_scalar(element.text, Type::kBoolean, limits::kEmbeddingMax);
  }
  if (value_type == "numeric") {
    for (const Type type : {Type::kUint64, Type::kSint64, Type::kReal64}) {
      if (auto value = Value::parse(type, trim(element.text))) {
        return *std::move(value);
      }
    }
    return fail(DecodeError{DecodeError::Kind::kValue, fmt::format("'{}' is no number", element.text.substr(0, 80))});
  }
  if (value_type != "string") {
    return fail(invalid(fmt::format("KEYVALUE has the unknown VALUETYPE '{}'", value_type)));
  }
  return Value(element.text);
}

Decoded<cim::KeyBinding> decode_key(const XmlElement& element) {
  const auto name = require_attribute(element, "NAME");
  if (!name) {
    return fail(name.error());
  }
  const XmlElement* child = element.first_child;
  if (child == nullptr || child->next_sibling != nullptr) {
    return fail(invalid("KEYBINDING takes one KEYVALUE or VALUE.REFERENCE"));
  }
  if (!child->is("KEYVALUE") && !child->is("VALUE.REFERENCE")) {
    return fail(unexpected(*child, "KEYBINDING"));
  }
  auto value = child->is("KEYVALUE") ? decode_key_value(*child) : decode_reference(*child);
  if (!value) {
    return fail(value.error());
  }
  return cim::KeyBinding{std::string(*name), *std::move(value)};
}

Decoded<cim::ObjectPath> decode_instance_name(const XmlElement& element) {
  const auto class_name = require_attribute(element, "CLASSNAME");
  if (!class_name) {
    return fail(class_name.error());
  }
  std::vector<cim::KeyBinding> keys;
  for (const XmlElement* child = element.first_child; child != nullptr; child = child->next_sibling) {
    if (keys.size() == limits::kKeysMax) {
      return fail(invalid(fmt::format("INSTANCENAME has more than {} keys", limits::kKeysMax)));
    }
    // A single key may come without its name (DSP0201 5.2.4.9); the object manager knows which it must be.
    if ((child->is("KEYVALUE") || child->is("VALUE.REFERENCE")) && element.child_count() == 1) {
      auto value = child->is("KEYVALUE") ? decode_key_value(*child) : decode_reference(*child);
      if (!value) {
        return fail(value.error());
      }
      keys.push_back({std::string(), *std::move(value)});
      continue;
    }
    if (!child->is("KEYBINDING")) {
      return fail(unexpected(*child, "INSTANCENAME"));
    }
    auto key = decode_key(*child);
    if (!key) {
      return fail(key.error());
    }
    keys.push_back(*std::move(key));
  }
  return cim::ObjectPath(cim::NamespaceName(), std::string(*class_name), std::move(keys));
}

Decoded<cim::ObjectPath> decode_name(const XmlElement& element) {
  if (element.is("INSTANCENAME")) {
    return decode_instance_name(element);
  }
  if (!element.is("CLASSNAME")) {
    return fail(unexpected(element, "an object path"));
  }
  const auto name = require_attribute(element, "NAME");
  if (!name) {
    return fail(name.error());
  }
  return cim::ObjectPath(cim::NamespaceName(), std::string(*name));
}

/// The type that a string has when it holds an object. DSP0201 spells the attribute one way in its text and the other
/// way in its DTD.
Type with_embedding(const XmlElement& element, Type type) {
  auto embedded = element.attribute("EmbeddedObject");
  if (!embedded) {
    embedded = element.attribute("EMBEDDEDOBJECT");
  }
  if (!embedded || type != Type::kString) {
    return type;
  }
  return *embedded == "instance" ? Type::kEmbeddedInstance : Type::kEmbeddedObject;
}

/// What PROPERTY, PROPERTY.ARRAY and PROPERTY.REFERENCE say of their type.
struct PropertyShape {
  Type type = Type::kString;
  bool is_array = false;
};

Decoded<PropertyShape> decode_property_shape(const XmlElement& element) {
  if (element.is("PROPERTY.REFERENCE")) {
    return PropertyShape{Type::kReference, false};
  }
  const auto type_text = require_attribute(element, "TYPE");
  if (!type_text) {
    return fail(type_text.error());
  }
  const auto type = cim::type_from_name(*type_text);
  if (!type) {
    return fail(invalid(fmt::format("{} has the unknown TYPE '{}'", element.name, *type_text)));
  }
  return PropertyShape{with_embedding(element, *type), element.is("PROPERTY.ARRAY")};
}

Decoded<const XmlElement*> value_child(const XmlElement& element) {
  const XmlElement* child = element.first_child;
  if (child == nullptr) {
    return only_child(element);
  }
  while (child != nullptr && child->is("QUALIFIER")) {
    child = child->next_sibling;
  }
  if (child != nullptr && child->next_sibling != nullptr) {
    return fail(unexpected(*child->next_sibling, element.name));
  }
  return child;
}

bool is_property(const XmlElement& element) {
  return element.is("PROPERTY") || element.is("PROPERTY.ARRAY") || element.is("PROPERTY.REFERENCE");
}

Decoded<cim::Instance> build_instance(const XmlElement& element, const cim::ObjectPath* name, std::size_t embedding) {
  const auto class_name = require_attribute(element, "CLASSNAME");
  if (!class_name) {
    return fail(class_name.error());
  }
  cim::InstanceBuilder builder{std::string(*class_name)};
  std::size_t count = 0;
  for (const XmlElement* child = element.first_child; child != nullptr; child = child->next_sibling) {
    if (child->is("QUALIFIER")) {
      continue;
    }
    if (!is_property(*child)) {
      return fail(unexpected(*child, "INSTANCE"));
    }
    if (++count > limits::kPropertiesMax) {
      return fail(invalid(fmt::format("INSTANCE has more than {} properties", limits::kPropertiesMax)));
    }
    const auto property = require_attribute(*child, "NAME");
    if (!property) {
      return fail(property.error());
    }
    const auto shape = decode_property_shape(*child);
    if (!shape) {
      return fail(shape.error());
    }
    const auto content = value_child(*child);
    if (!content) {
      return fail(content.error());
    }
    auto value = decode_value(*content, shape->type, shape->is_array, embedding);
    if (!value) {
      return fail(value.error());
    }
    const bool is_key = name != nullptr && name->key(*property) != nullptr;
    if (!builder.add(std::string(*property), *std::move(value), is_key)) {
      return fail(DecodeError{DecodeError::Kind::kValue, fmt::format("property '{}' stands twice", *property)});
    }
  }
  return builder.build();
}

}  // namespace

Decoded<std::string_view> require_attribute(const XmlElement& element, std::string_view name) {
  const auto value = element.attribute(name);
  if (!value) {
    return fail(invalid(fmt::format("{} lacks the attribute {}", element.name, name)));
  }
  return *value;
}

Decoded<std::uint32_t> decode_array_size(const XmlElement& element) {
  const auto text = element.attribute("ARRAYSIZE");
  std::uint32_t size = 0;
  if (text) {
    const auto read = std::from_chars(text->data(), text->data() + text->size(), size);
    if (read.ec != std::errc() || read.ptr != text->data() + text->size()) {
      return fail(invalid(fmt::format("{} has the ARRAYSIZE '{}'", element.name, *text)));
    }
  }
  return size;
}

DecodeError unexpected(const XmlElement& element, std::string_view inside) {
  return invalid(fmt::format("{} may not stand in {}", element.name.substr(0, 80), inside));
}

Decoded<const XmlElement*> only_child(const XmlElement& element) {
  if (element.first_child == nullptr) {
    if (!is_blank(element.text)) {
      return fail(invalid(fmt::format("text may not stand in {}", element.name)));
    }
    return nullptr;
  }
  if (element.first_child->next_sibling != nullptr) {
    return fail(unexpected(*element.first_child->next_sibling, element.name));
  }
  return element.first_child;
}

bool is_null(const XmlElement& element) {
  return element.is("VALUE.NULL") || is_nil(element);
}

Decoded<Value> decode_embedded(std::string_view text, Type type, std::size_t embedding) {
  if (embedding >= limits::kEmbeddingMax) {
    return fail(invalid(fmt::format("embedded objects nest deeper than {}", limits::kEmbeddingMax)));
  }
  const auto document = XmlDocument::parse(text);
  if (!document) {
    return fail(DecodeError{DecodeError::Kind::kValue, "an embedded object: " + document.error().message});
  }
  const XmlElement& root = document->root();
  if (root.is("INSTANCE")) {
    auto instance = decode_instance(root, embedding + 1);
    if (!instance) {
      return fail(instance.error());
    }
    return Value(std::make_shared<const cim::Instance>(*std::move(instance)), type);
  }
  if (root.is("CLASS") && type == Type::kEmbeddedObject) {
    auto cls = decode_class(root);
    if (!cls) {
      return fail(cls.error());
    }
    return Value(*std::move(cls));
  }
  return fail(unexpected(root, "an embedded object"));
}

Decoded<Value> decode_value(const XmlElement* element, Type type, bool is_array, std::size_t embedding) {
  if (element == nullptr || is_null(*element)) {
    return Value::null(type, is_array);
  }
  if (element->is("VALUE.ARRAY") || element->is("VALUE.REFARRAY")) {
    if (!is_array || element->is("VALUE.REFARRAY") != (type == Type::kReference)) {
      return fail(invalid(fmt::format("{} holds no {}", element->name, cim::type_name(type))));
    }
    return decode_array(*element, type, embedding);
  }
  if (is_array) {
    return fail(invalid(fmt::format("{} stands where an array must", element->name)));
  }
  if (element->is("VALUE.REFERENCE") && type == Type::kReference) {
    return decode_reference(*element);
  }
  if (!element->is("VALUE") || type == Type::kReference) {
    return fail(unexpected(*element, fmt::format("a {} value", cim::type_name(type))));
  }
  return decode_text(*element, type, embedding);
}

Decoded<cim::NamespaceName> decode_local_namespace(const XmlElement& element) {
  if (!element.is("LOCALNAMESPACEPATH") || element.first_child == nullptr) {
    return fail(unexpected(element, "a namespace path"));
  }
  std::string text;
  for (const XmlElement* child = element.first_child; child != nullptr; child = child->next_sibling) {
    const auto name = require_attribute(*child, "NAME");
    if (!child->is("NAMESPACE") || !name) {
      return fail(unexpected(*child, "LOCALNAMESPACEPATH"));
    }
    text += text.empty() ? "" : "/";
    text += *name;
  }
  cim::NamespaceName name_space(text);
  if (name_space.empty()) {
    return fail(invalid("the names in LOCALNAMESPACEPATH are empty"));
  }
  return name_space;
}

Decoded<cim::ObjectPath> decode_object_path(const XmlElement& element) {
  if (element.is("INSTANCENAME") || element.is("CLASSNAME")) {
    return decode_name(element);
  }
  const bool is_local = element.is("LOCALINSTANCEPATH") || element.is("LOCALCLASSPATH");
  const bool is_full = element.is("INSTANCEPATH") || element.is("CLASSPATH");
  if ((!is_local && !is_full) || element.child_count() != 2) {
    return fail(unexpected(element, "an object path"));
  }
  const XmlElement& where = *element.first_child;
  std::string host;
  const XmlElement* local = &where;
  if (is_full) {
    const XmlElement* host_element = where.child("HOST");
    local = where.child("LOCALNAMESPACEPATH");
    if (!where.is("NAMESPACEPATH") || host_element == nullptr || local == nullptr || where.child_count() != 2) {
      return fail(unexpected(where, element.name));
    }
    host = std::string(host_element->text);
  }
  auto name_space = decode_local_namespace(*local);
  if (!name_space) {
    return fail(name_space.error());
  }
  auto path = decode_name(*where.next_sibling);
  if (!path) {
    return fail(path.error());
  }
  path->set_host(std::move(host));
  path->set_name_space(*std::move(name_space));
  return path;
}

Decoded<cim::Instance> decode_instance(const XmlElement& element, std::size_t embedding) {
  if (!element.is("INSTANCE")) {
    return fail(unexpected(element, "an instance"));
  }
  return build_instance(element, nullptr, embedding);
}

Decoded<cim::Instance> decode_instance(const XmlElement& element, const cim::ObjectPath& name) {
  if (!element.is("INSTANCE")) {
    return fail(unexpected(element, "an instance"));
  }
  return build_instance(element, &name, 0);
}

Decoded<DecodedParameter> decode_parameter(const XmlElement& element) {
  DecodedParameter parameter;
  if (element.is("PARAMVALUE")) {
    const auto name = require_attribute(element, "NAME");
    if (!name) {
      return fail(name.error());
    }
    parameter.name = std::string(*name);
  }
  const auto content = only_child(element);
  if (!content) {
    return fail(content.error());
  }
  const XmlElement* child = *content;
  Type type = Type::kString;
  if (const auto type_text = element.attribute("PARAMTYPE")) {
    const auto stated = cim::type_from_name(*type_text);
    if (!stated) {
      return fail(invalid(fmt::format("{} has the unknown PARAMTYPE '{}'", element.name, *type_text)));
    }
    type = *stated;
    type = with_embedding(element, type);
  } else {
    parameter.is_typed = false;
    if (child != nullptr && (child->is("VALUE.REFERENCE") || child->is("VALUE.REFARRAY"))) {
      type = Type::kReference;
      parameter.is_typed = true;
    }
  }
  const bool is_array = child != nullptr && (child->is("VALUE.ARRAY") || child->is("VALUE.REFARRAY"));
  auto value = decode_value(child, type, is_array);
  if (!value) {
    return fail(value.error());
  }
  parameter.value = *std::move(value);
  return parameter;
}

}  // namespace lunaria::wbem::cimxml
