#pragma once

// Who calls, as the service wants to know it.

#include "cim/operation_context.h"
#include "security/principal.h"

namespace lunaria::providers {

/// The principal of an operation that a front end has authenticated.
security::Principal to_principal(const cim::OperationContext& context);

cim::Authentication to_cim(security::Authentication authentication);
cim::Role to_cim(security::Role role);

}  // namespace lunaria::providers
