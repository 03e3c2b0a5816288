#pragma once

// Drives a ServerConnection without sockets, for tests and fuzzers of this folder: bytes in, bytes out, every request
// answered with 200 and its body.

#include <algorithm>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "http/server_connection.h"

namespace lunaria::http::testing {

struct Exchange {
  std::string output;                 ///< all that the server sent
  std::vector<RequestHead> requests;  ///< those that were handed over
  std::vector<std::string> bodies;
  std::uint16_t failure = 0;  ///< the status of the failure that ended it
  bool closed = false;
};

inline std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text));
}

inline void append_pieces(std::string& out, const ServerConnection::Pieces& pieces) {
  for (const auto piece : pieces) {
    out.append(static_cast<const char*>(static_cast<const void*>(piece.data())), piece.size());
  }
}

/// Sends what `engine` wants to say about its failure.
inline void send_failure(ServerConnection& engine, Exchange& exchange) {
  exchange.failure = engine.failure().status;
  exchange.closed = true;
  if (!engine.responding()) {
    engine.respond_failure();
    append_pieces(exchange.output, engine.finish());
    engine.flushed();
  }
}

/// Answers all that can be answered with the bytes that the engine has.
inline void step(ServerConnection& engine, Exchange& exchange) {
  while (!exchange.closed) {
    switch (engine.next()) {
      case ServerConnection::Event::kNeedInput:
        exchange.output += engine.take_interim();
        return;
      case ServerConnection::Event::kHead:
        exchange.requests.push_back(engine.request());
        exchange.bodies.emplace_back();
        break;
      case ServerConnection::Event::kBody: {
        const auto body = engine.body();
        check(!body.empty(), "a part of a body is not empty");
        exchange.bodies.back().append(static_cast<const char*>(static_cast<const void*>(body.data())), body.size());
        break;
      }
      case ServerConnection::Event::kBodyEnd:
        engine.respond({.status = 200});
        engine.append(bytes_of(exchange.bodies.back()));
        append_pieces(exchange.output, engine.finish());
        engine.flushed();
        exchange.closed = !engine.next_request({});
        break;
      case ServerConnection::Event::kFailed:
        send_failure(engine, exchange);
        return;
      case ServerConnection::Event::kClosed:
        exchange.closed = true;
        return;
    }
  }
}

/// Gives `input` in pieces of `size` bytes and then ends it.
inline Exchange run(std::string_view input, std::size_t size, bool end = true) {
  ServerConnection engine{runtime::Instant{}};
  Exchange exchange;
  step(engine, exchange);
  while (!input.empty() && !exchange.closed) {
    const std::span<std::byte> space = engine.receive_space();
    const std::size_t count = std::min({size, space.size(), input.size()});
    std::memcpy(space.data(), input.data(), count);
    engine.received(count, {});
    input.remove_prefix(count);
    step(engine, exchange);
  }
  if (end && !exchange.closed) {
    engine.receive_ended();
    step(engine, exchange);
  }
  return exchange;
}

}  // namespace lunaria::http::testing
