#pragma once

// ServerConnection: one HTTP/1.1 or 1.0 connection, from the server's side, without I/O (RFC 9112). Received bytes go
// in, events come out; responses go in, bytes to send come out; the owner moves the bytes and watches the deadlines.
// One request at a time: what a client pipelines waits in the buffer, or in the socket. Belongs to one thread.
//
// The owner's loop:
//   next() -> kNeedInput: send take_interim() if there is any, receive into receive_space(), call received()
//          -> kHead: hand request() to whoever answers; then next() gives its body
//   respond(), append(), flush() and at last finish(): send each Output whole, then call flushed()
//   next_request() -> true: next() again; false: close (after lingering when must_linger() says so)

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "http/head_scanner.h"
#include "http/limits.h"
#include "http/message.h"
#include "http/message_parser.h"
#include "http/receive_buffer.h"
#include "http/transfer_clock.h"
#include "runtime/clock.h"

namespace lunaria::http {

class ServerConnection final {
 public:
  explicit ServerConnection(runtime::Instant now) : waiting_since_(now) {}

  // Input.

  /// Where the next bytes go. Sized for what is expected: small between requests.
  std::span<std::byte> receive_space();
  void received(std::size_t size, runtime::Instant now);
  /// The peer has closed its side.
  void receive_ended() { input_ended_ = true; }
  /// To be called when a wait for input begins: when it must end at the latest.
  runtime::Instant receive_deadline(runtime::Instant now);
  /// The deadline has passed. next() says what comes of it: kClosed between requests, kFailed (408) inside one.
  void receive_timed_out();

  enum class Event : std::uint8_t {
    kNeedInput,
    kHead,     ///< request() is there
    kBody,     ///< body() is a part of the request's body
    kBodyEnd,  ///< the request is complete; said again on every call until next_request()
    kFailed,   ///< failure() says how; unless a response has begun, respond_failure(); the connection will close
    kClosed,   ///< the connection is over, without a request being lost
  };
  Event next();

  /// Valid from kHead until next_request().
  const RequestHead& request() const { return request_; }
  /// Valid until the next call of next() or receive_space().
  std::span<const std::byte> body() const { return body_; }
  /// Before the body is read; kBodyBytesDefault otherwise. A larger one fails with 413.
  void set_body_limit(std::uint64_t bytes) { body_limit_ = bytes; }
  /// "HTTP/1.1 100 Continue" when the client waits for it and the body is wanted; otherwise empty. Send it at once.
  std::string_view take_interim();

  struct Failure {
    std::uint16_t status = 400;
    std::string_view detail;  ///< a constant
  };
  const Failure& failure() const { return failure_; }

  /// No byte of a request is in hand: may be closed without losing anything.
  bool is_idle() const { return input_ == Input::kHead && buffer_.empty(); }
  /// Since when, if is_idle().
  runtime::Instant idle_since() const { return waiting_since_; }

  // Output.

  /// Begins the response to the request. Once per request, also before its body is read.
  void respond(ResponseHead head);
  /// respond(), append() and a short text for failure(); only when no response has begun.
  void respond_failure();
  bool responding() const { return output_ != Output::kIdle; }
  /// Collects bytes of the response's body. No more than the announced length.
  void append(std::span<const std::byte> bytes);
  std::size_t collected() const { return collected_.size(); }

  /// Bytes to send, in this order, all of them, before anything else is called but flushed().
  using Pieces = std::array<std::span<const std::byte>, 4>;
  /// What is collected, and `extra` behind it without being copied.
  Pieces flush(std::span<const std::byte> extra = {});
  /// The same, and the end of the response. Trailers need chunks: they are dropped for HTTP/1.0 clients and where the
  /// length was announced. A response whose length was not announced and of which nothing has been flushed yet gets a
  /// Content-Length.
  Pieces finish(std::span<const std::byte> extra = {}, const Fields& trailers = {});
  /// The pieces are sent: forgets them.
  void flushed();
  bool finished() const { return output_ == Output::kDone; }
  /// Whether the announced length has been reached, or none was announced: otherwise finish() must not be called and
  /// the connection must be cut, so that the client sees that something is missing.
  bool may_finish(std::size_t extra_size = 0) const;

  /// The response being made, or the next one, says that the connection closes.
  void close_after_response() { close_ = true; }
  /// After finish(): whether the rest of the request's body must be read (and dropped) before next_request().
  bool must_drain() const { return input_ == Input::kBody && !close_; }
  /// Ready for the next request on this connection; false when it closes.
  bool next_request(runtime::Instant now);
  /// After the last response: the client may still be sending, and closing at once could take the response from it.
  bool must_linger() const { return !input_ended_ && (input_ == Input::kBody || input_ == Input::kFailed); }
  /// Bytes of memory held for this connection, for tests.
  std::size_t memory_bytes() const { return buffer_.capacity() + collected_.capacity() + prefix_.capacity(); }

 private:
  enum class Input : std::uint8_t { kHead, kBody, kDone, kFailed, kClosed };
  enum class Output : std::uint8_t { kIdle, kHeadPending, kBody, kDone };
  enum class Framing : std::uint8_t { kNone, kLength, kChunks, kUntilClose };

  Event next_head();
  Event next_body();
  Event take_head(internal::MessageParser& parser);
  Event fail_with(std::uint16_t status, std::string_view detail);
  Event fail_parse(std::uint16_t status);
  bool is_response_bodyless() const;
  void write_head(std::size_t body_size_known, bool finishing, bool has_trailers);
  Pieces make_pieces(std::span<const std::byte> extra, bool finishing, const Fields& trailers);

  internal::ReceiveBuffer buffer_;
  Input input_ = Input::kHead;
  bool input_ended_ = false;
  HeadScanner scanner_{HeadScanner::Kind::kRequest};
  std::optional<internal::MessageParser> parser_;
  RequestHead request_;
  std::span<const std::byte> body_;
  std::size_t body_to_drop_ = 0;
  std::uint64_t body_limit_ = kBodyBytesDefault;
  std::uint64_t body_taken_ = 0;
  bool interim_due_ = false;
  bool first_request_ = true;
  Failure failure_;
  runtime::Instant waiting_since_;
  TransferClock transfer_;

  Output output_ = Output::kIdle;
  Framing framing_ = Framing::kNone;
  ResponseHead response_;
  std::uint64_t response_bytes_ = 0;  // of the body, collected or sent
  bool close_ = false;
  std::string prefix_;
  std::string suffix_;
  std::vector<std::byte> collected_;
};

}  // namespace lunaria::http
