#include "cim/type.h"

#include <array>
#include <cstddef>

#include "cim/name.h"

namespace lunaria::cim {
namespace {

constexpr std::array<std::string_view, 18> kNames = {"",       "boolean", "uint8",    "uint16",    "uint32", "uint64",
                                                     "sint8",  "sint16",  "sint32",   "sint64",    "real32", "real64",
                                                     "char16", "string",  "datetime", "reference", "string", "string"};
static_assert(kNames[static_cast<std::size_t>(Type::kEmbeddedObject)] == "string");

}  // namespace

std::string_view type_name(Type type) {
  return kNames[static_cast<std::size_t>(type)];
}

std::optional<Type> type_from_name(std::string_view name) {
  for (std::size_t i = 1; i <= static_cast<std::size_t>(Type::kReference); ++i) {
    if (name_equal(kNames[i], name)) {
      return static_cast<Type>(i);
    }
  }
  return std::nullopt;
}

}  // namespace lunaria::cim
