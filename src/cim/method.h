#pragma once

// A method of a class and its parameters, as they stand after inheritance was resolved.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cim/qualifier.h"
#include "cim/value.h"

namespace lunaria::cim {

struct Parameter {
  std::string name;
  Type type = Type::kString;
  bool is_array = false;
  std::uint32_t array_size = 0;  ///< 0: no fixed size
  std::string object_class;      ///< of a reference, or of EmbeddedInstance; "" otherwise
  QualifierSet qualifiers;
  bool is_in = true;    ///< qualifier In
  bool is_out = false;  ///< qualifier Out
  bool is_required = false;
};

/// Immutable once in a class; a class shares those that it inherits unchanged with its superclass.
struct Method {
  std::string name;
  Type return_type = Type::kUint32;
  std::string return_class;  ///< of EmbeddedInstance; "" otherwise
  std::vector<Parameter> parameters;
  std::string class_origin;  ///< the class that brought the method in
  std::string declared_in;   ///< class_origin, or one that overrides it
  QualifierSet qualifiers;
  bool is_static = false;  ///< qualifier Static

  std::optional<std::size_t> find_parameter(std::string_view parameter_name) const;
};
using MethodPtr = std::shared_ptr<const Method>;

}  // namespace lunaria::cim
