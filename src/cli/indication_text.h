#pragma once

// Indications for people and for programs.

#include <string>

#include "cim/instance.h"
#include "cli/json.h"

namespace lunaria::cli {

/// A line that says what happened to what: for a modification, a line more for each property that changed; for a method
/// call its parameters and how it ended.
std::string indication_text(const cim::Instance& indication);
/// All properties, embedded instances too.
Json indication_json(const cim::Instance& indication);

}  // namespace lunaria::cli
