#pragma once

// The CIM data types (DSP0004 5.2) as one enumeration with their MOF names.

#include <cstdint>
#include <optional>
#include <string_view>

namespace lunaria::cim {

/// The type of a value, property, parameter or method result. An embedded instance or object is a `string` in MOF and
/// on the wire (qualifiers EmbeddedInstance and EmbeddedObject, DSP0004 5.6.3); here it has a type of its own.
enum class Type : std::uint8_t {
  kNone,  ///< no value at all (a property that an instance does not carry); not the same as NULL
  kBoolean,
  kUint8,
  kUint16,
  kUint32,
  kUint64,
  kSint8,
  kSint16,
  kSint32,
  kSint64,
  kReal32,
  kReal64,
  kChar16,
  kString,
  kDatetime,
  kReference,
  kEmbeddedInstance,
  kEmbeddedObject,
};

/// The MOF and CIM-XML name: "uint32", "datetime"; "reference" for kReference; "string" for embedded ones; "" for
/// kNone.
std::string_view type_name(Type type);

/// Reads a MOF type name, whatever its case; "reference" is understood as CIM-XML needs it, "ref" is not a type.
std::optional<Type> type_from_name(std::string_view name);

constexpr bool is_unsigned(Type type) {
  return type >= Type::kUint8 && type <= Type::kUint64;
}
constexpr bool is_signed(Type type) {
  return type >= Type::kSint8 && type <= Type::kSint64;
}
constexpr bool is_integer(Type type) {
  return type >= Type::kUint8 && type <= Type::kSint64;
}
constexpr bool is_real(Type type) {
  return type == Type::kReal32 || type == Type::kReal64;
}
constexpr bool is_numeric(Type type) {
  return is_integer(type) || is_real(type);
}
constexpr bool is_embedded(Type type) {
  return type == Type::kEmbeddedInstance || type == Type::kEmbeddedObject;
}

/// Width of an integer type: 8, 16, 32 or 64; 0 for the others.
constexpr unsigned integer_bits(Type type) {
  if (is_unsigned(type)) {
    return 8U << (static_cast<unsigned>(type) - static_cast<unsigned>(Type::kUint8));
  }
  return is_signed(type) ? 8U << (static_cast<unsigned>(type) - static_cast<unsigned>(Type::kSint8)) : 0U;
}

}  // namespace lunaria::cim
