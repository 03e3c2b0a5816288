#pragma once

// Client: requests to one HTTP server over a kept connection, plain, TLS or Unix socket: for the command line, and for
// delivering things to other servers. One request at a time.

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "base/result.h"
#include "http/client_connection.h"
#include "http/message.h"
#include "runtime/network.h"
#include "runtime/shard.h"
#include "runtime/task.h"
#include "security/tls.h"

namespace lunaria::http {

namespace internal {
class Channel;
}

struct ClientOptions {
  runtime::ListenAddress address;
  std::string authority{};    ///< for the Host field: "server.example:5989"
  std::string server_name{};  ///< DNS name or address that the certificate must have
  std::optional<security::TlsClientContext> tls{};
  runtime::Duration timeout = std::chrono::seconds(60);  ///< for each step: connect, send, and every receive
};

/// Why there is no response.
struct ClientFailure {
  enum class Kind : std::uint8_t { kConnect, kTls, kTimeout, kBroken } kind = Kind::kBroken;
  int error_code = 0;  ///< errno of a failed connect
  std::string message;
};

/// Lives on one shard. close() comes before the destructor.
class Client final {
 public:
  Client(runtime::Shard& shard, ClientOptions options);
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;
  ~Client();

  /// Sends a request and returns the head of its response. A kept connection that the server has closed meanwhile is
  /// made anew, once. The arguments outlive the returned task.
  runtime::Task<Result<ResponseHead, ClientFailure>> send(std::string_view method, std::string_view target,
                                                          const Fields& fields, std::string_view body);
  /// The next part of the response's body, valid until the next call; empty at its end.
  runtime::Task<Result<std::span<const std::byte>, ClientFailure>> read();
  /// Largest body that is taken of the next response; default kClientBodyBytesDefault.
  void set_body_limit(std::uint64_t bytes) { body_limit_ = bytes; }
  runtime::Task<void> close();
  /// Ends what is under way, which then fails soon; what is begun afterwards fails at once. For stopping: waits for
  /// nobody.
  void cancel();

 private:
  /// A connect on its way, and its deadline.
  struct Attempt;
  runtime::Task<Result<void, ClientFailure>> connect();
  runtime::Task<Result<ResponseHead, ClientFailure>> exchange(std::string_view method, std::string_view target,
                                                              const Fields& fields, std::string_view body);
  runtime::Task<Result<void, ClientFailure>> receive();
  runtime::Instant deadline() const;

  runtime::Shard& shard_;
  ClientOptions options_;
  std::uint64_t body_limit_ = kClientBodyBytesDefault;
  Attempt* attempt_ = nullptr;  // while connecting
  std::unique_ptr<internal::Channel> channel_;
  std::optional<ClientConnection> connection_;
  bool is_kept_ = false;  // the connection has served a request before
  bool is_cancelled_ = false;
};

}  // namespace lunaria::http
