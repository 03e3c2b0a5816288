#pragma once

// SchemaChange: a change of the class repository that was worked out and checked, but is not in force yet. Between the
// two it is made durable.

#include <string>
#include <string_view>
#include <vector>

#include "cim/class.h"
#include "cim/class_declaration.h"
#include "cim/error.h"
#include "cim/name.h"
#include "cim/qualifier.h"

namespace lunaria::cim {

/// A value; good as long as nothing else changes the namespace (Repository::apply checks nothing again).
struct SchemaChange {
  NamespaceName name_space;
  std::vector<ClassPtr> classes;  ///< new ones, or ones to take the place of those with their names; superclasses first
  std::string removed_class;
  QualifierTypePtr qualifier_type;  ///< new, or in place of the one with its name
  std::string removed_qualifier_type;

  bool is_empty() const {
    return classes.empty() && removed_class.empty() && !qualifier_type && removed_qualifier_type.empty();
  }
};

}  // namespace lunaria::cim
