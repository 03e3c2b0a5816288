#pragma once

// How queries compare, add and join values whose types differ. Pure functions. NULL stands for "unknown": whatever it
// meets is unknown, too.

#include <optional>
#include <string_view>

#include "cim/query/expression.h"
#include "cim/query/statement.h"
#include "cim/value.h"

namespace lunaria::cim::query {

/// Whether the comparison holds: nullopt where a side is NULL or the two cannot be compared. Numbers compare by what
/// they count, whatever their types; datetimes with datetimes and texts of such; references with references and texts
/// of paths; arrays element by element, by = and <> only. In WQL strings compare without regard to case, booleans
/// and texts of numbers with numbers, and booleans with the texts TRUE and FALSE; paths may have keys in single quotes.
std::optional<bool> compare(Language language, Comparison comparison, const Value& left, const Value& right);

/// The number that a text is, a uint64, sint64 or real64; NULL for other texts.
Value number_of_text(std::string_view text);

/// Less, equal, greater for sorting: NULL first, then by what compare() finds, what it cannot compare being equal.
int sort_order(const Value& left, const Value& right);

/// left + right and so on, for numbers (integers stay integers while they fit) and datetimes (a moment and an interval,
/// two intervals, the difference of two moments; intervals by integers; how often an interval is in another). NULL
/// where there is no such result.
Value calculate(NodeKind operation, const Value& left, const Value& right);

}  // namespace lunaria::cim::query
