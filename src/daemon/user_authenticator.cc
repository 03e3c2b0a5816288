#include "daemon/user_authenticator.h"

#include <fmt/format.h>
#include <pwd.h>
#include <unistd.h>

#include <vector>

#include "daemon/catalogue_user.h"
#include "daemon/login_admission.h"
#include "http/basic_authorization.h"
#include "http/negotiate_authorization.h"
#include "providers/principals.h"
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

}  // namespace

UserAuthenticator::UserAuthenticator(runtime::Shard& shard, service::Service& service, cim::AuditTrail& audit, Log& log,
                                     const security::TicketAcceptor* tickets, KerberosUsers kerberos_users,
                                     PamLogin* pam)
    : shard_(shard), service_(service), audit_(audit), log_(log), pam_(pam) {
  if (tickets != nullptr) {
    ticket_login_.emplace(shard, service, log, *tickets, std::move(kerberos_users));
  }
}

runtime::Task<UserAuthenticator::Outcome> UserAuthenticator::authenticate(const http::RequestHead& head,
                                                                          const http::Peer& peer) {
  Outcome outcome = co_await judge(head, peer);
  if (!outcome && outcome.error().refused) {
    record(*outcome.error().refused, peer);
    if (const auto address = address_of(peer); address && outcome.error().http_status == kTooManyRequests) {
      service_.note_throttled_login(*address);
    }
  }
  co_return outcome;
}

void UserAuthenticator::record(const wbem::RefusedLogin& refused, const http::Peer& peer) {
  cim::AuditRecord record;
  record.time = shard_.clock().wall_time();
  record.user = refused.user;
  record.authentication = providers::to_cim(refused.authentication);
  record.peer = peer.description();
  record.transport = peer.transport();
  record.operation = cim::kAuthenticate;
  record.result = "refused";
  record.reason = refused.reason;
  audit_.record(record);
}

runtime::Task<UserAuthenticator::Outcome> UserAuthenticator::judge(const http::RequestHead& head,
                                                                   const http::Peer& peer) {
  if (peer.credentials) {
    Outcome outcome = co_await judge_peer(*peer.credentials, peer.description());
    co_return outcome;
  }
  if (!peer.encrypted && !peer.is_local()) {
    co_return fail(AuthenticationFailure{
        .http_status = 403,
        .detail = "Passwords and tickets are not taken over plain HTTP from another host: use HTTPS",
        .refused = wbem::RefusedLogin{.user = {}, .reason = "plain-http"}});
  }
  // Credentials that are given count: a program with a certificate of its own may act for another user.
  if (peer.certificate && !head.fields.find("Authorization")) {
    Outcome outcome = co_await judge_certificate(peer.certificate->common_name, peer.description());
    co_return outcome;
  }
  Outcome outcome = co_await judge_credentials(head, peer);
  co_return outcome;
}

AuthenticationFailure UserAuthenticator::challenge(std::string detail) const {
  return {.http_status = 401,
          .detail = std::move(detail),
          .challenge = true,
          .offers_negotiate = ticket_login_.has_value()};
}

runtime::Task<UserAuthenticator::Outcome> UserAuthenticator::judge_credentials(const http::RequestHead& head,
                                                                               const http::Peer& peer) {
  using Error = http::AuthorizationError;
  Error error = Error::kOtherScheme;
  if (ticket_login_) {
    auto token = http::parse_negotiate_authorization(head.fields);
    if (token) {
      Outcome outcome = co_await ticket_login_->judge(*std::move(token), peer, throttle_);
      co_return outcome;
    }
    error = token.error();
  }
  if (error == Error::kOtherScheme) {
    auto credentials = http::parse_basic_authorization(head.fields);
    if (credentials) {
      Outcome outcome = co_await judge_password(std::move(credentials->user), std::move(credentials->password), peer);
      co_return outcome;
    }
    error = credentials.error();
  }
  if (error == Error::kMalformed || error == Error::kRepeated) {
    co_return fail(AuthenticationFailure{.http_status = 400,
                                         .detail = "The Authorization header is malformed",
                                         .refused = wbem::RefusedLogin{.user = {}, .reason = "malformed"}});
  }
  // Whoever shows nothing yet is asked for it: that is how most clients begin, and nobody was refused.
  co_return fail(challenge(ticket_login_ ? "Give a user and a password (HTTP Basic), or a Kerberos ticket (Negotiate)"
                                         : "Give a user and a password (HTTP Basic)"));
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
    co_return wbem::AuthenticatedClient{std::move(principal)};
  }
  const auto user = co_await find_catalogue_user(service_, principal.name);
  if (user) {
    principal.role = user->role;
    co_return wbem::AuthenticatedClient{std::move(principal)};
  }
  log_.warning("management.login.refused", {{"user", principal.name}, {"peer", principal.peer}});
  co_return fail(AuthenticationFailure{
      .http_status = 403,
      .detail = fmt::format("'{0}' may not manage this server; an administrator can change that: lunaria user add {0}",
                            principal.name),
      .refused = wbem::RefusedLogin{
          .user = principal.name, .authentication = principal.authentication, .reason = "no-such-user"}});
}

