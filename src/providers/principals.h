#pragma once

// Who calls, as the service wants to know it.

#include "cim/operation_context.h"
#include "security/principal.h"

namespace lunaria::providers {

/// The principal of an operation that a front end has authenticated: by peer credentials on the local socket, by
/// password elsewhere.
security::Principal to_principal(const cim::OperationContext& context);

}  // namespace lunaria::providers
