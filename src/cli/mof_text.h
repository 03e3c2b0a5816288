#pragma once

// CIM objects as text in the syntax of MOF (DSP0004 annex A), for people who know it.

#include <string>

#include "cim/class.h"
#include "cim/instance.h"
#include "cim/object_path.h"

namespace lunaria::cli {

/// A value as MOF writes it: "text" with escapes, 12, TRUE, NULL, { 1, 2 }. Embedded objects as their own text.
std::string mof_text(const cim::Value& value);
/// "instance of C {...};" with a property a line, the path, where given, in a comment before it.
std::string mof_text(const cim::Instance& instance, const cim::ObjectPath* path);
/// "class C : S {...};" with qualifiers, properties and methods.
std::string mof_text(const cim::Class& cls);
/// "Qualifier Key : boolean = FALSE, Scope(property, reference), Flavor(DisableOverride);"
std::string mof_text(const cim::QualifierType& type);

}  // namespace lunaria::cli
