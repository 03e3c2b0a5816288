#pragma once

// What default values and values of qualifiers may be: schema is kept, exported and compared as MOF, so nothing may
// get into it that MOF cannot say.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "cim/qualifier.h"
#include "cim/value.h"

namespace lunaria::cim {

/// Names that begin with two underscores are the object manager's: no tool shows or changes such classes.
constexpr bool is_reserved_class_name(std::string_view name) {
  return name.starts_with("__");
}

/// Whether XML can carry a UTF-16 unit by itself or as half of a character (XML 1.0, 2.2).
constexpr bool is_xml_character(unsigned unit) {
  return unit >= 0x20 ? unit < 0xFFFE : unit == '\t' || unit == '\n' || unit == '\r';
}

/// Why a value can be no part of a schema; nullopt when it can.
std::optional<std::string> wrong_in_schema(const Value& value);
/// The same for a declared size of an array, 0 being none.
std::optional<std::string> wrong_array_size(std::uint32_t size);
/// The same for a qualifier declaration.
std::optional<std::string> wrong_in_schema(const QualifierType& type);

}  // namespace lunaria::cim
