#pragma once

// ClientConnection: one HTTP/1.1 connection from the client's side, without I/O: for the command line and for whoever
// delivers something to another server. One request at a time; bodies of requests are whole, those of responses come in
// parts. The owner moves the bytes and keeps the time. Belongs to one thread.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "http/head_scanner.h"
#include "http/limits.h"
#include "http/message.h"
#include "http/message_parser.h"
#include "http/receive_buffer.h"

namespace lunaria::http {

class ClientConnection final {
 public:
  /// `authority` is what Host says: "server.example:5989".
  explicit ClientConnection(std::string authority) : authority_(std::move(authority)) {}

  /// The bytes of a request: send them all, then `body` as it is. Adds Host, Content-Length and what else frames it.
  /// `target` starts with '/'. Only when no response is awaited and is_open().
  std::string request(std::string_view method, std::string_view target, const Fields& fields, std::size_t body_size);

  /// Where the next bytes go.
  std::span<std::byte> receive_space();
  void received(std::size_t size) { buffer_.commit(size); }
  /// The server has closed the connection; may complete a response.
  void receive_ended() { input_ended_ = true; }

  enum class Event : std::uint8_t {
    kNeedInput,
    kHead,    ///< response() is there; interim responses are skipped
    kBody,    ///< body() is a part of the body
    kEnd,     ///< the response is complete
    kClosed,  ///< the connection ended before the response began: a kept connection may be retried on a new one
    kFailed,  ///< failure() says why; nothing more comes of this connection
  };
  Event next();
  const ResponseHead& response() const { return response_; }
  /// Valid until the next call of next() or receive_space().
  std::span<const std::byte> body() const { return body_; }
  void set_body_limit(std::uint64_t bytes) { body_limit_ = bytes; }
  /// A sentence.
  std::string_view failure() const { return failure_; }

  /// After kEnd, or before the first request: whether another request may be sent.
  bool is_open() const { return state_ == State::kReady; }

 private:
  enum class State : std::uint8_t { kReady, kHead, kBody, kClosed, kFailed };

  Event next_head();
  Event next_body();
  Event end();
  Event fail_with(std::string_view why);

  std::string authority_;
  internal::ReceiveBuffer buffer_;
  State state_ = State::kReady;
  bool input_ended_ = false;
  bool is_head_request_ = false;
  bool keep_alive_ = true;
  std::size_t interim_count_ = 0;
  HeadScanner scanner_{HeadScanner::Kind::kResponse};
  std::optional<internal::MessageParser> parser_;
  ResponseHead response_;
  std::span<const std::byte> body_;
  std::size_t body_to_drop_ = 0;
  std::uint64_t body_limit_ = kClientBodyBytesDefault;
  std::uint64_t body_taken_ = 0;
  std::string_view failure_;
};

}  // namespace lunaria::http
