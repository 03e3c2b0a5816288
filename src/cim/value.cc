#include "cim/value.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/check.h"
#include "cim/class.h"
#include "cim/instance.h"
#include "cim/object_path.h"

namespace lunaria::cim {
namespace {

constexpr std::uint64_t unsigned_max(Type type) {
  const unsigned bits = integer_bits(type);
  return bits == 64 ? std::numeric_limits<std::uint64_t>::max() : (std::uint64_t{1} << bits) - 1;
}

constexpr std::int64_t signed_max(Type type) {
  return static_cast<std::int64_t>((std::uint64_t{1} << (integer_bits(type) - 1)) - 1);
}

void mix(std::size_t& seed, std::size_t value) {
  seed ^= value + 0x9E3779B97F4A7C15U + (seed << 6) + (seed >> 2);
}

}  // namespace

Value Value::null(Type type, bool is_array) {
  return Value(type, is_array, std::monostate{});
}

Value::Value(ObjectPathPtr value) : type_(Type::kReference), content_(std::move(value)) {
  check(std::get<ObjectPathPtr>(content_) != nullptr, "a reference value refers to something");
}

Value::Value(ObjectPath value) : Value(std::make_shared<const ObjectPath>(std::move(value))) {}

Value::Value(InstancePtr value, Type type) : type_(type), content_(std::move(value)) {
  check(std::get<InstancePtr>(content_) != nullptr && is_embedded(type), "an embedded instance is there");
}

Value::Value(Instance value) : Value(std::make_shared<const Instance>(std::move(value))) {}

Value::Value(ClassPtr value) : type_(Type::kEmbeddedObject), content_(std::move(value)) {
  check(std::get<ClassPtr>(content_) != nullptr, "an embedded class is there");
}

Value Value::of_unsigned(Type type, std::uint64_t number) {
  check(is_unsigned(type) && number <= unsigned_max(type), "the number fits its type");
  return Value(type, false, number);
}

Value Value::of_signed(Type type, std::int64_t number) {
  check(is_signed(type) && number <= signed_max(type) && number >= -signed_max(type) - 1, "the number fits its type");
  return Value(type, false, number);
}

Value Value::array(Type type, std::vector<Value> elements) {
  for (const Value& element : elements) {
    check(element.type_ == type && !element.is_array_, "the elements of an array are scalars of its type");
  }
  return Value(type, true, std::make_shared<const std::vector<Value>>(std::move(elements)));
}

std::optional<bool> Value::as_bool() const {
  const auto* number = std::get_if<std::uint64_t>(&content_);
  return type_ == Type::kBoolean && number != nullptr ? std::optional(*number != 0) : std::nullopt;
}

std::optional<std::uint64_t> Value::as_unsigned() const {
  if (!is_integer(type_)) {
    return std::nullopt;
  }
  if (const auto* number = std::get_if<std::uint64_t>(&content_)) {
    return *number;
  }
  const auto* number = std::get_if<std::int64_t>(&content_);
  return number != nullptr && *number >= 0 ? std::optional(static_cast<std::uint64_t>(*number)) : std::nullopt;
}

std::optional<std::int64_t> Value::as_signed() const {
  if (!is_integer(type_)) {
    return std::nullopt;
  }
  if (const auto* number = std::get_if<std::int64_t>(&content_)) {
    return *number;
  }
  const auto* number = std::get_if<std::uint64_t>(&content_);
  return number != nullptr && std::in_range<std::int64_t>(*number) ? std::optional(static_cast<std::int64_t>(*number))
                                                                   : std::nullopt;
}

std::optional<double> Value::as_real() const {
  if (const auto* real = std::get_if<double>(&content_)) {
    return *real;
  }
  if (const auto number = as_signed()) {
    return static_cast<double>(*number);
  }
  const auto number = as_unsigned();
  return number ? std::optional(static_cast<double>(*number)) : std::nullopt;
}

std::optional<Char16> Value::as_char16() const {
  const auto* unit = std::get_if<std::uint64_t>(&content_);
  return type_ == Type::kChar16 && unit != nullptr ? std::optional(static_cast<Char16>(*unit)) : std::nullopt;
}

std::optional<DateTime> Value::as_datetime() const {
  const auto* value = std::get_if<DateTime>(&content_);
  return value != nullptr ? std::optional(*value) : std::nullopt;
}

std::string_view Value::string_or_empty() const {
  const std::string* text = as_string();
  return text != nullptr ? std::string_view(*text) : std::string_view();
}

ObjectPathPtr Value::as_reference() const {
  const auto* pointer = std::get_if<ObjectPathPtr>(&content_);
  return pointer != nullptr ? *pointer : nullptr;
}

InstancePtr Value::as_instance() const {
  const auto* pointer = std::get_if<InstancePtr>(&content_);
  return pointer != nullptr ? *pointer : nullptr;
}

ClassPtr Value::as_class() const {
  const auto* pointer = std::get_if<ClassPtr>(&content_);
  return pointer != nullptr ? *pointer : nullptr;
}

std::span<const Value> Value::elements() const {
  const auto* array = std::get_if<Array>(&content_);
  return array != nullptr ? std::span<const Value>(**array) : std::span<const Value>();
}

std::optional<Value> Value::converted_to(Type type) const {
  if (type == type_) {
    return *this;
  }
  if (is_null()) {
    return null(type, is_array_);
  }
  if (is_array_) {
    std::vector<Value> converted;
    for (const Value& element : elements()) {
      auto one = element.converted_to(type);
      if (!one) {
        return std::nullopt;
      }
      converted.push_back(std::move(*one));
    }
    return array(type, std::move(converted));
  }
  if (is_unsigned(type)) {
    const auto number = as_unsigned();
    return number && *number <= unsigned_max(type) ? std::optional(of_unsigned(type, *number)) : std::nullopt;
  }
  if (is_signed(type)) {
    const auto number = as_signed();
    const bool fits = number && *number <= signed_max(type) && *number >= -signed_max(type) - 1;
    return fits ? std::optional(of_signed(type, *number)) : std::nullopt;
  }
  if (is_real(type)) {
    const auto real = as_real();
    if (!real) {
      return std::nullopt;
    }
    if (type == Type::kReal64) {
      return Value(*real);
    }
    const auto narrow = static_cast<float>(*real);
    return std::isinf(narrow) && !std::isinf(*real) ? std::nullopt : std::optional(Value(narrow));
  }
  if (const std::string* text = as_string();
      text != nullptr && (type == Type::kDatetime || type == Type::kChar16 || type == Type::kReference)) {
    auto parsed = parse(type, *text);
    return parsed ? std::optional(std::move(*parsed)) : std::nullopt;
  }
  if (const auto number = as_unsigned(); number && type == Type::kChar16 && *number <= 0xFFFF) {
    return Value(static_cast<Char16>(*number));
  }
  if (is_embedded(type) && as_instance() != nullptr) {
    return Value(as_instance(), type);
  }
  return std::nullopt;
}

bool operator==(const Value& left, const Value& right) {
  if (left.is_array_ != right.is_array_ || left.is_null() != right.is_null()) {
    return false;
  }
  if (left.is_null()) {
    return left.is_absent() == right.is_absent();
  }
  if (left.is_array_) {
    return std::ranges::equal(left.elements(), right.elements());
  }
  if (is_integer(left.type_) && is_integer(right.type_)) {
    return left.as_unsigned() == right.as_unsigned() && left.as_signed() == right.as_signed();
  }
  if (left.content_.index() != right.content_.index() || is_integer(left.type_) != is_integer(right.type_) ||
      (left.type_ == Type::kBoolean) != (right.type_ == Type::kBoolean)) {
    return false;
  }
  if (left.as_reference() != nullptr) {
    return *left.as_reference() == *right.as_reference();
  }
  if (left.as_instance() != nullptr) {
    return *left.as_instance() == *right.as_instance();
  }
  if (left.as_class() != nullptr) {
    return left.as_class() == right.as_class();
  }
  return left.content_ == right.content_;
}

std::size_t Value::hash() const {
  if (const auto* text = std::get_if<std::string>(&content_)) {
    return std::hash<std::string_view>()(*text);
  }
  if (const auto number = as_unsigned()) {
    return std::hash<std::uint64_t>()(*number);
  }
  if (const auto number = as_signed()) {
    return std::hash<std::int64_t>()(*number);
  }
  if (const auto moment = as_datetime()) {
    const auto ticks = moment->is_interval() ? moment->length() : moment->moment().time_since_epoch();
    return std::hash<std::int64_t>()(ticks.count());
  }
  if (const auto path = as_reference()) {
    return path->hash();
  }
  if (const auto* real = std::get_if<double>(&content_)) {
    return std::hash<double>()(*real);
  }
  std::size_t seed = std::hash<std::uint64_t>()(0);
  if (const auto* number = std::get_if<std::uint64_t>(&content_)) {
    mix(seed, static_cast<std::size_t>(*number));
  }
  for (const Value& element : elements()) {
    mix(seed, element.hash());
  }
  return seed;
}

std::size_t Value::held_bytes() const {
  if (const std::string* text = as_string()) {
    return text->capacity() > std::string().capacity() ? text->capacity() + 1 : 0;
  }
  if (const auto instance = as_instance()) {
    return sizeof(Instance) + instance->held_bytes();
  }
  if (const auto path = as_reference()) {
    std::size_t bytes = sizeof(ObjectPath) + path->host().capacity() + path->name_space().text().capacity() +
                        path->class_name().capacity() + path->keys().capacity() * sizeof(KeyBinding);
    for (const KeyBinding& key : path->keys()) {
      bytes += key.name.capacity() + key.value.held_bytes();
    }
    return bytes;
  }
  std::size_t bytes = elements().size() * sizeof(Value);
  for (const Value& element : elements()) {
    bytes += element.held_bytes();
  }
  return bytes;
}

}  // namespace lunaria::cim
