// What the qualifiers of a property allow as its value (DSP0004 5.6.3: MaxLen, MinLen, MaxValue, MinValue,
// OctetString).

#include <cstdint>
#include <optional>
#include <string>

#include "cim/class.h"
#include "cim/repository_provider.h"
#include "cim/utf8.h"

namespace lunaria::cim {
namespace {

/// Lengths of a string are counted in characters.
std::optional<std::string> check_length(const Property& property, const std::string& text) {
  const Qualifier* const longest = property.qualifiers.find("MaxLen");
  const Qualifier* const shortest = property.qualifiers.find("MinLen");
  if (longest == nullptr && shortest == nullptr) {
    return std::nullopt;
  }
  const std::uint64_t length = code_points(text).size();
  const auto most = longest != nullptr ? longest->value.as_unsigned() : std::nullopt;
  const auto least = shortest != nullptr ? shortest->value.as_unsigned() : std::nullopt;
  if (most && length > *most) {
    return "longer than MaxLen(" + std::to_string(*most) + ')';
  }
  if (least && length < *least) {
    return "shorter than MinLen(" + std::to_string(*least) + ')';
  }
  return std::nullopt;
}

std::optional<std::string> check_number(const Property& property, const Value& number) {
  const Qualifier* const largest = property.qualifiers.find("MaxValue");
  const Qualifier* const smallest = property.qualifiers.find("MinValue");
  const auto most = largest != nullptr ? largest->value.as_signed() : std::nullopt;
  const auto least = smallest != nullptr ? smallest->value.as_signed() : std::nullopt;
  const auto value = number.as_signed();  // none: beyond every sint64
  if (most && (!value || *value > *most)) {
    return "larger than MaxValue(" + std::to_string(*most) + ')';
  }
  if (least && value && *value < *least) {
    return "smaller than MinValue(" + std::to_string(*least) + ')';
  }
  return std::nullopt;
}

/// A string that holds octets: "0x", then twice as many hexadecimal digits as the length in front of them says, which
/// counts its own four octets.
bool is_octet_string(const std::string& text) {
  if (!text.starts_with("0x") && !text.starts_with("0X")) {
    return false;
  }
  const std::string digits = text.substr(2);
  if (digits.size() < 8 || digits.find_first_not_of("0123456789abcdefABCDEF") != std::string::npos) {
    return false;
  }
  return std::stoull(digits.substr(0, 8), nullptr, 16) * 2 == digits.size();
}

/// As uint8[]: the first four are the length, most significant first, of all of them (DSP0004 5.6.3.34).
bool is_octet_array(std::span<const Value> octets) {
  if (octets.size() < 4) {
    return false;
  }
  std::uint64_t length = 0;
  for (const Value& octet : octets.first(4)) {
    length = length << 8 | octet.as_unsigned().value_or(0);
  }
  return length == octets.size();
}

std::optional<std::string> check_scalar(const Property& property, const Value& value) {
  if (const std::string* text = value.as_string()) {
    if (property.qualifiers.is_set("OctetString") && !is_octet_string(*text)) {
      return "not an octet string: 0x, then its length in four octets, then the rest, in hexadecimal digits";
    }
    return check_length(property, *text);
  }
  return is_integer(value.type()) && !value.is_null() ? check_number(property, value) : std::nullopt;
}

}  // namespace

std::optional<std::string> wrong_by_bounds(const Property& property, const Value& value) {
  if (value.is_null()) {
    return std::nullopt;
  }
  if (!value.is_array()) {
    return check_scalar(property, value);
  }
  if (property.type == Type::kUint8 && property.qualifiers.is_set("OctetString") && !is_octet_array(value.elements())) {
    return "not an octet string: its first four octets are its length";
  }
  for (const Value& element : value.elements()) {
    if (auto wrong = check_scalar(property, element)) {
      return wrong;
    }
  }
  return std::nullopt;
}

Result<void, Error> check_value_bounds(const Instance& instance) {
  for (std::size_t i = 0; i < instance.values().size(); ++i) {
    const Property& property = instance.cls()->property(i);
    if (const auto wrong = wrong_by_bounds(property, instance.value(i))) {
      return fail(Error(Status::kInvalidParameter, instance.class_name() + '.' + property.name + ": " + *wrong));
    }
  }
  return {};
}

}  // namespace lunaria::cim
