#include "daemon/login_admission.h"

#include <chrono>
#include <cstdint>
#include <utility>

namespace lunaria::daemon {

std::optional<IpAddress> address_of(const http::Peer& peer) {
  return peer.remote ? std::optional(peer.remote->address) : std::nullopt;
}

runtime::Task<Result<void, wbem::AuthenticationFailure>> admit_login(runtime::Shard& shard, Log& log,
                                                                     security::LoginThrottle& throttle,
                                                                     std::string user, const http::Peer& peer,
                                                                     security::Authentication authentication) {
  const auto admitted = throttle.admit(user, address_of(peer), shard.clock().now());
  if (!admitted) {
    const auto seconds = std::chrono::ceil<std::chrono::seconds>(admitted.error().retry_after).count();
    log.warning("management.login.throttled", {{"user", user}, {"peer", peer.description()}});
    const bool is_ticket = authentication == security::Authentication::kKerberos;
    co_return fail(wbem::AuthenticationFailure{
        .http_status = kTooManyRequests,
        .detail = is_ticket ? "Too many tickets that were not good: try again later"
                            : "Too many wrong passwords: try again later",
        .retry_after_s = static_cast<std::uint32_t>(seconds),
        .refused =
            wbem::RefusedLogin{.user = std::move(user), .authentication = authentication, .reason = "throttled"}});
  }
  if (*admitted > runtime::Duration::zero()) {
    co_await runtime::sleep_for(shard, *admitted);
  }
  co_return Result<void, wbem::AuthenticationFailure>();
}

}  // namespace lunaria::daemon
