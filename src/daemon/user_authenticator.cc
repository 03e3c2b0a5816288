#include "daemon/user_authenticator.h"

#include <fmt/format.h>
#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <vector>

#include "http/basic_authorization.h"
#include "runtime/blocking.h"

namespace lunaria::daemon {
namespace {

using wbem::AuthenticationFailure;

/// The login name of a user id, "" when there is none. Blocks.
std::string login_name(uid_t uid) {
  std::vector<char> buffer(16384);
  passwd entry{};
  passwd* found = nullptr;
  if (getpwuid_r(uid, &entry, buffer.data(), buffer.size(), &found) != 0 || found == nullptr) {
    return {};
  }
  return entry.pw_name;
}

std::optional<IpAddress> address_of(const http::Peer& peer) {
  return peer.remote ? std::optional(peer.remote->address) : std::nullopt;
}

}  // namespace

runtime::Task<UserAuthenticator::Outcome> UserAuthenticator::authenticate(const http::RequestHead& head,
                                                                          const http::Peer& peer) {
  if (peer.credentials) {
    Outcome outcome = co_await judge_peer(*peer.credentials, peer.description());
    co_return outcome;
  }
  if (!peer.encrypted && !peer.is_local()) {
    co_return fail(AuthenticationFailure{403, "Passwords are not taken over plain HTTP from another host: use HTTPS"});
  }
  // A password that is given counts: a program with a certificate of its own may act for another user.
  if (peer.certificate && !head.fields.find("Authorization")) {
    Outcome outcome = co_await judge_certificate(peer.certificate->common_name, peer.description());
    co_return outcome;
  }
  auto credentials = http::parse_basic_authorization(head.fields);
  if (!credentials) {
    const bool is_malformed = credentials.error() == http::AuthorizationError::kMalformed ||
                              credentials.error() == http::AuthorizationError::kRepeated;
    if (is_malformed) {
      co_return fail(AuthenticationFailure{400, "The Authorization header is malformed"});
    }
    co_return fail(AuthenticationFailure{401, "Give a user and a password (HTTP Basic)", true});
  }
  Outcome outcome = co_await judge_password(std::move(credentials->user), std::move(credentials->password), peer);
  co_return outcome;
}

// Root and the daemon's own user administer it anyway; others need a user of their login name in the catalogue.
runtime::Task<UserAuthenticator::Outcome> UserAuthenticator::judge_peer(runtime::PeerCredentials credentials,
                                                                        std::string description) {
  const uid_t uid = credentials.uid;
  const std::string name = co_await runtime::run_blocking(shard_, [uid] { return login_name(uid); });
  security::Principal principal{.name = name.empty() ? fmt::format("uid-{}", uid) : name,
                                .role = security::Role::kAdministrator,
                                .authentication = security::Authentication::kPeerCredentials,
                                .peer = std::move(description)};
  if (uid == 0 || uid == geteuid()) {
    co_return principal;
  }
  const auto user = co_await find_user(principal.name);
  if (user) {
    principal.role = user->role;
    co_return principal;
  }
  log_.warning("management.login.refused", {{"user", principal.name}, {"peer", principal.peer}});
  co_return fail(AuthenticationFailure{
      403, fmt::format("'{0}' may not manage this server; an administrator can change that: lunaria user add {0}",
                       principal.name)});
}

runtime::Task<std::optional<service::User>> UserAuthenticator::find_user(std::string name) {
  const auto users = co_await service_.list_users(security::internal_principal());
  std::optional<service::User> found;
  if (users) {
    const auto user = std::ranges::find(*users, name, &service::User::name);
    if (user != users->end()) {
      found = *user;
    }
  }
  co_return found;
}

// TLS has verified the chain up to an issuer that the administrator trusts with users' names. The right to manage is
// looked up for every request: a user that is removed is out at once, whatever its connections.
runtime::Task<UserAuthenticator::Outcome> UserAuthenticator::judge_certificate(std::string common_name,
                                                                               std::string description) {
  const auto user = co_await find_user(common_name);
  if (user) {
    co_return security::Principal{.name = user->name,
                                  .role = user->role,
                                  .authentication = security::Authentication::kClientCertificate,
                                  .peer = std::move(description)};
  }
  log_.warning("management.login.refused", {{"user", common_name}, {"peer", description}, {"certificate", true}});
  co_return fail(AuthenticationFailure{
      403, fmt::format("The certificate's common name, '{0}', is no user of this server; an administrator can change "
                       "that: lunaria user add {0}",
                       common_name)});
}

runtime::Task<UserAuthenticator::Outcome> UserAuthenticator::judge_password(std::string user, Secret password,
                                                                            const http::Peer& peer) {
  // Clients send their password with every request: one that is known to be good neither waits nor counts.
  if (auto remembered = service_.remembered_user(user, password, peer.description())) {
    co_return *std::move(remembered);
  }
  const std::optional<IpAddress> address = address_of(peer);
  const auto admitted = throttle_.admit(user, address, shard_.clock().now());
  if (!admitted) {
    const auto seconds = std::chrono::ceil<std::chrono::seconds>(admitted.error().retry_after).count();
    log_.warning("management.login.throttled", {{"user", user}, {"peer", peer.description()}});
    co_return fail(AuthenticationFailure{429, "Too many wrong passwords: try again later", false,
                                         static_cast<std::uint32_t>(seconds)});
  }
  if (*admitted > runtime::Duration::zero()) {
    co_await runtime::sleep_for(shard_, *admitted);
  }
  auto principal = co_await service_.verify_user(user, std::move(password), peer.description());
  const bool is_wrong = !principal && principal.error().code == service::ErrorCode::kPermissionDenied;
  throttle_.report(user, address,
                   principal  ? security::LoginThrottle::Outcome::kSuccess
                   : is_wrong ? security::LoginThrottle::Outcome::kFailure
                              : security::LoginThrottle::Outcome::kAbandoned,
                   shard_.clock().now());
  if (principal) {
    co_return *std::move(principal);
  }
  if (is_wrong) {
    log_.warning("management.login.refused", {{"user", user}, {"peer", peer.description()}});
    co_return fail(AuthenticationFailure{401, "The user or the password is wrong", true});
  }
  co_return fail(AuthenticationFailure{503, principal.error().message});
}

}  // namespace lunaria::daemon
