#pragma once

// Server: accepts HTTP connections on one shard, over TCP, TLS and Unix sockets, and has a handler answer their
// requests. Each connection is a coroutine inside a gate; slow or silent clients cost a little memory and nothing else.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/log.h"
#include "base/result.h"
#include "http/handler.h"
#include "http/limits.h"
#include "runtime/clock.h"
#include "runtime/event.h"
#include "runtime/gate.h"
#include "runtime/network.h"
#include "runtime/shard.h"
#include "security/tls.h"

namespace lunaria::http {

namespace internal {
class Connection;
struct OpenListener;
}  // namespace internal

/// How a listener's connections speak.
enum class Transport : std::uint8_t { kPlain, kTls, kUnix };

struct ListenerOptions {
  runtime::ListenAddress address;
  Transport transport = Transport::kPlain;
};

/// One open listener, as filters and callers see it.
struct ListenerView {
  runtime::ListenAddress address;  ///< the real one
  Transport transport = Transport::kPlain;
};

struct ServerLimits {
  std::size_t connections_max = kConnectionsMax;
  std::size_t connections_per_peer_max = kConnectionsPerPeerMax;
  std::size_t unix_connections_max = kUnixConnectionsMax;
};

/// Lives on one shard. stop() must have completed before it is destroyed.
class Server final {
 public:
  using ListenerFilter = std::function<bool(const ListenerView&)>;

  /// All of them must outlive the server.
  Server(runtime::Shard& shard, RequestHandler& handler, Log& log, ServerLimits limits = {});
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  /// Certificate and policy of TLS connections from now on; those that are open keep theirs.
  void set_tls_context(security::TlsServerContext context);

  /// Opens a listener and begins to accept. At any time until stop(). A TLS listener needs set_tls_context() first.
  Result<ListenerView, runtime::IoError> listen(const ListenerOptions& options);
  std::vector<ListenerView> listeners() const;

  /// Closes the listeners that `filter` picks: first the requests inside (over connections of these listeners) get
  /// their answers, for at most `grace`; then the listeners close, and with them their connections. Until then new
  /// connections are accepted and answered by the handler, so that clients get a reason instead of a refusal. A handler
  /// must not await this: its own request is among those waited for. Spawn it elsewhere.
  runtime::Task<void> close_listeners(ListenerFilter filter, runtime::Duration grace);

  /// close_listeners() for all, and no way back. Connections that are busy after `grace` are cut.
  runtime::Task<void> stop(runtime::Duration grace);

  /// Cuts connections whose response began before `begun_before` and is not sent yet: the client sees that it is not
  /// complete, and its handler that the client has gone.
  void cut_responses(runtime::Instant begun_before);

  std::size_t connection_count() const { return connections_.size(); }

 private:
  friend class internal::Connection;

  runtime::Task<void> accept_loop(internal::OpenListener& listener);
  runtime::Task<void> serve(internal::Connection& connection);
  void admit(internal::OpenListener& listener, std::unique_ptr<runtime::Stream> stream);
  bool make_room(Transport transport, const std::optional<IpAddress>& address);
  bool evict_idle(const std::function<bool(const internal::Connection&)>& may_go);
  void forget(internal::Connection& connection);
  const std::string& date();

  runtime::Shard& shard_;
  RequestHandler& handler_;
  Log& log_;
  ServerLimits limits_;
  std::optional<security::TlsServerContext> tls_;
  std::list<std::unique_ptr<internal::OpenListener>> listeners_;
  std::list<std::unique_ptr<internal::Connection>> connections_;
  std::map<IpAddress, std::size_t> per_address_;
  std::size_t unix_count_ = 0;
  std::size_t tcp_count_ = 0;
  bool stopping_ = false;
  runtime::Gate gate_;
  runtime::Event changed_;  // a connection went, became idle, or a listener's loop ended
  std::string date_;
  std::chrono::sys_seconds date_second_{};
};

}  // namespace lunaria::http
