#pragma once

// A class as somebody wrote it, in MOF or in a request, before inheritance is resolved.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cim/type.h"
#include "cim/value.h"

namespace lunaria::cim {

/// Flavours that were written with a qualifier's value; what is not set comes from its declaration.
struct WrittenFlavor {
  std::optional<bool> overridable;
  std::optional<bool> to_subclass;
  std::optional<bool> translatable;
  friend bool operator==(const WrittenFlavor&, const WrittenFlavor&) = default;
};

/// A qualifier as written. `value` is absent when none was written: true for booleans, no elements for arrays, else
/// NULL. Numbers and strings are of the widest type of their family; the repository gives them the declared type.
struct WrittenQualifier {
  std::string name;
  Value value;
  WrittenFlavor flavor;
  friend bool operator==(const WrittenQualifier&, const WrittenQualifier&) = default;
};

struct PropertyDeclaration {
  std::string name;
  Type type = Type::kString;  ///< embedded ones are strings with the qualifier here
  bool is_array = false;
  std::uint32_t array_size = 0;
  std::string object_class;  ///< of a reference
  Value default_value;       ///< absent when there is none; typed like a qualifier's
  std::vector<WrittenQualifier> qualifiers;
  friend bool operator==(const PropertyDeclaration&, const PropertyDeclaration&) = default;
};

struct MethodDeclaration {
  std::string name;
  Type return_type = Type::kUint32;
  std::vector<PropertyDeclaration> parameters;  ///< without default values
  std::vector<WrittenQualifier> qualifiers;
  friend bool operator==(const MethodDeclaration&, const MethodDeclaration&) = default;
};

struct ClassDeclaration {
  std::string name;
  std::string superclass;  ///< "" when there is none
  std::vector<WrittenQualifier> qualifiers;
  std::vector<PropertyDeclaration> properties;
  std::vector<MethodDeclaration> methods;
  friend bool operator==(const ClassDeclaration&, const ClassDeclaration&) = default;
};

/// Which part of a ClassDeclaration something is said of, by its indexes; none: the class.
struct DeclarationPart {
  std::optional<std::size_t> property{};
  std::optional<std::size_t> method{};
  std::optional<std::size_t> parameter{};  ///< of the method
  std::optional<std::size_t> qualifier{};  ///< of what the others name
  friend bool operator==(const DeclarationPart&, const DeclarationPart&) = default;
};

/// What a resolved class itself declares: resolves to the same class again, below the same superclass.
ClassDeclaration declaration_of(const Class& cls);

}  // namespace lunaria::cim
