#pragma once

// Subscription: a handler's registration with an event stream, ended by its destructor.

#include <functional>
#include <memory>
#include <utility>

namespace lunaria::service {

class EventStream;
struct Event;

/// Called on the control shard after the change is in force; must not block and must not unsubscribe.
using EventHandler = std::function<void(const Event&)>;

/// Ends the registration when it goes. May outlive the stream.
class [[nodiscard]] Subscription final {
 public:
  Subscription() = default;
  Subscription(Subscription&&) noexcept = default;
  Subscription& operator=(Subscription&&) noexcept = default;
  Subscription(const Subscription&) = delete;
  Subscription& operator=(const Subscription&) = delete;
  ~Subscription() = default;

 private:
  friend EventStream;
  explicit Subscription(std::shared_ptr<const EventHandler> handler) : handler_(std::move(handler)) {}
  std::shared_ptr<const EventHandler> handler_;
};

}  // namespace lunaria::service
