#pragma once

// Who may read what, for those who tell of instances without being asked: the service checks it with every read, and
// what indications tell must not be more.

#include "cim/class.h"
#include "cim/operation_context.h"

namespace lunaria::providers {

/// The least role that may read instances of a class. Pure function.
cim::Role least_reader(const cim::Class& cls);

}  // namespace lunaria::providers
