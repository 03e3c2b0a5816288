#pragma once

// What each role may ask of the object manager. The service checks again what each call really needs; this is the outer
// fence, which no provider can forget. Pure function.

#include "cim/error.h"
#include "cim/object_manager.h"
#include "cim/operation_context.h"

namespace lunaria::daemon {

/// Viewers read, and call methods that only tell something (those whose name begins with Get); operators change what
/// they find; administrators change classes, qualifier types and namespaces as well. ACCESS_DENIED otherwise.
Result<void, cim::Error> authorize(const cim::OperationContext& context, const cim::OperationRequest& request);

}  // namespace lunaria::daemon
