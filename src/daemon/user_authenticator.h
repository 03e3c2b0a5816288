#pragma once

// Authenticates management requests: peer credentials on the Unix socket; elsewhere HTTP Basic against the catalogue's
// users or PAM, a Kerberos ticket (HTTP Negotiate), both throttled and never in clear text over a network, or a
// verified client certificate whose common name is a user.

#include <optional>
#include <string>

#include "base/log.h"
#include "cim/audit.h"
#include "daemon/pam_login.h"
#include "daemon/ticket_login.h"
#include "runtime/shard.h"
#include "security/throttle.h"
#include "service/service.h"
#include "wbem/authenticator.h"

namespace lunaria::daemon {

/// Control shard only; what it is given outlives it.
class UserAuthenticator final : public wbem::Authenticator {
 public:
  using Outcome = Result<wbem::AuthenticatedClient, wbem::AuthenticationFailure>;

  /// `tickets` is null where no keytab is configured: Negotiate is then neither offered nor taken. `pam` is null where
  /// no service of PAM is.
  UserAuthenticator(runtime::Shard& shard, service::Service& service, cim::AuditTrail& audit, Log& log,
                    const security::TicketAcceptor* tickets, KerberosUsers kerberos_users, PamLogin* pam);

  runtime::Task<Outcome> authenticate(const http::RequestHead& head, const http::Peer& peer) override;

 private:
  /// authenticate(), but for the audit trail.
  runtime::Task<Outcome> judge(const http::RequestHead& head, const http::Peer& peer);
  void record(const wbem::RefusedLogin& refused, const http::Peer& peer);
  /// Whose credentials are in the Authorization field.
  runtime::Task<Outcome> judge_credentials(const http::RequestHead& head, const http::Peer& peer);
  wbem::AuthenticationFailure challenge(std::string detail) const;
  runtime::Task<Outcome> judge_peer(runtime::PeerCredentials credentials, std::string description);
  runtime::Task<Outcome> judge_certificate(std::string common_name, std::string description);
  runtime::Task<Outcome> judge_password(std::string user, Secret password, const http::Peer& peer);
  /// PAM, or the catalogue. The arguments outlive the task.
  runtime::Task<service::Outcome<security::Principal>> ask(const std::string& user, Secret password,
                                                           const http::Peer& peer, bool by_pam);

  runtime::Shard& shard_;
  service::Service& service_;
  cim::AuditTrail& audit_;
  Log& log_;
  PamLogin* pam_;
  security::LoginThrottle throttle_;
  std::optional<TicketLogin> ticket_login_;
};

}  // namespace lunaria::daemon
