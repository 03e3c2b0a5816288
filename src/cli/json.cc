#include "cli/json.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <chrono>

namespace lunaria::cli {
namespace {

Json properties_of(const cim::Instance& instance) {
  Json properties = Json::object();
  for (std::size_t i = 0; i < instance.values().size(); ++i) {
    if (!instance.value(i).is_absent()) {
      properties[instance.cls()->property(i).name] = to_json(instance.value(i));
    }
  }
  return properties;
}

Json qualifiers_of(const cim::QualifierSet& qualifiers) {
  Json json = Json::object();
  for (const auto& entry : qualifiers.entries()) {
    json[entry.qualifier->name] = to_json(entry.qualifier->value);
  }
  return json;
}

template <class Element>
Json typed(const Element& element) {
  Json json;
  json["name"] = element.name;
  json["type"] = std::string(cim::type_name(element.type));
  json["array"] = element.is_array;
  if (!element.object_class.empty()) {
    json["class"] = element.object_class;
  }
  json["qualifiers"] = qualifiers_of(element.qualifiers);
  return json;
}

Json method_json(const cim::Method& method) {
  Json json;
  json["name"] = method.name;
  json["type"] = std::string(cim::type_name(method.return_type));
  json["qualifiers"] = qualifiers_of(method.qualifiers);
  json["parameters"] = Json::array();
  for (const cim::Parameter& parameter : method.parameters) {
    json["parameters"].push_back(typed(parameter));
  }
  return json;
}

}  // namespace

std::string format_time(const cim::DateTime& time) {
  using std::chrono::microseconds;
  if (!time.is_precise()) {
    return time.to_string();
  }
  if (time.is_interval()) {
    return fmt::format("{}", std::chrono::duration_cast<std::chrono::seconds>(time.length()).count());
  }
  const auto whole = std::chrono::floor<std::chrono::seconds>(time.moment());
  const auto rest = std::chrono::duration_cast<microseconds>(time.moment() - whole).count();
  const auto seconds = static_cast<std::time_t>(whole.time_since_epoch().count());
  return rest == 0 ? fmt::format("{:%Y-%m-%dT%H:%M:%S}Z", fmt::gmtime(seconds))
                   : fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:06}Z", fmt::gmtime(seconds), rest);
}

Json to_json(const cim::Value& value) {
  if (value.is_null()) {
    return nullptr;
  }
  if (value.is_array()) {
    Json array = Json::array();
    for (const cim::Value& element : value.elements()) {
      array.push_back(to_json(element));
    }
    return array;
  }
  if (const auto flag = value.as_bool()) {
    return *flag;
  }
  if (cim::is_unsigned(value.type())) {
    return value.as_unsigned().value_or(0);
  }
  if (cim::is_signed(value.type())) {
    return value.as_signed().value_or(0);
  }
  if (cim::is_real(value.type())) {
    return value.as_real().value_or(0);
  }
  if (const auto time = value.as_datetime()) {
    return time->is_interval() && time->is_precise() ? Json(std::chrono::duration<double>(time->length()).count())
                                                     : Json(format_time(*time));
  }
  if (const cim::InstancePtr instance = value.as_instance()) {
    return to_json(*instance, nullptr);
  }
  if (const cim::ClassPtr cls = value.as_class()) {
    return to_json(*cls);
  }
  return value.to_text();
}

Json to_json(const cim::Instance& instance, const cim::ObjectPath* path) {
  Json json;
  json["class"] = instance.class_name();
  if (path != nullptr) {
    json["path"] = path->to_string();
  }
  json["properties"] = properties_of(instance);
  return json;
}

Json to_json(const cim::Class& cls) {
  Json json;
  json["name"] = cls.name();
  json["superclass"] = cls.superclass_name().empty() ? Json() : Json(cls.superclass_name());
  json["qualifiers"] = qualifiers_of(cls.qualifiers());
  json["properties"] = Json::array();
  for (const cim::PropertyPtr& property : cls.properties()) {
    Json entry = typed(*property);
    entry["default"] = to_json(property->default_value);
    json["properties"].push_back(std::move(entry));
  }
  json["methods"] = Json::array();
  for (const cim::MethodPtr& method : cls.methods()) {
    json["methods"].push_back(method_json(*method));
  }
  return json;
}

std::string dump(const Json& json) {
  return json.dump(2, ' ', false, Json::error_handler_t::replace);
}

}  // namespace lunaria::cli
