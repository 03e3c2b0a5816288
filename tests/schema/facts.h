#pragma once

// The facts of a compiled class in the form of tests/schema/expected, so that the two can be compared and shown.

#include <nlohmann/json.hpp>

#include "cim/class.h"

namespace lunaria::schema {

/// The class as an expected file has it. `expected` is consulted in one respect only: labels that it lists as
/// `unnumbered` are moved there from the value map.
nlohmann::json facts_of(const cim::Class& cim_class, const nlohmann::json& expected);

}  // namespace lunaria::schema
