#pragma once

// Authenticator: who a request is from. Asked for every request anew; nothing is remembered for a connection.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "http/handler.h"
#include "http/message.h"
#include "runtime/task.h"
#include "security/principal.h"

namespace lunaria::wbem {

/// Credentials that were shown and not good enough, for the audit trail.
struct RefusedLogin {
  std::string user;  ///< as claimed; "" where nobody was named
  security::Authentication authentication = security::Authentication::kPassword;
  std::string_view reason;  ///< a word that stays: "wrong-credentials"
};

/// A request that is from nobody whom we know.
struct AuthenticationFailure {
  std::uint16_t http_status = 401;        ///< 401, 403 (not over this transport), 429 (too many attempts) or 400
  std::string detail;                     ///< for the client: what to do; never whether the user exists
  bool challenge = false;                 ///< say which scheme is wanted (WWW-Authenticate): Basic
  std::uint32_t retry_after_s = 0;        ///< seconds, with 429
  bool offers_negotiate = false;          ///< with challenge: Negotiate as well
  std::optional<RefusedLogin> refused{};  ///< nullopt where nothing was shown yet, or nothing could be judged
};

/// Who a request is from.
struct AuthenticatedClient {
  security::Principal principal;
  std::string proof{};  ///< value of WWW-Authenticate in the answer, whatever its status; empty: none (RFC 4559 4.1)
};

/// Control shard only.
class Authenticator {
 public:
  virtual ~Authenticator() = default;
  /// The arguments outlive the returned task.
  virtual runtime::Task<Result<AuthenticatedClient, AuthenticationFailure>> authenticate(const http::RequestHead& head,
                                                                                         const http::Peer& peer) = 0;
};

}  // namespace lunaria::wbem
