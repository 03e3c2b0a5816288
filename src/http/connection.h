#pragma once

// Connection: one accepted connection of a Server, as the request body and response writer that its handler sees. The
// protocol is ServerConnection's, the bytes are Channel's; here they meet. Internal to this folder.

#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "http/channel.h"
#include "http/handler.h"
#include "http/server.h"
#include "http/server_connection.h"

namespace lunaria::http::internal {

/// A listener and how it fares.
struct OpenListener {
  std::unique_ptr<runtime::Listener> listener;
  ListenerView view;
  bool closing = false;       ///< responses say Connection: close
  bool loop_running = false;  ///< its accept loop
};

class Connection final : public RequestBody, public ResponseWriter {
 public:
  Connection(Server& server, OpenListener& listener, std::unique_ptr<runtime::Stream> stream,
             std::optional<security::TlsEngine> tls);

  /// From the first byte to the last.
  runtime::Task<void> run();

  const OpenListener& listener() const { return listener_; }
  const Peer& peer() const { return peer_; }
  /// A request is inside the handler, or its response is not yet sent.
  bool is_busy() const { return busy_; }
  /// May be closed without losing a request.
  bool is_idle() const { return !busy_ && !channel_.is_cut() && engine_.is_idle(); }
  runtime::Instant idle_since() const { return engine_.idle_since(); }
  /// Closes it now when it is idle, otherwise after its response.
  void close_soon();
  /// Its response began before `before` and is not sent yet.
  bool is_responding_since(runtime::Instant before) const {
    return busy_ && engine_.responding() && response_began_ < before;
  }
  void cut() { channel_.cut(); }

  // RequestBody
  void set_limit(std::uint64_t bytes) override { engine_.set_body_limit(bytes); }
  runtime::Task<Result<std::span<const std::byte>, BodyError>> read() override;
  std::uint16_t failure_status() const override { return engine_.failure().status; }

  // ResponseWriter
  void start(ResponseHead head) override;
  bool started() const override { return engine_.responding(); }
  runtime::Task<bool> write(std::span<const std::byte> bytes) override;
  runtime::Task<bool> flush() override;
  runtime::Task<bool> finish(Fields trailers) override;
  bool client_gone() const override { return channel_.is_cut(); }

 private:
  runtime::Task<bool> read_head();
  runtime::Task<bool> receive();
  runtime::Task<bool> answer();
  runtime::Task<bool> drain_body();
  runtime::Task<void> linger();
  runtime::Task<bool> send(ServerConnection::Pieces pieces);
  void respond_failure();
  runtime::Instant now() const;

  Server& server_;
  OpenListener& listener_;
  Channel channel_;
  ServerConnection engine_;
  Peer peer_;
  bool busy_ = false;
  runtime::Instant response_began_{};
};

}  // namespace lunaria::http::internal
