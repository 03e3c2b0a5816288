#pragma once

// GssInitiator: shows the ticket of whoever runs this program to a server (RFC 4559, the client's side). One object is
// one exchange: a token to the server, a token back.

#include <cstddef>
#include <memory>
#include <span>
#include <string>

#include "base/result.h"

namespace lunaria::security {

class GssInitiator final {
 public:
  /// Gets a ticket for HTTP/`host` from the user's credential cache, or from the KDC. Blocks, for as long as the
  /// library waits for the KDC. Fails with what the library says: no ticket, expired, no such service.
  static Result<GssInitiator, std::string> start(const std::string& host);

  GssInitiator(GssInitiator&&) noexcept;
  GssInitiator& operator=(GssInitiator&&) noexcept;
  ~GssInitiator();

  /// For the server; valid while this object lives.
  std::span<const std::byte> token() const;
  /// Takes the server's token. Fails when it does not prove that the server holds the service's key.
  Result<void, std::string> finish(std::span<const std::byte> answer);

 private:
  struct State;
  explicit GssInitiator(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace lunaria::security
