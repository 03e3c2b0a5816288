#include "http/server.h"

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/check.h"
#include "http/connection.h"
#include "runtime/submit.h"

namespace lunaria::http {
namespace {

/// While the process is out of descriptors, accepting again at once would only burn the processor.
constexpr std::chrono::milliseconds kAcceptPause{100};

}  // namespace

using internal::Connection;
using internal::OpenListener;

Server::Server(runtime::Shard& shard, RequestHandler& handler, Log& log, ServerLimits limits)
    : shard_(shard), handler_(handler), log_(log), limits_(limits) {}

Server::~Server() {
  check(listeners_.empty() && connections_.empty(), "a server is stopped before it goes");
}

void Server::set_tls_context(security::TlsServerContext context) {
  tls_ = std::move(context);
}

Result<ListenerView, runtime::IoError> Server::listen(const ListenerOptions& options) {
  if (stopping_) {
    return fail(runtime::IoError{ECANCELED});
  }
  check(options.transport != Transport::kTls || tls_.has_value(), "TLS needs a certificate first");
  auto opened = shard_.network().listen(options.address);
  if (!opened) {
    return fail(opened.error());
  }
  auto listener = std::make_unique<OpenListener>();
  listener->view = {.address = (*opened)->address(), .transport = options.transport};
  listener->listener = std::move(*opened);
  listener->loop_running = true;
  listeners_.push_back(std::move(listener));
  OpenListener& kept = *listeners_.back();
  ListenerView view = kept.view;
  check(runtime::spawn(gate_, accept_loop(kept)), "the gate closes after stopping_ is set");
  return view;
}

std::vector<ListenerView> Server::listeners() const {
  std::vector<ListenerView> views;
  for (const auto& listener : listeners_) {
    if (!listener->closing) {
      views.push_back(listener->view);
    }
  }
  return views;
}

runtime::Task<void> Server::accept_loop(internal::OpenListener& listener) {
  while (true) {
    runtime::AcceptRequest request;
    co_await runtime::submit(*listener.listener, request);
    if (request.result == -ECANCELED) {
      break;
    }
    if (request.result == 0) {
      admit(listener, std::move(request.stream));
      continue;
    }
    if (request.result != -ECONNABORTED) {
      log_.warning("http.accept.failed", {{"errno", -request.result}});
      static_cast<void>(evict_idle([](const Connection&) { return true; }));
      co_await runtime::sleep_for(shard_, kAcceptPause);
    }
  }
  listener.loop_running = false;
  changed_.set();
}

void Server::admit(internal::OpenListener& listener, std::unique_ptr<runtime::Stream> stream) {
  std::optional<IpAddress> address;
  if (listener.view.transport != Transport::kUnix) {
    address = stream->peer_endpoint().address;
  }
  if (!make_room(listener.view.transport, address)) {
    log_.warning("http.connection.refused",
                 {{"reason", "too many connections"}, {"peer", address ? address->to_string() : "unix"}});
    return;
  }
  std::optional<security::TlsEngine> tls;
  if (listener.view.transport == Transport::kTls) {
    tls = security::TlsEngine::server(*tls_);
  }
  if (address) {
    ++per_address_[*address];
    ++tcp_count_;
  } else {
    ++unix_count_;
  }
  connections_.push_back(std::make_unique<Connection>(*this, listener, std::move(stream), std::move(tls)));
  check(runtime::spawn(gate_, serve(*connections_.back())), "an accept loop runs inside the gate");
}

bool Server::make_room(Transport transport, const std::optional<IpAddress>& address) {
  if (transport == Transport::kUnix || !address) {
    return unix_count_ < limits_.unix_connections_max ||
           evict_idle([](const Connection& other) { return other.peer().is_unix(); });
  }
  const auto of_peer = per_address_.find(*address);
  if (of_peer != per_address_.end() && of_peer->second >= limits_.connections_per_peer_max) {
    return evict_idle([&address](const Connection& other) {
      return other.peer().remote && other.peer().remote->address == *address;
    });
  }
  return tcp_count_ < limits_.connections_max ||
         evict_idle([](const Connection& other) { return !other.peer().is_unix(); });
}

bool Server::evict_idle(const std::function<bool(const internal::Connection&)>& may_go) {
  Connection* oldest = nullptr;
  for (const auto& connection : connections_) {
    if (connection->is_idle() && may_go(*connection) &&
        (oldest == nullptr || connection->idle_since() < oldest->idle_since())) {
      oldest = connection.get();
    }
  }
  if (oldest == nullptr) {
    return false;
  }
  oldest->cut();
  return true;
}

runtime::Task<void> Server::serve(internal::Connection& connection) {
  co_await connection.run();
  forget(connection);
}

void Server::forget(internal::Connection& connection) {
  if (const auto& remote = connection.peer().remote) {
    const auto of_peer = per_address_.find(remote->address);
    if (--of_peer->second == 0) {
      per_address_.erase(of_peer);
    }
    --tcp_count_;
  } else {
    --unix_count_;
  }
  const auto found =
      std::ranges::find(connections_, &connection, [](const auto& owned) { return std::to_address(owned); });
  connections_.erase(found);
  changed_.set();
}

const std::string& Server::date() {
  const auto wall = shard_.clock().wall_time();
  const auto second = std::chrono::floor<std::chrono::seconds>(wall);
  if (date_.empty() || second != date_second_) {
    date_second_ = second;
    date_ = format_date(wall);
  }
  return date_;
}

}  // namespace lunaria::http
