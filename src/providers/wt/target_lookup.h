#pragma once

// Targets by the name that the WT classes know them by.

#include <string>

#include "cim/error.h"
#include "cim/operation_context.h"
#include "runtime/task.h"
#include "service/service.h"

namespace lunaria::providers {

/// The target with this WT_Host.HostName (never one with this IQN); NOT_FOUND.
runtime::Task<Result<service::Target, cim::Error>> find_host(service::Service& service,
                                                             const cim::OperationContext& context, std::string name);

}  // namespace lunaria::providers
