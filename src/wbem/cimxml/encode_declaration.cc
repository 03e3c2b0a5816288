// Declarations of classes as clients send them.

#include <string>
#include <string_view>

#include "wbem/cimxml/encode.h"

namespace lunaria::wbem::cimxml {
namespace {

void append_flag(std::string& out, std::string_view name, const std::optional<bool>& flag) {
  if (flag) {
    append_attribute(out, name, *flag ? "true" : "false");
  }
}

void append_qualifiers(std::string& out, const std::vector<cim::WrittenQualifier>& qualifiers) {
  for (const cim::WrittenQualifier& qualifier : qualifiers) {
    out += "<QUALIFIER";
    append_attribute(out, "NAME", qualifier.name);
    append_attribute(out, "TYPE", qualifier.value.is_absent() ? "boolean" : wire_type_name(qualifier.value.type()));
    append_flag(out, "OVERRIDABLE", qualifier.flavor.overridable);
    append_flag(out, "TOSUBCLASS", qualifier.flavor.to_subclass);
    append_flag(out, "TRANSLATABLE", qualifier.flavor.translatable);
    out += '>';
    append_value(out, qualifier.value);
    out += "</QUALIFIER>";
  }
}

/// PROPERTY or PARAMETER with what follows the dot.
void append_element(std::string& out, std::string_view element, const cim::PropertyDeclaration& declaration) {
  std::string tag(element);
  if (declaration.type == cim::Type::kReference) {
    tag += declaration.is_array ? ".REFARRAY" : ".REFERENCE";
  } else if (declaration.is_array) {
    tag += ".ARRAY";
  }
  out += '<' + tag;
  append_attribute(out, "NAME", declaration.name);
  if (declaration.type != cim::Type::kReference) {
    append_attribute(out, "TYPE", wire_type_name(declaration.type));
  } else if (!declaration.object_class.empty()) {
    append_attribute(out, "REFERENCECLASS", declaration.object_class);
  }
  if (declaration.array_size != 0) {
    append_attribute(out, "ARRAYSIZE", std::to_string(declaration.array_size));
  }
  out += '>';
  append_qualifiers(out, declaration.qualifiers);
  append_value(out, declaration.default_value);
  out += "</" + tag + '>';
}

void append_method(std::string& out, const cim::MethodDeclaration& method) {
  out += "<METHOD";
  append_attribute(out, "NAME", method.name);
  if (method.return_type != cim::Type::kNone) {
    append_attribute(out, "TYPE", wire_type_name(method.return_type));
  }
  out += '>';
  append_qualifiers(out, method.qualifiers);
  for (const cim::PropertyDeclaration& parameter : method.parameters) {
    append_element(out, "PARAMETER", parameter);
  }
  out += "</METHOD>";
}

}  // namespace

void append_class_declaration(std::string& out, const cim::ClassDeclaration& declaration) {
  out += "<CLASS";
  append_attribute(out, "NAME", declaration.name);
  if (!declaration.superclass.empty()) {
    append_attribute(out, "SUPERCLASS", declaration.superclass);
  }
  out += '>';
  append_qualifiers(out, declaration.qualifiers);
  for (const cim::PropertyDeclaration& property : declaration.properties) {
    append_element(out, "PROPERTY", property);
  }
  for (const cim::MethodDeclaration& method : declaration.methods) {
    append_method(out, method);
  }
  out += "</CLASS>";
}

}  // namespace lunaria::wbem::cimxml
