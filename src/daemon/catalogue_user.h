#pragma once

// The catalogue's users, for those ways to log in that prove a name without a password.

#include <optional>
#include <string>

#include "runtime/task.h"
#include "service/service.h"

namespace lunaria::daemon {

/// The user of exactly this name. Control shard only; the service outlives the task.
runtime::Task<std::optional<service::User>> find_catalogue_user(service::Service& service, std::string name);

}  // namespace lunaria::daemon
