#pragma once

// Who may log in to what, where, and with which proof; what discovery shows: pure functions of the publication.

#include <cstdint>
#include <optional>
#include <vector>

#include "base/mac_address.h"
#include "base/result.h"
#include "iscsi/host.h"
#include "iscsi/login.h"
#include "target/access_list.h"
#include "target/published.h"

namespace lunaria::target {

/// Whether the initiator may be here at all: one that is switched off may not.
bool is_welcome(const Published& published, const Asker& asker);
/// Whether the initiator may use a target at portals with this tag: it is welcome, the target is offered there, and a
/// rule lets it in. Says nothing of whether the target is enabled.
bool may_use(const Published& published, const TargetConfig& target, const Asker& asker, std::uint16_t tag);

/// The decision on a login; `mac` is the peer's, as far as it is known. An initiator that may not see a target is told
/// that there is none. One that may is sent elsewhere before it proves itself, when the target says so: what it learns
/// is an address.
Result<iscsi::LoginGrant, iscsi::LoginRefusal> authorize(const Published& published, const iscsi::LoginQuery& query,
                                                         const std::optional<MacAddress>& mac);

/// What SendTargets answers: enabled targets that the initiator may log in to at some portal, each with the listening
/// portals at which it may, those of the portal group that was asked first (RFC 7143 appendix C). A portal on the
/// unspecified address is shown as the address at which the initiator reached us. Loopback and link-local addresses are
/// shown to those only who came by them, without the interface.
std::vector<iscsi::DiscoveredTarget> discover(const Published& published, const iscsi::SendTargetsQuery& query,
                                              const std::optional<MacAddress>& mac);

}  // namespace lunaria::target
