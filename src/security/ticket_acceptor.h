#pragma once

// TicketAcceptor: who shows a Kerberos ticket. What it is called for is the Negotiate scheme of HTTP (RFC 4559), one
// token a request.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"

namespace lunaria::security {

/// A client that has proved who it is.
struct AcceptedTicket {
  std::string principal;          ///< "alice@EXAMPLE.COM"; `\` before what is special in names (RFC 1964 2.1.3)
  std::vector<std::byte> answer;  ///< proves the server to the client; empty when the client asked for none
};

/// Why there is none.
struct TicketRefusal {
  enum class Kind : std::uint8_t {
    kBadTicket,    ///< forged, expired, replayed, for another service, or no ticket at all
    kUnfinished,   ///< the client wants to say more in another request, which would have to be remembered
    kUnavailable,  ///< this machine: the keytab cannot be read
  } kind = Kind::kBadTicket;
  std::string reason;  ///< one line, for the log: what the library says of it
};

/// Interface; any thread, several at once.
class TicketAcceptor {
 public:
  virtual ~TicketAcceptor() = default;
  /// Judges one token from a client. Blocks: files, locks. Bounded by the token's size; asks no other machine.
  virtual Result<AcceptedTicket, TicketRefusal> accept(std::span<const std::byte> token) const = 0;
};

}  // namespace lunaria::security
