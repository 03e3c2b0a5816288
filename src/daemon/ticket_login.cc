#include "daemon/ticket_login.h"

#include <fmt/format.h>

#include <utility>

#include "daemon/catalogue_user.h"
#include "daemon/login_admission.h"
#include "http/negotiate_authorization.h"
#include "runtime/blocking.h"

namespace lunaria::daemon {
namespace {

using wbem::AuthenticationFailure;
using Kind = security::TicketRefusal::Kind;

wbem::RefusedLogin refused(std::string user, std::string_view reason) {
  return {.user = std::move(user), .authentication = security::Authentication::kKerberos, .reason = reason};
}

AuthenticationFailure failure_of(Kind kind) {
  switch (kind) {
    case Kind::kBadTicket:
      return {.http_status = 401,
              .detail = "The Kerberos ticket was not accepted; the server's log says why",
              .challenge = true,
              .offers_negotiate = true,
              .refused = refused({}, "wrong-credentials")};
    case Kind::kUnfinished:
      return {.http_status = 401,
              .detail = "A Kerberos ticket must come whole with each request: negotiations over several are not taken",
              .challenge = true,
              .refused = refused({}, "unfinished")};
    case Kind::kUnavailable:
      return {.http_status = 503, .detail = "Kerberos tickets cannot be judged now; the server's log says why"};
  }
  return {.http_status = 401, .detail = "", .challenge = true};
}

}  // namespace

runtime::Task<TicketLogin::Outcome> TicketLogin::judge(std::vector<std::byte> token, const http::Peer& peer,
                                                       security::LoginThrottle& throttle) {
  using Throttled = security::LoginThrottle::Outcome;
  const std::string description = peer.description();
  const auto admitted = co_await admit_login(shard_, log_, throttle, {}, peer, security::Authentication::kKerberos);
  if (!admitted) {
    co_return fail(admitted.error());
  }
  auto verdict = co_await ask(std::move(token));
  throttle.report({}, address_of(peer),
                  verdict                                      ? Throttled::kSuccess
                  : verdict.error().kind == Kind::kUnavailable ? Throttled::kAbandoned
                                                               : Throttled::kFailure,
                  shard_.clock().now());
  if (!verdict) {
    log_.warning("management.login.refused",
                 {{"peer", description}, {"ticket", true}, {"reason", verdict.error().reason}});
    co_return fail(failure_of(verdict.error().kind));
  }
  auto outcome = co_await map(*std::move(verdict), description);
  co_return outcome;
}

runtime::Task<TicketLogin::Verdict> TicketLogin::ask(std::vector<std::byte> token) {
  const runtime::AsyncMutex::Lock lock = co_await judging_.acquire();
  auto verdict = co_await runtime::run_blocking(shard_, [&] { return acceptor_.accept(token); });
  co_return verdict;
}

// The right to manage is looked up for every request: a user that is removed is out at once, whatever its tickets.
runtime::Task<TicketLogin::Outcome> TicketLogin::map(security::AcceptedTicket ticket, std::string description) {
  wbem::AuthenticatedClient client{.principal = {.name = ticket.principal,
                                                 .role = security::Role::kViewer,
                                                 .authentication = security::Authentication::kKerberos,
                                                 .peer = description},
                                   .proof = ticket.answer.empty() ? "" : http::negotiate_value(ticket.answer)};
  if (const auto role = kerberos_role(users_, ticket.principal)) {
    client.principal.role = *role;
    co_return client;
  }
  const std::vector<std::string> names = catalogue_names(users_, ticket.principal);
  for (const std::string& name : names) {
    const auto user = co_await find_catalogue_user(service_, name);
    if (user) {
      client.principal.name = user->name;
      client.principal.role = user->role;
      co_return client;
    }
  }
  const std::string reason = names.empty()
                                 ? "its realm is not in kerberos-realms, and kerberos-roles has no role for it"
                                 : "there is no user of that name; make one: lunaria user add " + names.back();
  log_.warning("management.login.refused",
               {{"user", ticket.principal}, {"peer", description}, {"ticket", true}, {"reason", reason}});
  co_return fail(AuthenticationFailure{
      .http_status = 403,
      .detail = fmt::format("The Kerberos principal '{}' may not manage this server: {}", ticket.principal, reason),
      .refused = refused(ticket.principal, "no-such-user")});
}

}  // namespace lunaria::daemon
