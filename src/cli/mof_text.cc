#include "cli/mof_text.h"

#include <fmt/format.h>

#include <utility>
#include <vector>

namespace lunaria::cli {
namespace {

std::string quoted_text(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\t') {
      out += "\\t";
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) {
      out += fmt::format("\\x{:02X}", static_cast<unsigned>(static_cast<unsigned char>(c)));
    } else {
      out += c;
    }
  }
  return out + "\"";
}

std::string qualifier_list(const cim::QualifierSet& qualifiers, std::string_view indent) {
  std::vector<std::string> parts;
  for (const auto& entry : qualifiers.entries()) {
    const cim::Qualifier& qualifier = *entry.qualifier;
    if (qualifier.value.as_bool() == true) {
      parts.push_back(qualifier.name);
    } else if (qualifier.value.is_array()) {
      parts.push_back(fmt::format("{} {}", qualifier.name, mof_text(qualifier.value)));
    } else {
      parts.push_back(fmt::format("{}({})", qualifier.name, mof_text(qualifier.value)));
    }
  }
  return parts.empty() ? std::string() : fmt::format("{}[{}]\n", indent, fmt::join(parts, ", "));
}

template <class Element>
std::string declaration(const Element& element) {
  const std::string type = element.type == cim::Type::kReference ? fmt::format("{} REF", element.object_class)
                                                                 : std::string(cim::type_name(element.type));
  const std::string array = !element.is_array         ? std::string()
                            : element.array_size == 0 ? std::string("[]")
                                                      : fmt::format("[{}]", element.array_size);
  return fmt::format("{} {}{}", type, element.name, array);
}

std::string method_text(const cim::Method& method) {
  std::string text = qualifier_list(method.qualifiers, "  ");
  std::vector<std::string> parameters;
  for (const cim::Parameter& parameter : method.parameters) {
    parameters.push_back(qualifier_list(parameter.qualifiers, "    ") + "    " + declaration(parameter));
  }
  // A method without result is void in MOF, and has no type name.
  const std::string_view type = method.return_type == cim::Type::kNone ? "void" : cim::type_name(method.return_type);
  return text + fmt::format("  {} {}({}{});\n", type, method.name, parameters.empty() ? "" : "\n",
                            fmt::join(parameters, ",\n"));
}

}  // namespace

std::string mof_text(const cim::Value& value) {
  if (value.is_null()) {
    return "NULL";
  }
  if (value.is_array()) {
    std::vector<std::string> elements;
    for (const cim::Value& element : value.elements()) {
      elements.push_back(mof_text(element));
    }
    return elements.empty() ? std::string("{}") : fmt::format("{{ {} }}", fmt::join(elements, ", "));
  }
  if (const auto flag = value.as_bool()) {
    return *flag ? "TRUE" : "FALSE";
  }
  if (const cim::InstancePtr instance = value.as_instance()) {
    return mof_text(*instance, nullptr);
  }
  if (const cim::ClassPtr cls = value.as_class()) {
    return mof_text(*cls);
  }
  const std::string text = value.to_text();
  return cim::is_numeric(value.type()) ? text : quoted_text(text);
}

std::string mof_text(const cim::Instance& instance, const cim::ObjectPath* path) {
  std::string text = path == nullptr ? std::string() : fmt::format("// {}\n", path->to_string());
  text += fmt::format("instance of {} {{\n", instance.class_name());
  for (std::size_t i = 0; i < instance.values().size(); ++i) {
    if (!instance.value(i).is_absent()) {
      text += fmt::format("  {} = {};\n", instance.cls()->property(i).name, mof_text(instance.value(i)));
    }
  }
  return text + "};";
}

std::string mof_text(const cim::Class& cls) {
  std::string text = qualifier_list(cls.qualifiers(), "");
  text += cls.superclass_name().empty() ? fmt::format("class {} {{\n", cls.name())
                                        : fmt::format("class {} : {} {{\n", cls.name(), cls.superclass_name());
  for (const cim::PropertyPtr& property : cls.properties()) {
    text += qualifier_list(property->qualifiers, "  ");
    text += "  " + declaration(*property);
    text += property->default_value.is_null() ? std::string(";\n")
                                              : fmt::format(" = {};\n", mof_text(property->default_value));
  }
  for (const cim::MethodPtr& method : cls.methods()) {
    text += method_text(*method);
  }
  return text + "};";
}

std::string mof_text(const cim::QualifierType& type) {
  constexpr std::pair<cim::Scope, std::string_view> kScopes[] = {
      {cim::Scope::kClass, "class"},           {cim::Scope::kAssociation, "association"},
      {cim::Scope::kIndication, "indication"}, {cim::Scope::kProperty, "property"},
      {cim::Scope::kReference, "reference"},   {cim::Scope::kMethod, "method"},
      {cim::Scope::kParameter, "parameter"},
  };
  std::vector<std::string_view> scopes;
  for (const auto& [scope, name] : kScopes) {
    if (cim::has_scope(type.scope, scope)) {
      scopes.push_back(name);
    }
  }
  std::vector<std::string_view> flavors;
  flavors.push_back(type.flavor.overridable ? "EnableOverride" : "DisableOverride");
  flavors.push_back(type.flavor.to_subclass ? "ToSubclass" : "Restricted");
  if (type.flavor.translatable) {
    flavors.push_back("Translatable");
  }
  return fmt::format("Qualifier {} : {}{}{}, Scope({}), Flavor({});", type.name, cim::type_name(type.type),
                     type.is_array ? "[]" : "",
                     type.default_value.is_null() ? std::string() : " = " + mof_text(type.default_value),
                     type.scope == cim::Scope::kAny ? std::string("any") : fmt::format("{}", fmt::join(scopes, ", ")),
                     fmt::join(flavors, ", "));
}

}  // namespace lunaria::cli
