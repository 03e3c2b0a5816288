#pragma once

// What whoever answers HTTP requests sees: the request, its body as a stream, and the response as a stream. The server
// calls the handler on its own shard; everything here is for that shard only.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/ip_address.h"
#include "base/result.h"
#include "http/message.h"
#include "runtime/network.h"
#include "runtime/task.h"
#include "security/tls.h"

namespace lunaria::http {

/// Who is at the other end of the connection. Nothing in it says who a request is from: credentials are judged for
/// every request anew.
struct Peer {
  std::optional<IpEndpoint> remote;                      ///< TCP
  std::optional<runtime::PeerCredentials> credentials;   ///< Unix socket
  bool encrypted = false;                                ///< TLS
  std::optional<security::PeerCertificate> certificate;  ///< verified, when the client has shown one

  bool is_unix() const { return credentials.has_value(); }
  /// This machine: a Unix socket or a loopback address.
  bool is_local() const { return is_unix() || (remote && remote->address.is_loopback()); }
  /// For logs and audit: "192.0.2.1:51234", "unix uid=0 pid=17".
  std::string description() const;
  /// "unix", "https" or "http".
  std::string_view transport() const;
};

/// Why a request's body cannot be read. The status to answer with is RequestBody::failure_status().
enum class BodyError : std::uint8_t {
  kRefused,  ///< malformed, too large or too slow: answer, the connection then closes
  kGone,     ///< the client has gone: nobody hears an answer
};

/// The body of one request. Valid while the handler runs.
class RequestBody {
 public:
  virtual ~RequestBody() = default;
  /// Before the first read(); kBodyBytesDefault otherwise.
  virtual void set_limit(std::uint64_t bytes) = 0;
  /// The next part, at most kReceiveBytes; empty at the end. Valid until the next read().
  virtual runtime::Task<Result<std::span<const std::byte>, BodyError>> read() = 0;
  /// After kRefused: 400, 408 or 413.
  virtual std::uint16_t failure_status() const = 0;
};

/// The response to one request. Valid while the handler runs. A handler that returns without having started one answers
/// 500 (or the status of a refused body); one that returns without finish() has its connection cut, so that the client
/// does not take a part for the whole.
class ResponseWriter {
 public:
  virtual ~ResponseWriter() = default;
  /// Once. Nothing is sent before there is enough to send, flush() or finish().
  virtual void start(ResponseHead head) = 0;
  virtual bool started() const = 0;
  /// Sends what is collected when it is enough. Waits while the client does not read. False when the client has gone:
  /// stop then. `bytes` must stay in place until it returns.
  virtual runtime::Task<bool> write(std::span<const std::byte> bytes) = 0;
  /// Sends what is collected now.
  virtual runtime::Task<bool> flush() = 0;
  /// Ends the response and sends the rest. Trailers reach HTTP/1.1 clients when no length was announced.
  virtual runtime::Task<bool> finish(Fields trailers) = 0;
  /// The client has gone, did not read in time, or the server is cutting connections: what is written goes nowhere.
  virtual bool client_gone() const = 0;
};

/// Answers requests.
class RequestHandler {
 public:
  virtual ~RequestHandler() = default;
  /// The arguments outlive the returned task.
  virtual runtime::Task<void> handle(const RequestHead& head, RequestBody& body, ResponseWriter& writer,
                                     const Peer& peer) = 0;
};

/// The whole body as text.
runtime::Task<Result<std::string, BodyError>> read_all(RequestBody& body);
/// A whole response with its Content-Length.
runtime::Task<bool> respond(ResponseWriter& writer, ResponseHead head, std::string body);
/// A short text/plain answer, for errors: "404 Not Found: <detail>".
runtime::Task<bool> respond_error(ResponseWriter& writer, std::uint16_t status, std::string detail);

}  // namespace lunaria::http
