#pragma once

// Migrations: the steps from an empty database to today's schema. Forward only; a step that was ever released is never
// edited, only followed by another.

#include <span>
#include <string_view>

namespace lunaria::catalogue {

/// One step; its number is its position from 1, kept in the database as PRAGMA user_version.
struct Migration {
  std::string_view name;
  std::string_view sql;
};

std::span<const Migration> migrations();

}  // namespace lunaria::catalogue
