#include "cim/schema_value.h"

#include <algorithm>
#include <cmath>

#include "cim/limits.h"

namespace lunaria::cim {
namespace {

std::string too_large(std::size_t most, const char* what) {
  return "more than " + std::to_string(most) + ' ' + what;
}

bool is_character(unsigned unit) {
  return is_xml_character(unit) && (unit < 0xD800 || unit > 0xDFFF);
}

}  // namespace

std::optional<std::string> wrong_in_schema(const Value& value) {
  if (value.is_array()) {
    if (value.elements().size() > limits::kMofArrayElementsMax) {
      return too_large(limits::kMofArrayElementsMax, "elements");
    }
    for (const Value& element : value.elements()) {
      if (auto wrong = wrong_in_schema(element)) {
        return wrong;
      }
    }
    return std::nullopt;
  }
  if (const std::string* text = value.as_string(); text != nullptr && text->size() > limits::kMofStringBytesMax) {
    return too_large(limits::kMofStringBytesMax, "bytes");
  }
  if (is_real(value.type()) && !std::isfinite(value.as_real().value_or(0))) {
    return "MOF has no infinite numbers and no NaN";
  }
  if (const auto unit = value.as_char16(); unit && !is_character(static_cast<unsigned>(*unit))) {
    return "a char16 that is no character by itself";
  }
  return std::nullopt;
}

std::optional<std::string> wrong_array_size(std::uint32_t size) {
  return size > limits::kMofArrayElementsMax ? std::optional(too_large(limits::kMofArrayElementsMax, "elements"))
                                             : std::nullopt;
}

std::optional<std::string> wrong_in_schema(const QualifierType& type) {
  if (type.type == Type::kReference) {
    return "a qualifier is no reference";
  }
  auto wrong = wrong_array_size(type.array_size);
  return wrong ? wrong : wrong_in_schema(type.default_value);
}

}  // namespace lunaria::cim
