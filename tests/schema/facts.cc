#include "facts.h"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace lunaria::schema {
namespace {

using Json = nlohmann::json;
using Row = std::pair<const char*, const char*>;  // qualifier, fact

Json json_of(const cim::Value& value) {
  if (value.is_array()) {
    Json array = Json::array();
    for (const cim::Value& element : value.elements()) {
      array.push_back(json_of(element));
    }
    return array;
  }
  if (const auto boolean = value.as_bool()) {
    return *boolean;
  }
  if (const auto number = value.as_signed()) {
    return *number;
  }
  return value.is_null() ? Json() : Json(value.to_text());
}

// A flag is a fact when it is set, any other qualifier when it has a value.
void put(Json& facts, const char* fact, const cim::Qualifier* qualifier) {
  if (qualifier == nullptr || qualifier->value.is_null() || qualifier->value.as_bool() == false) {
    return;
  }
  facts[fact] = json_of(qualifier->value);
}

template <std::size_t N>
void put_all(Json& facts, const std::array<Row, N>& rows, const cim::QualifierSet& qualifiers) {
  for (const auto& [qualifier, fact] : rows) {
    put(facts, fact, qualifiers.find(qualifier));
  }
}

// Two parallel arrays as one object; the key of a bit is its value.
void put_values(Json& facts, const cim::QualifierSet& qualifiers) {
  for (const auto& [numbers, labels, fact] :
       {std::array{"ValueMap", "Values", "values"}, std::array{"BitMap", "BitValues", "bits"}}) {
    const cim::Qualifier* const map = qualifiers.find(numbers);
    const cim::Qualifier* const texts = qualifiers.find(labels);
    if (map == nullptr || texts == nullptr) {
      continue;
    }
    const Json keys = json_of(map->value);
    const Json values = json_of(texts->value);
    for (std::size_t i = 0; i < std::max(keys.size(), values.size()); ++i) {
      auto key = i < keys.size() ? keys[i].get<std::string>() : "label without number";
      if (std::string_view(fact) == "bits") {
        key = std::to_string(1ULL << std::stoul(key));
      }
      facts[fact][key] = i < values.size() ? values[i] : Json();
    }
  }
}

void move_unnumbered(Json& facts, const Json& expected) {
  if (!expected.contains("unnumbered") || !facts.contains("values")) {
    return;
  }
  const Json known = expected.value("values", Json::object());
  std::vector<std::string> labels;
  Json numbered = Json::object();
  for (const auto& [key, label] : facts["values"].items()) {
    if (known.contains(key)) {
      numbered[key] = label;
    } else {
      labels.push_back(label);
    }
  }
  std::ranges::sort(labels);
  facts["values"] = numbered;
  facts["unnumbered"] = labels;
}

Json property_facts(const cim::Property& property) {
  static constexpr std::array kRows{
      Row{"MaxLen", "max_len"},
      Row{"MinValue", "min_value"},
      Row{"MaxValue", "max_value"},
      Row{"Min", "min"},
      Row{"Max", "max"},
      Row{"Units", "units"},
      Row{"PUnit", "punit"},
      Row{"ArrayType", "array_type"},
      Row{"Counter", "counter"},
      Row{"Weak", "weak"},
      Row{"Aggregate", "aggregate"},
      Row{"Propagated", "propagated"},
      Row{"Override", "override"},
      Row{"Deprecated", "deprecated"},
      Row{"Experimental", "experimental"},
      Row{"MappingStrings", "mapping"},
      Row{"ModelCorrespondence", "model"},
      Row{"TargetNamespace", "target_namespace"},
  };
  Json facts{{"type", cim::type_name(property.type)}};
  if (!property.object_class.empty()) {
    facts[property.type == cim::Type::kReference ? "ref" : "embedded"] = property.object_class;
  }
  for (const auto& [is_set, fact] :
       {std::pair{property.is_array, "array"}, std::pair{property.is_key, "key"},
        std::pair{property.is_required, "required"}, std::pair{property.is_writable, "write"},
        std::pair{!property.is_readable, "unreadable"}}) {
    if (is_set) {
      facts[fact] = true;
    }
  }
  if (!property.default_value.is_null()) {
    facts["default"] = json_of(property.default_value);
  }
  put_all(facts, kRows, property.qualifiers);
  put_values(facts, property.qualifiers);
  return facts;
}

Json parameter_facts(const cim::Parameter& parameter) {
  Json facts{{"name", parameter.name}, {"type", cim::type_name(parameter.type)}};
  if (!parameter.object_class.empty()) {
    facts[parameter.type == cim::Type::kReference ? "ref" : "embedded"] = parameter.object_class;
  }
  for (const auto& [is_set, fact] :
       {std::pair{parameter.is_array, "array"}, std::pair{parameter.is_in, "in"}, std::pair{parameter.is_out, "out"}}) {
    if (is_set) {
      facts[fact] = true;
    }
  }
  put(facts, "punit", parameter.qualifiers.find("PUnit"));
  put_values(facts, parameter.qualifiers);
  return facts;
}

Json method_facts(const cim::Method& method, const Json& expected) {
  static constexpr std::array kRows{Row{"Override", "override"}, Row{"Deprecated", "deprecated"}};
  Json facts{{"type", method.return_type == cim::Type::kNone ? "void" : cim::type_name(method.return_type)}};
  if (!method.return_class.empty()) {
    facts["embedded"] = method.return_class;
  }
  if (method.is_static) {
    facts["static"] = true;
  }
  put_all(facts, kRows, method.qualifiers);
  put_values(facts, method.qualifiers);
  const Json known = expected.value("params", Json::array());
  facts["params"] = Json::array();
  for (const cim::Parameter& parameter : method.parameters) {
    Json entry = parameter_facts(parameter);
    const std::size_t index = facts["params"].size();
    move_unnumbered(entry, index < known.size() ? known[index] : Json::object());
    facts["params"].push_back(std::move(entry));
  }
  return facts;
}

// What is stated on the class itself: a package, say, is inherited too, but the facts have only what a class states.
void put_stated(Json& facts, const cim::QualifierSet& qualifiers) {
  static constexpr std::array kRows{Row{"Experimental", "experimental"}, Row{"Dynamic", "dynamic"},
                                    Row{"Deprecated", "deprecated"},     Row{"Version", "version"},
                                    Row{"UMLPackagePath", "package"},    Row{"MappingStrings", "mapping"}};
  for (const auto& [name, fact] : kRows) {
    for (const auto& entry : qualifiers.entries()) {
      if (!entry.is_propagated && entry.qualifier->name == name) {
        put(facts, fact, entry.qualifier.get());
      }
    }
  }
}

}  // namespace

