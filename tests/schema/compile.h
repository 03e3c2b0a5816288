#pragma once

// Compiles the schema for the tests: as the program carries it, and as it lies in mof/.

#include <string>
#include <string_view>

#include "cim/repository.h"
#include "schema/schema.h"

namespace lunaria::schema {

/// Adds the namespace with all it ships. What went wrong, or "".
std::string compile_shipped(cim::Repository& repository, const ShippedNamespace& shipped);

/// Adds the namespace with what a file of mof/ declares. What went wrong, or "".
std::string compile_folder(cim::Repository& repository, const cim::NamespaceName& name, std::string_view file);

}  // namespace lunaria::schema
