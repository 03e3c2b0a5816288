#include "wbem/cimxml/embedded_texts.h"

#include <memory>
#include <utility>
#include <vector>

#include "wbem/cimxml/decode_value.h"
#include "wbem/cimxml/limits.h"

namespace lunaria::wbem::cimxml {

std::optional<cim::Instance> EmbeddedTexts::read(const cim::Instance& given, std::size_t embedding) const {
  const cim::ClassPtr cls = repository_.find_class(name_space_, given.class_name());
  if (!cls) {
    return std::nullopt;
  }
  std::vector<std::optional<cim::Value>> values(given.values().size());
  bool has_any = false;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const auto index = cls->find_property(given.cls()->property(i).name);
    values[i] = index ? read(cls->property(*index).type, given.value(i), embedding) : std::nullopt;
    has_any = has_any || values[i];
  }
  if (!has_any) {
    return std::nullopt;
  }
  cim::InstanceBuilder builder{given.class_name()};
  for (std::size_t i = 0; i < values.size(); ++i) {
    const cim::Property& property = given.cls()->property(i);
    if (!given.value(i).is_absent()) {
      builder.add(property.name, values[i] ? *std::move(values[i]) : given.value(i), property.is_key,
                  property.object_class);
    }
  }
  return builder.build();
}

std::optional<cim::Value> EmbeddedTexts::read(cim::Type type, const cim::Value& given, std::size_t embedding) const {
  if (!cim::is_embedded(type) || embedding >= limits::kEmbeddingMax) {
    return std::nullopt;
  }
  if (given.is_array()) {
    return read_elements(type, given, embedding);
  }
  if (const cim::InstancePtr instance = given.as_instance()) {
    auto inner = read(*instance, embedding + 1);
    return inner ? std::optional(cim::Value(std::make_shared<const cim::Instance>(*std::move(inner)), given.type()))
                 : std::nullopt;
  }
  if (given.type() != cim::Type::kString || given.as_string() == nullptr) {
    return std::nullopt;
  }
  auto object = decode_embedded(*given.as_string(), type, embedding);
  if (!object) {
    return std::nullopt;
  }
  auto inner = read(type, *object, embedding);
  return inner ? std::move(inner) : std::optional(*std::move(object));
}

/// All of them, or none.
std::optional<cim::Value> EmbeddedTexts::read_elements(cim::Type type, const cim::Value& given,
                                                       std::size_t embedding) const {
  const bool are_objects = cim::is_embedded(given.type());
  const cim::Type element_type = are_objects ? given.type() : type;
  std::vector<cim::Value> elements;
  bool has_any = false;
  for (const cim::Value& element : given.elements()) {
    auto object = read(type, element, embedding);
    has_any = has_any || object;
    if (element.is_null()) {
      elements.push_back(cim::Value::null(element_type));
    } else if (object || are_objects) {
      elements.push_back(object ? *std::move(object) : element);
    } else {
      return std::nullopt;
    }
  }
  return has_any ? std::optional(cim::Value::array(element_type, std::move(elements))) : std::nullopt;
}

}  // namespace lunaria::wbem::cimxml
