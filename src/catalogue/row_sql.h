#pragma once

// How rows become SQL and come back. Private to the catalogue.

#include "catalogue/contents.h"
#include "catalogue/database.h"

namespace lunaria::catalogue {

/// Carries out one change inside the present transaction.
Outcome<void> write_change(Database& database, const Change& change);

/// Reads every table.
Outcome<Contents> read_contents(const Database& database);

}  // namespace lunaria::catalogue
