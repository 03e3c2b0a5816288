#pragma once

// What default values and values of qualifiers may be: schema is kept, exported and compared as MOF, so nothing may
// get into it that MOF cannot say.

#include <cstdint>
#include <optional>
#include <string>

#include "cim/qualifier.h"
#include "cim/value.h"

namespace lunaria::cim {

/// Why a value can be no part of a schema; nullopt when it can.
std::optional<std::string> wrong_in_schema(const Value& value);
/// The same for a declared size of an array, 0 being none.
std::optional<std::string> wrong_array_size(std::uint32_t size);
/// The same for a qualifier declaration.
std::optional<std::string> wrong_in_schema(const QualifierType& type);

}  // namespace lunaria::cim
