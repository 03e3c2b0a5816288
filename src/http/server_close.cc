// Server: how listeners close and how it stops.

#include <algorithm>
#include <vector>

#include "base/check.h"
#include "http/connection.h"
#include "http/server.h"

namespace lunaria::http {
namespace {

using internal::Connection;
using internal::OpenListener;

/// Sets an event after a while.
struct Alarm : runtime::Timer {
  explicit Alarm(runtime::Event& to_set) : event(to_set) {
    on_complete([](runtime::Operation& operation) noexcept {
      auto& alarm = static_cast<Alarm&>(operation);
      alarm.rang = true;
      alarm.event.set();
    });
  }
  runtime::Event& event;
  bool rang = false;
};

}  // namespace

runtime::Task<void> Server::close_listeners(ListenerFilter filter, runtime::Duration grace) {
  std::vector<OpenListener*> closing;
  for (const auto& listener : listeners_) {
    if (!listener->closing && filter(listener->view)) {
      listener->closing = true;
      closing.push_back(listener.get());
    }
  }
  const auto is_concerned = [&closing](const std::unique_ptr<Connection>& connection) {
    return std::ranges::find(closing, &connection->listener()) != closing.end();
  };
  for (const auto& connection : connections_) {
    if (is_concerned(connection)) {
      connection->close_soon();
    }
  }

  Alarm alarm(changed_);
  shard_.start(alarm, grace);
  const auto has_busy = [this, &is_concerned] {
    return std::ranges::any_of(connections_, [&](const auto& c) { return is_concerned(c) && c->is_busy(); });
  };
  while (!alarm.rang && has_busy()) {
    changed_.reset();
    co_await changed_.wait();
  }
  static_cast<void>(shard_.cancel(alarm));

  for (OpenListener* listener : closing) {
    listener->listener->close();
  }
  for (const auto& connection : connections_) {
    if (is_concerned(connection)) {
      connection->cut();
    }
  }
  const auto is_gone = [this, &closing, &is_concerned] {
    return std::ranges::none_of(closing, [](const OpenListener* listener) { return listener->loop_running; }) &&
           std::ranges::none_of(connections_, is_concerned);
  };
  while (!is_gone()) {
    changed_.reset();
    co_await changed_.wait();
  }
  co_await runtime::yield_on(shard_);  // what woke us may be a listener in the middle of its last call
  std::erase_if(listeners_, [&closing](const auto& listener) {
    return std::ranges::find(closing, listener.get()) != closing.end();
  });
  changed_.set();  // stop() may wait for these listeners
}

void Server::cut_responses(runtime::Instant begun_before) {
  for (const auto& connection : connections_) {
    if (connection->is_responding_since(begun_before)) {
      connection->cut();
    }
  }
}

runtime::Task<void> Server::stop(runtime::Duration grace) {
  stopping_ = true;
  co_await close_listeners([](const ListenerView&) { return true; }, grace);
  while (!listeners_.empty()) {  // another call is closing them
    changed_.reset();
    co_await changed_.wait();
  }
  gate_.close();
  co_await gate_.drained();
}

}  // namespace lunaria::http
