#include "wbem/cimxml/encode.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "wbem/cimxml/limits.h"
#include "wbem/cimxml/xml_text.h"

namespace lunaria::wbem::cimxml {
namespace {

constexpr std::string_view kEmbeddedInstance = R"( EmbeddedObject="instance")";
constexpr std::string_view kEmbeddedObject = R"( EmbeddedObject="object")";

/// For classes and qualifiers inside instances: no element is left out.
const cim::ClassOptions kEverything{false, true, true, std::nullopt};

std::string_view embedded_attribute(cim::Type type) {
  if (type == cim::Type::kEmbeddedInstance) {
    return kEmbeddedInstance;
  }
  return type == cim::Type::kEmbeddedObject ? kEmbeddedObject : std::string_view();
}

template <class Integer>
void append_integer(std::string& out, Integer number) {
  std::array<char, 24> digits{};
  const auto written = std::to_chars(digits.data(), digits.data() + digits.size(), number);
  out.append(digits.data(), written.ptr);
}

void append_embedded(std::string& out, const cim::Value& value) {
  std::string embedded;
  if (const auto instance = value.as_instance()) {
    append_instance(embedded, *instance, {});
  } else if (const auto cls = value.as_class()) {
    append_class(embedded, *cls, kEverything);
  }
  append_escaped(out, embedded);
}

/// The type decides: asking the value for one kind after the other would be slow for numbers, which are most values.
void append_scalar_text(std::string& out, const cim::Value& value) {
  if (const std::string* text = value.as_string()) {
    append_escaped(out, *text);
    return;
  }
  if (cim::is_embedded(value.type())) {
    append_embedded(out, value);
  } else if (value.type() == cim::Type::kBoolean) {
    out += value.as_bool().value_or(false) ? "TRUE" : "FALSE";
  } else if (value.type() == cim::Type::kChar16) {
    append_escaped(out, value.to_text());
  } else if (const auto number = cim::is_integer(value.type()) ? value.as_unsigned() : std::nullopt) {
    append_integer(out, *number);
  } else if (const auto negative = cim::is_integer(value.type()) ? value.as_signed() : std::nullopt) {
    append_integer(out, *negative);
  } else {
    value.append_text(out);
  }
}

void append_reference(std::string& out, const cim::ObjectPath& path) {
  out += "<VALUE.REFERENCE>";
  if (path.name_space().empty()) {
    append_object_name(out, path);
  } else {
    append_object_path(out, path);
  }
  out += "</VALUE.REFERENCE>";
}

void append_array(std::string& out, const cim::Value& value) {
  const bool references = value.type() == cim::Type::kReference;
  out += references ? "<VALUE.REFARRAY>" : "<VALUE.ARRAY>";
  for (const cim::Value& element : value.elements()) {
    if (element.is_null()) {
      out += "<VALUE.NULL/>";
    } else if (references) {
      append_reference(out, *element.as_reference());
    } else {
      out += "<VALUE>";
      append_scalar_text(out, element);
      out += "</VALUE>";
    }
  }
  out += references ? "</VALUE.REFARRAY>" : "</VALUE.ARRAY>";
}

std::string_view key_value_type(cim::Type type) {
  if (type == cim::Type::kBoolean) {
    return "boolean";
  }
  return cim::is_numeric(type) ? "numeric" : "string";
}

void append_key_value_start(std::string& out, cim::Type type) {
  out += "<KEYVALUE VALUETYPE=\"";
  out += key_value_type(type);
  out += "\" TYPE=\"";
  out += wire_type_name(type);
  out += "\">";
}

void append_key(std::string& out, std::string_view name, const cim::Value& value) {
  out += "<KEYBINDING";
  append_attribute(out, "NAME", name);
  out += '>';
  if (const auto reference = value.as_reference()) {
    append_reference(out, *reference);
  } else {
    append_key_value_start(out, value.type());
    append_scalar_text(out, value);
    out += "</KEYVALUE>";
  }
  out += "</KEYBINDING>";
}

void append_flavor(std::string& out, const cim::Flavor& flavor) {
  if (!flavor.overridable) {
    out += " OVERRIDABLE=\"false\"";
  }
  if (!flavor.to_subclass) {
    out += " TOSUBCLASS=\"false\"";
  }
  if (flavor.translatable) {
    out += " TRANSLATABLE=\"true\"";
  }
}

void append_qualifiers(std::string& out, const cim::QualifierSet& qualifiers, const cim::ClassOptions& options,
                       bool is_element_propagated) {
  if (!options.include_qualifiers) {
    return;
  }
  for (const auto& entry : qualifiers.entries()) {
    if (!options.shows(entry, is_element_propagated)) {
      continue;
    }
    const cim::Qualifier& qualifier = *entry.qualifier;
    out += "<QUALIFIER";
    append_attribute(out, "NAME", qualifier.name);
    append_attribute(out, "TYPE", wire_type_name(qualifier.value.type()));
    if (entry.is_propagated) {
      out += " PROPAGATED=\"true\"";
    }
    append_flavor(out, qualifier.flavor);
    out += '>';
    append_value(out, qualifier.value);
    out += "</QUALIFIER>";
  }
}

std::string_view property_element(const cim::Property& property) {
  if (property.type == cim::Type::kReference) {
    return "PROPERTY.REFERENCE";
  }
  return property.is_array ? "PROPERTY.ARRAY" : "PROPERTY";
}

void append_property_start(std::string& out, std::string_view element, const cim::Property& property) {
  out += '<';
  out += element;
  append_attribute(out, "NAME", property.name);
  if (property.type == cim::Type::kReference) {
    if (!property.object_class.empty()) {
      append_attribute(out, "REFERENCECLASS", property.object_class);
    }
    return;
  }
  append_attribute(out, "TYPE", wire_type_name(property.type));
  if (property.array_size != 0) {
    append_attribute(out, "ARRAYSIZE", std::to_string(property.array_size));
  }
}

void append_parameter(std::string& out, const cim::Parameter& parameter, const cim::ClassOptions& options,
                      bool is_method_propagated) {
  const bool is_reference = parameter.type == cim::Type::kReference;
  std::string element = "PARAMETER";
  if (is_reference) {
    element += parameter.is_array ? ".REFARRAY" : ".REFERENCE";
  } else if (parameter.is_array) {
    element += ".ARRAY";
  }
  out += '<' + element;
  append_attribute(out, "NAME", parameter.name);
  if (!is_reference) {
    append_attribute(out, "TYPE", wire_type_name(parameter.type));
  } else if (!parameter.object_class.empty()) {
    append_attribute(out, "REFERENCECLASS", parameter.object_class);
  }
  if (parameter.array_size != 0) {
    append_attribute(out, "ARRAYSIZE", std::to_string(parameter.array_size));
  }
  out += '>';
  append_qualifiers(out, parameter.qualifiers, options, is_method_propagated);
  out += "</" + element + '>';
}

void append_method(std::string& out, const cim::Class& cls, const cim::Method& method,
                   const cim::ClassOptions& options) {
  const bool propagated = cls.is_propagated(method);
  out += "<METHOD";
  append_attribute(out, "NAME", method.name);
  if (method.return_type != cim::Type::kNone) {
    append_attribute(out, "TYPE", wire_type_name(method.return_type));
  }
  if (options.include_class_origin) {
    append_attribute(out, "CLASSORIGIN", method.class_origin);
  }
  if (propagated) {
    out += " PROPAGATED=\"true\"";
  }
  out += '>';
  append_qualifiers(out, method.qualifiers, options, propagated);
  for (const cim::Parameter& parameter : method.parameters) {
    append_parameter(out, parameter, options, propagated);
  }
  out += "</METHOD>";
}

void append_class_property(std::string& out, const cim::Class& cls, const cim::Property& property,
                           const cim::ClassOptions& options) {
  const bool propagated = cls.is_propagated(property);
  const std::string_view element = property_element(property);
  append_property_start(out, element, property);
  out += embedded_attribute(property.type);
  if (options.include_class_origin) {
    append_attribute(out, "CLASSORIGIN", property.class_origin);
  }
  if (propagated) {
    out += " PROPAGATED=\"true\"";
  }
  out += '>';
  append_qualifiers(out, property.qualifiers, options, propagated);
  append_value(out, property.default_value);
  out += "</";
  out += element;
  out += '>';
}

}  // namespace

InstanceEncoder::Tags::Tags(const cim::Property& property, const InstanceForm& form) {
  append_property(null, property, cim::Value::null(property.type, property.is_array), form.include_class_origin,
                  form.include_qualifiers);
  close = fmt::format("</{}>", property_element(property));
  open = null.ends_with("/>") ? null.substr(0, null.size() - 2) + '>' : null.substr(0, null.size() - close.size());
  is_scalar = !property.is_array && property.type != cim::Type::kReference;
  if (is_scalar) {
    open += "<VALUE>";
    close = "</VALUE>" + close;
  }
  key_open = "<KEYBINDING";
  append_attribute(key_open, "NAME", property.name);
  key_open += '>';
  if (is_scalar) {
    append_key_value_start(key_open, property.type);
    key_close = "</KEYVALUE>";
  }
  key_close += "</KEYBINDING>";
}

InstanceEncoder::Frame InstanceEncoder::make_frame(const cim::ClassPtr& cls) const {
  Frame frame;
  frame.cls = cls;
  for (const cim::PropertyPtr& property : cls->properties()) {
    frame.tags.emplace_back(*property, form_);
  }
  frame.instance_open = "<INSTANCE";
  append_attribute(frame.instance_open, "CLASSNAME", cls->name());
  frame.instance_open += '>';
  frame.name_open = "<INSTANCENAME" + frame.instance_open.substr(std::string_view("<INSTANCE").size());
  if (form_.include_qualifiers) {
    append_qualifiers(frame.instance_open, cls->qualifiers(), kEverything, false);
  }
  return frame;
}

const InstanceEncoder::Frame& InstanceEncoder::frame_for(const cim::ClassPtr& cls) {
  if (last_ < frames_.size() && frames_[last_].cls == cls) {
    return frames_[last_];
  }
  const auto found = std::ranges::find(frames_, cls, &Frame::cls);
  last_ = static_cast<std::size_t>(found - frames_.begin());
  if (found == frames_.end()) {
    if (frames_.size() == limits::kEncodedClassesMax) {
      frames_.clear();
      last_ = 0;
    }
    frames_.push_back(make_frame(cls));
  }
  return frames_[last_];
}

void InstanceEncoder::append_instance(std::string& out, const cim::Instance& instance) {
  const Frame& frame = frame_for(instance.cls());
  out += frame.instance_open;
  for (std::size_t i = 0; i < frame.tags.size(); ++i) {
    const cim::Value& value = instance.value(i);
    if (value.is_absent() || !instance.is_selected(i)) {
      continue;
    }
    const Tags& tags = frame.tags[i];
    if (value.is_null()) {
      out += tags.null;
      continue;
    }
    out += tags.open;
    if (tags.is_scalar) {
      append_scalar_text(out, value);
    } else {
      append_value(out, value);
    }
    out += tags.close;
  }
  out += "</INSTANCE>";
}

void InstanceEncoder::append_name(std::string& out, const cim::Instance& instance) {
  const Frame& frame = frame_for(instance.cls());
  out += frame.name_open;
  for (const std::uint16_t index : frame.cls->key_indexes()) {
    const cim::Value& value = instance.value(index);
    if (value.is_null()) {
      continue;
    }
    const Tags& tags = frame.tags[index];
    out += tags.key_open;
    if (tags.is_scalar) {
      append_scalar_text(out, value);
    } else {
      append_value(out, value);
    }
    out += tags.key_close;
  }
  out += "</INSTANCENAME>";
}

std::string_view wire_type_name(cim::Type type) {
  return cim::type_name(type);
}

void append_embedded_attribute(std::string& out, cim::Type type) {
  out += embedded_attribute(type);
}

void append_attribute(std::string& out, std::string_view name, std::string_view value) {
  out += ' ';
  out += name;
  out += "=\"";
  append_escaped(out, value);
  out += '"';
}

void append_value(std::string& out, const cim::Value& value) {
  if (value.is_null()) {
    return;
  }
  if (value.is_array()) {
    append_array(out, value);
  } else if (const auto reference = value.as_reference()) {
    append_reference(out, *reference);
  } else {
    out += "<VALUE>";
    append_scalar_text(out, value);
    out += "</VALUE>";
  }
}

void append_property(std::string& out, const cim::Property& property, const cim::Value& value, bool include_origin,
                     bool include_qualifiers) {
  const std::string_view element = property_element(property);
  append_property_start(out, element, property);
  out += embedded_attribute(property.type);
  if (include_origin && !property.class_origin.empty()) {
    append_attribute(out, "CLASSORIGIN", property.class_origin);
  }
  out += '>';  // never an empty-element tag: a common client's parser stumbles over it
  if (include_qualifiers) {
    append_qualifiers(out, property.qualifiers, kEverything, false);
  }
  append_value(out, value);
  out += "</";
  out += element;
  out += '>';
}

void append_instance(std::string& out, const cim::Instance& instance, const InstanceForm& form) {
  const cim::Class& cls = *instance.cls();
  out += "<INSTANCE";
  append_attribute(out, "CLASSNAME", cls.name());
  out += '>';
  if (form.include_qualifiers) {
    append_qualifiers(out, cls.qualifiers(), kEverything, false);
  }
  for (std::size_t i = 0; i < instance.values().size(); ++i) {
    const cim::Value& value = instance.value(i);
    if (!value.is_absent() && instance.is_selected(i)) {
      append_property(out, cls.property(i), value, form.include_class_origin, form.include_qualifiers);
    }
  }
  out += "</INSTANCE>";
}

void append_object_name(std::string& out, const cim::ObjectPath& path) {
  if (!path.is_instance()) {
    out += "<CLASSNAME";
    append_attribute(out, "NAME", path.class_name());
    out += "/>";
    return;
  }
  out += "<INSTANCENAME";
  append_attribute(out, "CLASSNAME", path.class_name());
  out += '>';
  for (const cim::KeyBinding& key : path.keys()) {
    append_key(out, key.name, key.value);
  }
  out += "</INSTANCENAME>";
}

void append_local_namespace(std::string& out, const cim::NamespaceName& name_space) {
  out += "<LOCALNAMESPACEPATH>";
  std::string_view rest = name_space.text();
  while (!rest.empty()) {
    const std::size_t slash = rest.find('/');
    out += "<NAMESPACE";
    append_attribute(out, "NAME", rest.substr(0, slash));
    out += "/>";
    rest = slash == std::string_view::npos ? std::string_view() : rest.substr(slash + 1);
  }
  out += "</LOCALNAMESPACEPATH>";
}

void append_namespace_path(std::string& out, std::string_view host, const cim::NamespaceName& name_space) {
  out += "<NAMESPACEPATH><HOST>";
  append_escaped(out, host);
  out += "</HOST>";
  append_local_namespace(out, name_space);
  out += "</NAMESPACEPATH>";
}

void append_object_path(std::string& out, const cim::ObjectPath& path) {
  const bool is_local = path.host().empty();
  std::string element = is_local ? "LOCAL" : "";
  element += path.is_instance() ? "INSTANCEPATH" : "CLASSPATH";
  out += '<' + element + '>';
  if (is_local) {
    append_local_namespace(out, path.name_space());
  } else {
    append_namespace_path(out, path.host(), path.name_space());
  }
  append_object_name(out, path);
  out += "</" + element + '>';
}

std::string instance_with_path(const cim::ObjectPath& path, const cim::Instance& instance) {
  std::string out = "<VALUE.INSTANCEWITHPATH><INSTANCEPATH>";
  append_namespace_path(out, path.host().empty() ? "localhost" : path.host(), path.name_space());
  append_object_name(out, path);
  out += "</INSTANCEPATH>";
  append_instance(out, instance, {});
  out += "</VALUE.INSTANCEWITHPATH>";
  return out;
}

void append_class(std::string& out, const cim::Class& cls, const cim::ClassOptions& options) {
  out += "<CLASS";
  append_attribute(out, "NAME", cls.name());
  if (!cls.superclass_name().empty()) {
    append_attribute(out, "SUPERCLASS", cls.superclass_name());
  }
  out += '>';
  append_qualifiers(out, cls.qualifiers(), options, false);
  for (const cim::PropertyPtr& property : cls.properties()) {
    if (options.shows(cls, *property)) {
      append_class_property(out, cls, *property, options);
    }
  }
  for (const cim::MethodPtr& method : cls.methods()) {
    if (options.shows(cls, *method)) {
      append_method(out, cls, *method, options);
    }
  }
  out += "</CLASS>";
}

void append_qualifier_type(std::string& out, const cim::QualifierType& type) {
  out += "<QUALIFIER.DECLARATION";
  append_attribute(out, "NAME", type.name);
  append_attribute(out, "TYPE", wire_type_name(type.type));
  if (type.is_array) {
    out += " ISARRAY=\"true\"";
  }
  if (type.array_size != 0) {
    append_attribute(out, "ARRAYSIZE", std::to_string(type.array_size));
  }
  append_flavor(out, type.flavor);
  out += "><SCOPE";
  constexpr std::pair<cim::Scope, std::string_view> kScopes[] = {
      {cim::Scope::kClass, "CLASS"},           {cim::Scope::kAssociation, "ASSOCIATION"},
      {cim::Scope::kReference, "REFERENCE"},   {cim::Scope::kProperty, "PROPERTY"},
      {cim::Scope::kMethod, "METHOD"},         {cim::Scope::kParameter, "PARAMETER"},
      {cim::Scope::kIndication, "INDICATION"},
  };
  for (const auto& [scope, name] : kScopes) {
    if (cim::has_scope(type.scope, scope)) {
      append_attribute(out, name, "true");
    }
  }
  out += "/>";
  append_value(out, type.default_value);
  out += "</QUALIFIER.DECLARATION>";
}

void append_parameter_value(std::string& out, std::string_view name, const cim::Value& value) {
  out += "<PARAMVALUE";
  append_attribute(out, "NAME", name);
  append_attribute(out, "PARAMTYPE", wire_type_name(value.type()));
  out += embedded_attribute(value.type());
  out += '>';
  append_value(out, value);
  out += "</PARAMVALUE>";
}

void append_response_start(std::string& out, std::string_view message_id, std::string_view protocol_version,
                           bool is_extrinsic, std::string_view method_name) {
  out += "<?xml version=\"1.0\" encoding=\"utf-8\" ?>\n<CIM CIMVERSION=\"2.0\" DTDVERSION=\"2.0\"><MESSAGE";
  append_attribute(out, "ID", message_id);
  append_attribute(out, "PROTOCOLVERSION", protocol_version);
  out += "><SIMPLERSP><";
  out += is_extrinsic ? "METHODRESPONSE" : "IMETHODRESPONSE";
  append_attribute(out, "NAME", method_name);
  out += '>';
}

void append_response_end(std::string& out, bool is_extrinsic) {
  out += is_extrinsic ? "</METHODRESPONSE>" : "</IMETHODRESPONSE>";
  out += "</SIMPLERSP></MESSAGE></CIM>\n";
}

}  // namespace lunaria::wbem::cimxml
