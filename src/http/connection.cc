#include "http/connection.h"

#include <algorithm>
#include <string_view>

namespace lunaria::http::internal {

using Event = ServerConnection::Event;

Connection::Connection(Server& server, OpenListener& listener, std::unique_ptr<runtime::Stream> stream,
                       std::optional<security::TlsEngine> tls)
    : server_(server),
      listener_(listener),
      channel_(server.shard_, std::move(stream), std::move(tls)),
      engine_(server.shard_.clock().now()) {
  peer_.credentials = channel_.stream().peer_credentials();
  if (!peer_.credentials) {
    peer_.remote = channel_.stream().peer_endpoint();
  }
  peer_.encrypted = channel_.tls() != nullptr;
  if (listener.closing) {
    engine_.close_after_response();
  }
}

runtime::Instant Connection::now() const {
  return server_.shard_.clock().now();
}

void Connection::close_soon() {
  engine_.close_after_response();
  if (is_idle()) {
    cut();
  }
}

runtime::Task<void> Connection::run() {
  while (true) {
    const bool ready = co_await read_head();
    if (!ready) {
      break;
    }
    busy_ = true;
    if (channel_.tls() != nullptr && !peer_.certificate) {
      peer_.certificate = channel_.tls()->peer_certificate();
    }
    co_await server_.handler_.handle(engine_.request(), *this, *this, peer_);
    const bool answered = co_await answer();
    busy_ = false;
    server_.changed_.set();
    if (!answered) {
      break;
    }
    if (engine_.must_drain()) {
      const bool drained = co_await drain_body();
      if (!drained) {
        break;
      }
    }
    if (!engine_.next_request(now())) {
      break;
    }
    channel_.rest();
  }
  co_await linger();
  co_await channel_.close();
}

runtime::Task<bool> Connection::receive() {
  const std::string_view interim = engine_.take_interim();
  if (!interim.empty()) {
    const std::span<const std::byte> piece = std::as_bytes(std::span(interim));
    const bool sent = co_await channel_.send({&piece, 1});
    if (!sent) {
      co_return false;
    }
  }
  const runtime::Instant deadline = engine_.receive_deadline(now());
  const Channel::Received received = co_await channel_.receive(engine_.receive_space(), deadline);
  switch (received.outcome) {
    case Channel::Outcome::kBytes:
      engine_.received(received.size, now());
      co_return true;
    case Channel::Outcome::kEnd:
      engine_.receive_ended();
      co_return true;
    case Channel::Outcome::kTimeout:
      engine_.receive_timed_out();
      co_return true;
    case Channel::Outcome::kFailed:
      break;
  }
  if (!channel_.tls_failure().empty()) {
    server_.log_.info("http.tls.failed",
                      {{"peer", peer_.description()}, {"reason", std::string_view(channel_.tls_failure())}});
  }
  channel_.cut();
  co_return false;
}

runtime::Task<bool> Connection::read_head() {
  while (true) {
    switch (engine_.next()) {
      case Event::kHead:
        co_return true;
      case Event::kNeedInput: {
        const bool received = co_await receive();
        if (!received) {
          co_return false;
        }
        break;
      }
      case Event::kFailed: {
        respond_failure();
        static_cast<void>(co_await send(engine_.finish()));
        co_return false;
      }
      case Event::kBody:
      case Event::kBodyEnd:
      case Event::kClosed:
        co_return false;
    }
  }
}

void Connection::respond_failure() {
  server_.log_.info(
      "http.request.refused",
      {{"peer", peer_.description()}, {"status", engine_.failure().status}, {"reason", engine_.failure().detail}});
  engine_.respond_failure();
}

runtime::Task<Result<std::span<const std::byte>, BodyError>> Connection::read() {
  while (true) {
    switch (engine_.next()) {
      case Event::kBody:
        co_return engine_.body();
      case Event::kBodyEnd:
        co_return std::span<const std::byte>();
      case Event::kNeedInput: {
        const bool received = co_await receive();
        if (!received) {
          co_return fail(BodyError::kGone);
        }
        break;
      }
      case Event::kFailed:
        co_return fail(BodyError::kRefused);
      case Event::kHead:
      case Event::kClosed:
        co_return fail(BodyError::kGone);
    }
  }
}

runtime::Task<bool> Connection::drain_body() {
  // What is left is small: the engine closes otherwise.
  while (true) {
    const auto part = co_await read();
    if (!part) {
      co_return false;
    }
    if (part->empty()) {
      co_return true;
    }
  }
}

void Connection::start(ResponseHead head) {
  response_began_ = now();
  if (listener_.closing) {
    engine_.close_after_response();
  }
  if (!head.fields.find("Date")) {
    head.fields.add("Date", server_.date());  // RFC 9110 6.6.1
  }
  engine_.respond(std::move(head));
}

runtime::Task<bool> Connection::send(ServerConnection::Pieces pieces) {
  const bool sent = co_await channel_.send(pieces);
  engine_.flushed();
  co_return sent;
}

runtime::Task<bool> Connection::write(std::span<const std::byte> bytes) {
  while (!client_gone() && !bytes.empty()) {
    if (engine_.collected() + bytes.size() < kFlushBytes) {
      engine_.append(bytes);
      co_return true;
    }
    const std::span<const std::byte> piece = bytes.first(std::min(bytes.size(), kSendPieceMax));
    bytes = bytes.subspan(piece.size());
    const bool sent = co_await send(engine_.flush(piece));
    if (!sent) {
      co_return false;
    }
  }
  co_return !client_gone();
}

runtime::Task<bool> Connection::flush() {
  if (client_gone()) {
    co_return false;
  }
  const bool sent = co_await send(engine_.flush());
  co_return sent;
}

runtime::Task<bool> Connection::finish(Fields trailers) {
  if (!engine_.may_finish()) {
    channel_.cut();  // the client must see that something is missing
  }
  if (client_gone()) {
    co_return false;
  }
  const bool sent = co_await send(engine_.finish({}, trailers));
  co_return sent;
}

runtime::Task<bool> Connection::answer() {
  if (!engine_.responding() && !client_gone()) {
    if (engine_.next() == Event::kFailed) {
      respond_failure();
    } else {
      server_.log_.error("http.request.unanswered", {{"peer", peer_.description()}});
      ResponseHead head{.status = 500};
      head.content_length = 0;
      engine_.close_after_response();
      start(std::move(head));
    }
    static_cast<void>(co_await finish({}));
  }
  if (!engine_.finished()) {
    channel_.cut();
  }
  co_return engine_.finished() && !client_gone();
}

runtime::Task<void> Connection::linger() {
  const runtime::Instant deadline = now() + kLingerTimeout;
  std::size_t dropped = 0;
  if (engine_.must_linger()) {
    channel_.end_output();  // RFC 9112 9.6: the client need not wait for us to see the end
  }
  while (!channel_.is_cut() && !channel_.receive_pending() && engine_.must_linger() && dropped < kLingerBytesMax) {
    const Channel::Received received = co_await channel_.receive(engine_.receive_space(), deadline);
    if (received.outcome != Channel::Outcome::kBytes) {
      co_return;
    }
    dropped += received.size;  // never committed: the next receive overwrites it
  }
}

}  // namespace lunaria::http::internal
