#pragma once

// What every way to log in asks of the throttle before it judges credentials, whatever they are.

#include <cstdint>
#include <optional>
#include <string>

#include "base/ip_address.h"
#include "base/log.h"
#include "base/result.h"
#include "http/handler.h"
#include "runtime/shard.h"
#include "runtime/task.h"
#include "security/principal.h"
#include "security/throttle.h"
#include "wbem/authenticator.h"

namespace lunaria::daemon {

/// HTTP status of an attempt that is refused unheard (RFC 6585 4).
inline constexpr std::uint16_t kTooManyRequests = 429;

/// What the throttle counts by; nullopt for the Unix socket.
std::optional<IpAddress> address_of(const http::Peer& peer);

/// Returns when an attempt may be judged, after the wait that earlier failures cost; its report() to the throttle is
/// the caller's. 429 when there were too many. `user` is empty where the credentials do not tell it
/// yet. All references outlive the task.
runtime::Task<Result<void, wbem::AuthenticationFailure>> admit_login(runtime::Shard& shard, Log& log,
                                                                     security::LoginThrottle& throttle,
                                                                     std::string user, const http::Peer& peer,
                                                                     security::Authentication authentication);

}  // namespace lunaria::daemon
