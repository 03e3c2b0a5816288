#pragma once

// NAME=VALUE arguments into CIM values, of the types that the class declares.

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cim/class.h"
#include "cli/failure.h"
#include "cli/requests.h"

namespace lunaria::cli {

/// An element of a class that takes a value.
struct TypedElement {
  std::string_view name;
  cim::Type type;
  bool is_array;
  const cim::QualifierSet& qualifiers;
};

/// Reads one element's value from the texts given for it: one for a scalar; each element, or one text "{a, b}", for an
/// array. NULL (in capitals) is NULL; a string in double quotes is what is between them. Integers are numbers, or names
/// of the element's Values qualifier ("Enabled").
Outcome<cim::Value> typed_value(const TypedElement& element, const std::vector<std::string>& texts);

/// Reads "NAME=VALUE" words as properties of the class. A name given more than once makes an array.
Outcome<Properties> typed_properties(const cim::Class& cls, std::span<const std::string> words);
/// The same as parameters of a method.
Outcome<Properties> typed_parameters(const cim::Method& method, std::span<const std::string> words);

}  // namespace lunaria::cli
