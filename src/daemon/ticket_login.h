#pragma once

// TicketLogin: who a request is from that shows a Kerberos ticket (Negotiate, RFC 4559). Every request brings a ticket
// of its own and is judged by it: docs/decisions/0016-ticket-per-request.md.

#include <string>
#include <vector>

#include "base/log.h"
#include "daemon/kerberos_users.h"
#include "runtime/async_mutex.h"
#include "runtime/shard.h"
#include "security/throttle.h"
#include "security/ticket_acceptor.h"
#include "service/service.h"
#include "wbem/authenticator.h"

namespace lunaria::daemon {

/// Control shard only; what it is given outlives it.
class TicketLogin final {
 public:
  using Outcome = Result<wbem::AuthenticatedClient, wbem::AuthenticationFailure>;

  TicketLogin(runtime::Shard& shard, service::Service& service, Log& log, const security::TicketAcceptor& acceptor,
              KerberosUsers users)
      : shard_(shard), service_(service), log_(log), acceptor_(acceptor), users_(std::move(users)) {}

  /// 401: the ticket is not good; 403: it is, and its principal is nobody here; 429: too many that were not good, from
  /// this address; 503: the keytab cannot be read. `throttle` is shared with other ways to log in; `peer` outlives the
  /// task.
  runtime::Task<Outcome> judge(std::vector<std::byte> token, const http::Peer& peer, security::LoginThrottle& throttle);

 private:
  using Verdict = Result<security::AcceptedTicket, security::TicketRefusal>;
  runtime::Task<Verdict> ask(std::vector<std::byte> token);
  runtime::Task<Outcome> map(security::AcceptedTicket ticket, std::string description);

  runtime::Shard& shard_;
  service::Service& service_;
  Log& log_;
  const security::TicketAcceptor& acceptor_;
  KerberosUsers users_;
  runtime::AsyncMutex judging_;  // a replay cache that hangs takes one worker thread, not all
};

}  // namespace lunaria::daemon
