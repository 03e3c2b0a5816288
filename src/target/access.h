#pragma once

// Who may log in to what, and what discovery shows: pure functions of the config.

#include <string_view>
#include <vector>

#include "base/ip_address.h"
#include "base/result.h"
#include "iscsi/host.h"
#include "iscsi/login.h"
#include "target/published.h"

namespace lunaria::target {

/// Whether any rule lets this initiator in. No rules: nobody. `initiator_name` is normalised (lower case).
bool is_allowed(const TargetConfig& target, std::string_view initiator_name, const IpAddress& peer);

/// The decision on a login. An initiator that may not see a target is told that there is none.
Result<iscsi::LoginGrant, iscsi::LoginRefusal> authorize(const Published& published, const iscsi::LoginQuery& query);

/// What SendTargets answers: enabled targets that the initiator may log in to, at every portal that listens. A portal
/// on the unspecified address is shown as the address at which the initiator reached us.
std::vector<iscsi::DiscoveredTarget> discover(const Published& published, const iscsi::SendTargetsQuery& query);

}  // namespace lunaria::target
