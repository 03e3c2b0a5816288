#pragma once

// IndicationListener: listens for indications on a port of this machine and hands them out one by one.

#include <chrono>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "base/ip_address.h"
#include "base/log.h"
#include "cim/instance.h"
#include "cli/failure.h"
#include "http/server.h"
#include "reactor/reactor.h"
#include "runtime/alarm.h"
#include "wbem/cimxml/listener.h"

namespace lunaria::cli {

/// Used from one thread; what it does runs on a reactor of its own.
class IndicationListener final {
 public:
  IndicationListener() = default;
  IndicationListener(const IndicationListener&) = delete;
  IndicationListener& operator=(const IndicationListener&) = delete;
  ~IndicationListener();

  /// Port 0 takes a free one.
  Outcome<void> open(const IpEndpoint& address);
  /// Where it really listens.
  const IpEndpoint& address() const { return address_; }
  // Of the machine, from open() on.
  const runtime::Clock& clock() const { return reactor_->shard(0).clock(); }
  runtime::Random& random() { return reactor_->shard(0).random(); }
  /// The next indication, in the order of arrival; nullopt when none came in time.
  std::optional<cim::Instance> next(std::chrono::milliseconds patience);

 private:
  class Silence final : public Log {
   public:
    void write(LogLevel /*level*/, std::string_view /*event*/, std::span<const LogField> /*fields*/) override {}
  };
  runtime::Task<void> start(const IpEndpoint& address, std::optional<runtime::IoError>& error);
  runtime::Task<void> stop();
  runtime::Task<void> take(runtime::Duration patience, std::optional<cim::Instance>& taken);

  IpEndpoint address_{};
  Silence log_;
  std::unique_ptr<reactor::Reactor> reactor_;
  // On the reactor's shard.
  std::deque<cim::Instance> arrived_;
  std::unique_ptr<runtime::Alarm> arrival_;
  std::unique_ptr<wbem::cimxml::Listener> listener_;
  std::unique_ptr<http::Server> server_;
};

}  // namespace lunaria::cli
