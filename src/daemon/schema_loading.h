#pragma once

// Compiles the schema that the program carries into a class repository.

#include <string>

#include "base/result.h"
#include "cim/repository.h"

namespace lunaria::daemon {

/// Adds every shipped namespace with its classes. The error is a sentence with file and line: only a broken build can
/// cause it.
Result<void, std::string> load_shipped_schema(cim::Repository& repository);

}  // namespace lunaria::daemon
