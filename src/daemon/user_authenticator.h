#pragma once

// Authenticates management requests: peer credentials on the Unix socket; elsewhere HTTP Basic against the catalogue's
// users, throttled, and never in clear text over a network, or a verified client certificate whose common name is a
// user.

#include <optional>
#include <string>

#include "base/log.h"
#include "runtime/shard.h"
#include "security/throttle.h"
#include "service/service.h"
#include "wbem/authenticator.h"

namespace lunaria::daemon {

/// Control shard only; what it is given outlives it.
class UserAuthenticator final : public wbem::Authenticator {
 public:
  UserAuthenticator(runtime::Shard& shard, service::Service& service, Log& log)
      : shard_(shard), service_(service), log_(log) {}

  runtime::Task<Result<security::Principal, wbem::AuthenticationFailure>> authenticate(const http::RequestHead& head,
                                                                                       const http::Peer& peer) override;

 private:
  using Outcome = Result<security::Principal, wbem::AuthenticationFailure>;
  runtime::Task<Outcome> judge_peer(runtime::PeerCredentials credentials, std::string description);
  runtime::Task<Outcome> judge_certificate(std::string common_name, std::string description);
  /// The user of the catalogue, by exact name.
  runtime::Task<std::optional<service::User>> find_user(std::string name);
  runtime::Task<Outcome> judge_password(std::string user, Secret password, const http::Peer& peer);

  runtime::Shard& shard_;
  service::Service& service_;
  Log& log_;
  security::LoginThrottle throttle_;
};

}  // namespace lunaria::daemon
