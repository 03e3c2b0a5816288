#pragma once

// A target of the service as an instance of WT_Host.

#include <vector>

#include "cim/instance.h"
#include "service/portal.h"
#include "service/target.h"

namespace lunaria::providers {

struct HostClasses {
  cim::ClassPtr host;
  cim::ClassPtr session;
  cim::ClassPtr connection;
};

/// All properties; Sessions, of all the server's sessions those of this target, only when `sessions` is given.
cim::Instance host_instance(const HostClasses& classes, const service::Target& target,
                            const std::vector<service::Session>* sessions);

}  // namespace lunaria::providers