Json facts_of(const cim::Class& cim_class, const Json& expected) {
  static constexpr std::array kFlags{Row{"Abstract", "abstract"}, Row{"Association", "association"},
                                     Row{"Aggregation", "aggregation"}, Row{"Composition", "composition"},
                                     Row{"Indication", "indication"}};
  Json facts{{"class", cim_class.name()}, {"superclass", Json()}};
  if (!cim_class.superclass_name().empty()) {
    facts["superclass"] = cim_class.superclass_name();
  }
  put_all(facts, kFlags, cim_class.qualifiers());
  put_stated(facts, cim_class.qualifiers());
  facts["properties"] = Json::object();
  facts["methods"] = Json::object();
  for (const auto& property : cim_class.properties()) {
    Json& entry = facts["properties"][property->name];
    entry = cim_class.is_propagated(*property) ? Json{{"from", property->declared_in}} : property_facts(*property);
    move_unnumbered(entry, expected["properties"].value(property->name, Json::object()));
  }
  for (const auto& method : cim_class.methods()) {
    const Json known = expected["methods"].value(method->name, Json::object());
    facts["methods"][method->name] =
        cim_class.is_propagated(*method) ? Json{{"from", method->declared_in}} : method_facts(*method, known);
  }
  return facts;
}

}  // namespace lunaria::schema
