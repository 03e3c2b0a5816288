#pragma once

// A target of the service as an instance of WT_Host.

#include <vector>

#include "cim/instance.h"
#include "service/portal.h"
#include "service/target.h"

namespace lunaria::providers {

/// What CHAPSecret and ReverseCHAPSecret read as when a secret is set. Shorter than any secret may be, so that it can
/// be told from one when it is written back.
inline constexpr std::string_view kSecretMask = "********";

struct HostClasses {
  cim::ClassPtr host;
  cim::ClassPtr session;
  cim::ClassPtr connection;
};

/// All properties; Sessions, of all the server's sessions those of this target, only when `sessions` is given.
cim::Instance host_instance(const HostClasses& classes, const service::Target& target,
                            const std::vector<service::Session>* sessions);

}  // namespace lunaria::providers
