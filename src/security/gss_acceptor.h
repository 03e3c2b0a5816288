#pragma once

// GssAcceptor: judges Kerberos tickets with the keys of a keytab, through GSSAPI (RFC 2743, 4121, 4178; MIT's library).

#include <memory>
#include <span>
#include <string>

#include "base/result.h"
#include "security/ticket_acceptor.h"

namespace lunaria::security {

struct GssAcceptorSettings {
  std::string keytab_path;        ///< read for every ticket: keys may be exchanged at run time
  std::string principal{};        ///< "HTTP/host.example@EXAMPLE.COM"; empty: any whose key the keytab holds
  std::string replay_cache_path;  ///< a file that remembers tickets' authenticators while they could be shown again
};

/// Takes Kerberos alone, inside SPNEGO or bare. IAKERB, with which a client has the server talk to its KDC, is refused.
class GssAcceptor final : public TicketAcceptor {
 public:
  /// Fails with a sentence when the keytab cannot be read or has no key of the principal. Blocks.
  static Result<std::unique_ptr<GssAcceptor>, std::string> make(GssAcceptorSettings settings);

  Result<AcceptedTicket, TicketRefusal> accept(std::span<const std::byte> token) const override;

 private:
  explicit GssAcceptor(GssAcceptorSettings settings) : settings_(std::move(settings)) {}

  GssAcceptorSettings settings_;
};

}  // namespace lunaria::security
