#pragma once

// What functions may be given, as far as the schema tells.

#include "cim/error.h"
#include "cim/query/sources.h"
#include "cim/query/statement.h"
#include "cim/repository.h"

namespace lunaria::cim::query {

/// INVALID_QUERY where CreateArray has arguments that are arrays, symbols without a property, or of types that no array
/// has together; and where that of InstanceOf is no reference and no text, or a text that is no path of an instance.
/// What only values tell is NULL when it comes to it.
Result<void, Error> check_arguments(const Statement& statement, const Sources& sources, const Repository& repository);

}  // namespace lunaria::cim::query
