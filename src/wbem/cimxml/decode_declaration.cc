#include "wbem/cimxml/decode_declaration.h"

#include <fmt/format.h>

#include <string>
#include <utility>

#include "cim/limits.h"

namespace lunaria::wbem::cimxml {
namespace {

DecodeError invalid(std::string message) {
  return {DecodeError::Kind::kInvalid, std::move(message)};
}

bool is_true(const XmlElement& element, std::string_view name) {
  const auto value = element.attribute(name);
  return value && cim::name_equal(*value, "true");
}

std::optional<bool> stated_flag(const XmlElement& element, std::string_view name) {
  const auto value = element.attribute(name);
  return value ? std::optional(cim::name_equal(*value, "true")) : std::nullopt;
}

Decoded<cim::Type> decode_type(const XmlElement& element) {
  const auto text = require_attribute(element, "TYPE");
  if (!text) {
    return fail(text.error());
  }
  const auto type = cim::type_from_name(*text);
  if (!type) {
    return fail(invalid(fmt::format("{} has the unknown TYPE '{}'", element.name, *text)));
  }
  return *type;
}

Decoded<cim::WrittenQualifier> decode_qualifier(const XmlElement& element) {
  const auto name = require_attribute(element, "NAME");
  const auto type = decode_type(element);
  const auto content = only_child(element);
  if (!name || !type || !content) {
    return fail(!name ? name.error() : !type ? type.error() : content.error());
  }
  cim::WrittenQualifier qualifier;
  qualifier.name = std::string(*name);
  if (*content != nullptr || *type != cim::Type::kBoolean) {  // a boolean without value is true
    auto value = decode_value(*content, *type, *content != nullptr && (*content)->is("VALUE.ARRAY"));
    if (!value) {
      return fail(value.error());
    }
    qualifier.value = *std::move(value);
  }
  qualifier.flavor = {stated_flag(element, "OVERRIDABLE"), stated_flag(element, "TOSUBCLASS"),
                      stated_flag(element, "TRANSLATABLE")};
  return qualifier;
}

/// The QUALIFIERs at the start of `element`; answers the first element behind them.
Decoded<const XmlElement*> decode_qualifiers(const XmlElement& element,
                                             std::vector<cim::WrittenQualifier>& qualifiers) {
  const XmlElement* child = element.first_child;
  for (; child != nullptr && child->is("QUALIFIER"); child = child->next_sibling) {
    auto qualifier = decode_qualifier(*child);
    if (!qualifier) {
      return fail(qualifier.error());
    }
    if (!is_true(*child, "PROPAGATED")) {
      qualifiers.push_back(*std::move(qualifier));
    }
  }
  return child;
}

/// What properties and parameters have in common: name, type, arrayness, referenced class, qualifiers.
Decoded<const XmlElement*> decode_element(const XmlElement& element, cim::PropertyDeclaration& declaration) {
  const auto name = require_attribute(element, "NAME");
  const auto size = decode_array_size(element);
  if (!name || !size) {
    return fail(!name ? name.error() : size.error());
  }
  declaration.name = std::string(*name);
  declaration.array_size = *size;
  declaration.is_array = element.name.ends_with("ARRAY");
  if (element.name.ends_with(".REFERENCE") || element.name.ends_with(".REFARRAY")) {
    declaration.type = cim::Type::kReference;
    declaration.object_class = std::string(element.attribute("REFERENCECLASS").value_or(""));
  } else {
    const auto type = decode_type(element);
    if (!type) {
      return fail(type.error());
    }
    declaration.type = *type;
  }
  return decode_qualifiers(element, declaration.qualifiers);
}

Decoded<cim::PropertyDeclaration> decode_property(const XmlElement& element) {
  cim::PropertyDeclaration declaration;
  const auto rest = decode_element(element, declaration);
  if (!rest) {
    return fail(rest.error());
  }
  if (*rest == nullptr) {
    return declaration;
  }
  if ((*rest)->next_sibling != nullptr) {
    return fail(unexpected(*(*rest)->next_sibling, element.name));
  }
  auto value = decode_value(*rest, declaration.type, declaration.is_array);
  if (!value) {
    return fail(value.error());
  }
  declaration.default_value = *std::move(value);
  return declaration;
}

Decoded<cim::MethodDeclaration> decode_method(const XmlElement& element) {
  const auto name = require_attribute(element, "NAME");
  if (!name) {
    return fail(name.error());
  }
  cim::MethodDeclaration declaration;
  declaration.name = std::string(*name);
  declaration.return_type = cim::Type::kNone;
  if (element.attribute("TYPE")) {
    const auto type = decode_type(element);
    if (!type) {
      return fail(type.error());
    }
    declaration.return_type = *type;
  }
  const auto rest = decode_qualifiers(element, declaration.qualifiers);
  if (!rest) {
    return fail(rest.error());
  }
  for (const XmlElement* child = *rest; child != nullptr; child = child->next_sibling) {
    if (!child->is("PARAMETER") && !child->is("PARAMETER.REFERENCE") && !child->is("PARAMETER.ARRAY") &&
        !child->is("PARAMETER.REFARRAY")) {
      return fail(unexpected(*child, "METHOD"));
    }
    cim::PropertyDeclaration parameter;
    const auto behind = decode_element(*child, parameter);
    if (!behind || *behind != nullptr) {
      return fail(!behind ? behind.error() : unexpected(**behind, child->name));
    }
    declaration.parameters.push_back(std::move(parameter));
  }
  return declaration;
}

bool is_property(const XmlElement& element) {
  return element.is("PROPERTY") || element.is("PROPERTY.ARRAY") || element.is("PROPERTY.REFERENCE");
}

Decoded<void> add_element(const XmlElement& element, cim::ClassDeclaration& declaration) {
  if (!is_property(element) && !element.is("METHOD")) {
    return fail(unexpected(element, "CLASS"));
  }
  if (declaration.properties.size() + declaration.methods.size() >= cim::limits::kClassElementsMax) {
    return fail(invalid("CLASS has too many elements"));
  }
  if (is_true(element, "PROPAGATED")) {
    return {};
  }
  if (element.is("METHOD")) {
    auto method = decode_method(element);
    if (!method) {
      return fail(method.error());
    }
    declaration.methods.push_back(*std::move(method));
    return {};
  }
  auto property = decode_property(element);
  if (!property) {
    return fail(property.error());
  }
  declaration.properties.push_back(*std::move(property));
  return {};
}

Decoded<cim::Scope> decode_scope(const XmlElement& element) {
  constexpr std::pair<std::string_view, cim::Scope> kScopes[] = {
      {"CLASS", cim::Scope::kClass},           {"ASSOCIATION", cim::Scope::kAssociation},
      {"REFERENCE", cim::Scope::kReference},   {"PROPERTY", cim::Scope::kProperty},
      {"METHOD", cim::Scope::kMethod},         {"PARAMETER", cim::Scope::kParameter},
      {"INDICATION", cim::Scope::kIndication},
  };
  if (element.first_child != nullptr) {
    return fail(unexpected(*element.first_child, "SCOPE"));
  }
  auto scope = cim::Scope::kNone;
  for (const auto& [name, one] : kScopes) {
    if (is_true(element, name)) {
      scope = scope | one;
    }
  }
  return scope;
}

}  // namespace

Decoded<cim::ClassDeclaration> decode_class_declaration(const XmlElement& element) {
  if (!element.is("CLASS")) {
    return fail(unexpected(element, "a class"));
  }
  const auto name = require_attribute(element, "NAME");
  if (!name) {
    return fail(name.error());
  }
  cim::ClassDeclaration declaration;
  declaration.name = std::string(*name);
  declaration.superclass = std::string(element.attribute("SUPERCLASS").value_or(""));
  const auto rest = decode_qualifiers(element, declaration.qualifiers);
  if (!rest) {
    return fail(rest.error());
  }
  for (const XmlElement* child = *rest; child != nullptr; child = child->next_sibling) {
    if (const auto added = add_element(*child, declaration); !added) {
      return fail(added.error());
    }
  }
  return declaration;
}

Decoded<cim::QualifierType> decode_qualifier_declaration(const XmlElement& element) {
  if (!element.is("QUALIFIER.DECLARATION")) {
    return fail(unexpected(element, "a qualifier declaration"));
  }
  const auto name = require_attribute(element, "NAME");
  const auto type = decode_type(element);
  const auto size = decode_array_size(element);
  if (!name || !type || !size) {
    return fail(!name ? name.error() : !type ? type.error() : size.error());
  }
  cim::QualifierType declaration;
  declaration.name = std::string(*name);
  declaration.type = *type;
  declaration.is_array = is_true(element, "ISARRAY");
  declaration.array_size = *size;
  declaration.flavor = {.overridable = stated_flag(element, "OVERRIDABLE").value_or(true),
                        .to_subclass = stated_flag(element, "TOSUBCLASS").value_or(true),
                        .translatable = stated_flag(element, "TRANSLATABLE").value_or(false)};
  const XmlElement* child = element.first_child;
  if (child != nullptr && child->is("SCOPE")) {
    const auto scope = decode_scope(*child);
    if (!scope) {
      return fail(scope.error());
    }
    declaration.scope = *scope;
    child = child->next_sibling;
  }
  if (child != nullptr && child->next_sibling != nullptr) {
    return fail(unexpected(*child->next_sibling, element.name));
  }
  auto value = decode_value(child, declaration.type, declaration.is_array);
  if (!value) {
    return fail(value.error());
  }
  declaration.default_value = *std::move(value);
  return declaration;
}

}  // namespace lunaria::wbem::cimxml
