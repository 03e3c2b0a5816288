#include "cim/mof/writer.h"

#include <fmt/format.h>

#include <array>
#include <utility>
#include <vector>

#include "cim/name.h"

namespace lunaria::cim::mof {
namespace {

std::string escaped(std::string_view text, char quote) {
  constexpr std::string_view kEscaped = "\b\t\n\f\r\\";
  constexpr std::string_view kLetters = "btnfr\\";
  std::string out(1, quote);
  for (const char c : text) {
    if (const auto index = kEscaped.find(c); index != std::string_view::npos) {
      out += '\\';
      out += kLetters[index];
    } else if (c == quote) {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) {
      out += fmt::format("\\x{:04X}", static_cast<unsigned>(static_cast<unsigned char>(c)));
    } else {
      out += c;
    }
  }
  return out + quote;
}

std::string flavors(const Flavor& flavor, const QualifierTypePtr& declaration) {
  if (!declaration || declaration->flavor == flavor) {
    return {};
  }
  std::string text = " :";
  text += flavor.overridable ? " EnableOverride" : " DisableOverride";
  text += flavor.to_subclass ? " ToSubclass" : " Restricted";
  return text + (flavor.translatable ? " Translatable" : "");
}

std::string qualifier_list(const QualifierSet& qualifiers, const ClassTextOptions& options, std::string_view indent) {
  std::vector<std::string> parts;
  for (const auto& entry : qualifiers.entries()) {
    if (options.local_only && entry.is_propagated) {
      continue;
    }
    const Qualifier& qualifier = *entry.qualifier;
    std::string text = qualifier.name;
    if (qualifier.value.is_array() && !qualifier.value.is_null()) {
      text += ' ' + to_mof(qualifier.value);
    } else if (qualifier.value.as_bool() != true) {
      text += '(' + to_mof(qualifier.value) + ')';
    }
    const auto declared = options.declaration_of ? options.declaration_of(qualifier.name) : nullptr;
    parts.push_back(text + flavors(qualifier.flavor, declared));
  }
  return parts.empty() ? std::string() : fmt::format("{}[{}]\n", indent, fmt::join(parts, ", "));
}

template <class Element>
std::string element(const Element& declared) {
  const std::string type =
      declared.type == Type::kReference ? declared.object_class + " REF" : std::string(type_name(declared.type));
  const std::string array = !declared.is_array         ? std::string()
                            : declared.array_size == 0 ? std::string("[]")
                                                       : fmt::format("[{}]", declared.array_size);
  return fmt::format("{} {}{}", type, declared.name, array);
}

std::string method_text(const Method& method, const ClassTextOptions& options) {
  std::vector<std::string> parameters;
  for (const Parameter& parameter : method.parameters) {
    parameters.push_back(qualifier_list(parameter.qualifiers, options, "    ") + "    " + element(parameter));
  }
  const std::string_view type = method.return_type == Type::kNone ? "void" : type_name(method.return_type);
  return qualifier_list(method.qualifiers, options, "  ") + fmt::format("  {} {}({}{});\n", type, method.name,
                                                                        parameters.empty() ? "" : "\n",
                                                                        fmt::join(parameters, ",\n"));
}

}  // namespace

std::string to_mof(const Value& value) {
  if (value.is_null()) {
    return "NULL";
  }
  if (value.is_array()) {
    std::vector<std::string> elements;
    for (const Value& each : value.elements()) {
      elements.push_back(to_mof(each));
    }
    return elements.empty() ? std::string("{}") : fmt::format("{{ {} }}", fmt::join(elements, ", "));
  }
  if (const auto flag = value.as_bool()) {
    return *flag ? "TRUE" : "FALSE";
  }
  if (const InstancePtr instance = value.as_instance()) {
    return escaped(to_mof(*instance), '"');
  }
  if (const ClassPtr cls = value.as_class()) {
    return escaped(to_mof(*cls, {.local_only = false, .declaration_of = {}}), '"');
  }
  const std::string text = value.to_text();
  if (value.type() == Type::kChar16) {
    return escaped(text, '\'');
  }
  return is_numeric(value.type()) ? text : escaped(text, '"');
}

std::string to_mof(const QualifierType& type) {
  static constexpr auto kScopes = std::to_array<std::pair<Scope, std::string_view>>({
      {Scope::kClass, "class"},
      {Scope::kAssociation, "association"},
      {Scope::kIndication, "indication"},
      {Scope::kProperty, "property"},
      {Scope::kReference, "reference"},
      {Scope::kMethod, "method"},
      {Scope::kParameter, "parameter"},
  });
  std::vector<std::string_view> scopes;
  for (const auto& [scope, name] : kScopes) {
    if (type.scope != Scope::kAny && has_scope(type.scope, scope)) {
      scopes.push_back(name);
    }
  }
  if (scopes.empty()) {  // "schema" is a scope of DSP0004 that nothing here has: the same as none at all
    scopes.emplace_back(type.scope == Scope::kAny ? "any" : "schema");
  }
  std::vector<std::string_view> flavor = {type.flavor.overridable ? "EnableOverride" : "DisableOverride",
                                          type.flavor.to_subclass ? "ToSubclass" : "Restricted"};
  if (type.flavor.translatable) {
    flavor.emplace_back("Translatable");
  }
  const std::string array = !type.is_array         ? std::string()
                            : type.array_size == 0 ? std::string("[]")
                                                   : fmt::format("[{}]", type.array_size);
  return fmt::format("Qualifier {} : {}{}{}, Scope({}), Flavor({});", type.name, type_name(type.type), array,
                     type.default_value.is_null() ? std::string() : " = " + to_mof(type.default_value),
                     fmt::join(scopes, ", "), fmt::join(flavor, ", "));
}

std::string to_mof(const Class& cls, const ClassTextOptions& options) {
  std::string text = qualifier_list(cls.qualifiers(), options, "");
  text += cls.superclass_name().empty() ? fmt::format("class {} {{\n", cls.name())
                                        : fmt::format("class {} : {} {{\n", cls.name(), cls.superclass_name());
  for (const PropertyPtr& property : cls.properties()) {
    if (options.local_only && cls.is_propagated(*property)) {
      continue;
    }
    text += qualifier_list(property->qualifiers, options, "  ");
    text += "  " + element(*property);
    text += property->default_value.is_null() ? std::string(";\n")
                                              : fmt::format(" = {};\n", to_mof(property->default_value));
  }
  for (const MethodPtr& method : cls.methods()) {
    if (!options.local_only || !cls.is_propagated(*method)) {
      text += method_text(*method, options);
    }
  }
  return text + "};";
}

std::string to_mof(const Instance& instance) {
  std::string text = fmt::format("instance of {} {{\n", instance.class_name());
  for (std::size_t i = 0; i < instance.values().size(); ++i) {
    if (!instance.value(i).is_absent()) {
      text += fmt::format("  {} = {};\n", instance.cls()->property(i).name, to_mof(instance.value(i)));
    }
  }
  return text + "};";
}

}  // namespace lunaria::cim::mof