// TLS has verified the chain up to an issuer that the administrator trusts with users' names. The right to manage is
// looked up for every request: a user that is removed is out at once, whatever its connections.
runtime::Task<UserAuthenticator::Outcome> UserAuthenticator::judge_certificate(std::string common_name,
                                                                               std::string description) {
  const auto user = co_await find_catalogue_user(service_, common_name);
  if (user) {
    co_return wbem::AuthenticatedClient{{.name = user->name,
                                         .role = user->role,
                                         .authentication = security::Authentication::kClientCertificate,
                                         .peer = std::move(description)}};
  }
  log_.warning("management.login.refused", {{"user", common_name}, {"peer", description}, {"certificate", true}});
  co_return fail(AuthenticationFailure{
      .http_status = 403,
      .detail = fmt::format("The certificate's common name, '{0}', is no user of this server; an administrator can "
                            "change that: lunaria user add {0}",
                            common_name),
      .refused = wbem::RefusedLogin{.user = common_name,
                                    .authentication = security::Authentication::kClientCertificate,
                                    .reason = "no-such-user"}});
}

runtime::Task<UserAuthenticator::Outcome> UserAuthenticator::judge_password(std::string user, Secret password,
                                                                            const http::Peer& peer) {
  // The catalogue goes first: PAM is never asked about a user that it has.
  bool by_pam = false;
  auto remembered = service_.remembered_user(user, password, peer.description());
  if (!remembered && pam_ != nullptr) {
    by_pam = !(co_await find_catalogue_user(service_, user)).has_value();
    if (by_pam) {
      remembered = pam_->remembered(user, password, peer.description());
    }
  }
  // Clients send their password with every request: one that is known to be good neither waits nor counts.
  if (remembered) {
    co_return wbem::AuthenticatedClient{*std::move(remembered)};
  }
  const auto admitted = co_await admit_login(shard_, log_, throttle_, user, peer, security::Authentication::kPassword);
  if (!admitted) {
    co_return fail(admitted.error());
  }
  auto principal = co_await ask(user, std::move(password), peer, by_pam);
  const bool is_wrong = !principal && principal.error().code == service::ErrorCode::kPermissionDenied;
  throttle_.report(user, address_of(peer),
                   principal  ? security::LoginThrottle::Outcome::kSuccess
                   : is_wrong ? security::LoginThrottle::Outcome::kFailure
                              : security::LoginThrottle::Outcome::kAbandoned,
                   shard_.clock().now());
  if (principal) {
    co_return wbem::AuthenticatedClient{*std::move(principal)};
  }
  if (is_wrong) {
    log_.warning("management.login.refused", {{"user", user}, {"peer", peer.description()}});
    AuthenticationFailure failure = challenge("The user or the password is wrong");
    failure.refused = wbem::RefusedLogin{.user = user, .reason = "wrong-credentials"};
    co_return fail(std::move(failure));
  }
  co_return fail(AuthenticationFailure{503, principal.error().message});
}

// Where PAM is asked, every refusal takes the same time, whoever gave it: else the time would tell whose users exist.
runtime::Task<service::Outcome<security::Principal>> UserAuthenticator::ask(const std::string& user, Secret password,
                                                                            const http::Peer& peer, bool by_pam) {
  const runtime::Instant answer_at = shard_.clock().now() + PamLogin::kRefusalTime;
  service::Outcome<security::Principal> principal =
      fail(service::Error{service::ErrorCode::kPermissionDenied, "The user name or the password is wrong."});
  if (by_pam) {
    const std::optional<IpAddress> address = address_of(peer);
    auto known = co_await pam_->judge(user, std::move(password), address ? address->to_string() : std::string(),
                                      peer.description());
    if (known) {
      principal = *std::move(known);
    }
  } else {
    principal = co_await service_.verify_user(user, std::move(password), peer.description());
  }
  const runtime::Instant now = shard_.clock().now();
  if (!principal && pam_ != nullptr && now < answer_at) {
    co_await runtime::sleep_for(shard_, answer_at - now);
  }
  co_return principal;
}

}  // namespace lunaria::daemon
