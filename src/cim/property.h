#pragma once

// A property of a class as it stands after inheritance was resolved.

#include <cstdint>
#include <memory>
#include <string>

#include "cim/qualifier.h"
#include "cim/value.h"

namespace lunaria::cim {

/// Immutable once in a class; a class shares those that it inherits unchanged with its superclass.
struct Property {
  std::string name;
  Type type = Type::kString;
  bool is_array = false;
  std::uint32_t array_size = 0;  ///< 0: no fixed size
  std::string object_class;      ///< of a reference, or of EmbeddedInstance; "" otherwise
  Value default_value;           ///< NULL of the type when there is none
  std::string class_origin;      ///< the class that brought the property in
  std::string declared_in;       ///< the class whose declaration this is: class_origin, or one that overrides it
  QualifierSet qualifiers;
  bool is_key = false;       ///< qualifier Key
  bool is_readable = true;   ///< qualifier Read
  bool is_writable = false;  ///< qualifier Write
  bool is_required = false;  ///< qualifier Required
};
using PropertyPtr = std::shared_ptr<const Property>;

}  // namespace lunaria::cim
