#pragma once

// LifecycleSource: the service's events as events of CIM instances: what came, changed or went in each class that shows
// it, and alerts about what failed. Driven by the service alone; it asks for nothing but the details of new
// sessions and the state of the services.

#include <cstdint>
#include <map>
#include <memory>
#include <string_view>
#include <vector>

#include "cim/lifecycle.h"
#include "cim/repository.h"
#include "runtime/clock.h"
#include "runtime/gate.h"
#include "service/event.h"
#include "service/service.h"
#include "service/subscription.h"

namespace lunaria::providers {

/// Control shard only; what it is given outlives it. close() comes before the destructor.
class LifecycleSource final {
 public:
  LifecycleSource(service::Service& service, const cim::Repository& repository, const runtime::Clock& clock,
                  cim::LifecycleListener& listener);
  LifecycleSource(const LifecycleSource&) = delete;
  LifecycleSource& operator=(const LifecycleSource&) = delete;
  ~LifecycleSource();

  /// Begins to listen; `server`, `disks` and `portals` as they are now. Of what is failed alerts tell, as nobody could
  /// be told when the service started.
  void start(const service::Server& server, const std::vector<service::Disk>& disks,
             const std::vector<service::Portal>& portals);
  runtime::Task<void> close();
  /// The server as it is; the same object from start() on.
  const service::Server& server() const { return server_; }

 private:
  struct Translator;

  void on_event(const service::Event& event);
  void session_opened();
  void session_closed(const service::SessionClosed& session);
  runtime::Task<void> look_at_sessions();
  runtime::Task<void> look_at_services(service::ServerChanged change);

  service::Service& service_;
  const cim::Repository& repository_;
  const runtime::Clock& clock_;
  cim::LifecycleListener& listener_;
  service::Server server_;
  std::map<std::uint16_t, service::Session> sessions_;  ///< by TSIH: those that were told of
  bool has_new_sessions_ = false;
  bool is_looking_ = false;
  std::unique_ptr<Translator> translator_;
  service::Subscription subscription_;
  runtime::Gate gate_;
};

}  // namespace lunaria::providers
