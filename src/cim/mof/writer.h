#pragma once

// MOF text of values, qualifier declarations, classes and instances: what the compiler reads back as the same.

#include <functional>
#include <string>
#include <string_view>

#include "cim/class.h"
#include "cim/instance.h"
#include "cim/qualifier.h"
#include "cim/value.h"

namespace lunaria::cim::mof {

/// How a class is written.
struct ClassTextOptions {
  /// Only what the class itself declares; otherwise inherited elements and qualifiers, too.
  bool local_only = true;
  /// The declaration of a qualifier: flavors are written where they differ from it. Without, none are.
  std::function<QualifierTypePtr(std::string_view)> declaration_of{};
};

/// A constant: `5`, `"text"`, `'x'`, `{ 1, 2 }`, `NULL`; embedded objects as a string that holds their text.
std::string to_mof(const Value& value);
/// `Qualifier Key : boolean = false, Scope(property, reference), Flavor(DisableOverride);`
std::string to_mof(const QualifierType& type);
/// `class T : Super { ... };`
std::string to_mof(const Class& cls, const ClassTextOptions& options = {});
/// `instance of T { ... };` without what is absent.
std::string to_mof(const Instance& instance);

}  // namespace lunaria::cim::mof
