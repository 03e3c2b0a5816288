#pragma once

// Migrations: the steps from an empty database to today's schema. Forward only; a step that was ever released is never
// edited, only followed by another.

#include <cstdint>
#include <span>
#include <string_view>

#include "catalogue/database.h"
#include "catalogue/error.h"

namespace lunaria::catalogue {

/// One step; its number is its position from 1, kept in the database as PRAGMA user_version.
struct Migration {
  std::string_view name;
  std::string_view sql;
};

std::span<const Migration> migrations();

/// Checks that a database is sound and ours (by its application id, which an empty one gets), and brings its schema up
/// to date.
Outcome<void> prepare_database(Database& database, std::span<const Migration> steps, std::int64_t application_id);

}  // namespace lunaria::catalogue
