#pragma once

// Fetching what a reference names, in the middle of an operation that goes on with it: associations, InstanceOf.

#include <optional>

#include "cim/error.h"
#include "cim/instance.h"
#include "cim/object_path.h"
#include "cim/operation_context.h"
#include "cim/property_list.h"
#include "cim/provider_table.h"
#include "cim/repository.h"
#include "runtime/task.h"

namespace lunaria::cim {

/// The instance that a path with a namespace names, showing these properties. nullopt where none is managed here: no
/// such namespace, class or keys, no provider, or it has gone. Other errors are the provider's. The caller's operation
/// was let in; what it is given outlives the task.
runtime::Task<Result<std::optional<Instance>, Error>> fetch_instance(const Repository& repository,
                                                                     const ProviderTable& providers,
                                                                     const OperationContext& context,
                                                                     const ObjectPath& path,
                                                                     const PropertyList& properties);

}  // namespace lunaria::cim
