#pragma once

// The class of rows that are made up, from what the schema says of the expressions of a SELECT.

#include "cim/class.h"
#include "cim/query/sources.h"
#include "cim/query/statement.h"
#include "cim/repository.h"

namespace lunaria::cim::query {

/// Null where the type of an item depends on what it reads: sums, products and quotients of integers, which are real
/// once they do not fit or leave a remainder, and SUM, MEAN and MEDIAN of them; values of several elements; `*`.
ClassPtr result_class(const Statement& statement, const Sources& sources, const Repository& repository);

}  // namespace lunaria::cim::query
