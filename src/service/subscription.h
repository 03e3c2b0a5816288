#pragma once

// Subscription: a handler's registration with an event stream, ended by its destructor.

#include <cstdint>
#include <list>
#include <memory>

#include "service/event.h"

namespace lunaria::service {

/// The handlers of one event stream. Single-threaded.
class EventStream final {
 public:
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

  Subscription subscribe(EventHandler handler) {
    auto owned = std::make_shared<const EventHandler>(std::move(handler));
    handlers_.push_back(owned);
    return Subscription(std::move(owned));
  }

  /// Calls every handler, in the order of subscription.
  void publish(const Event& event) {
    for (auto entry = handlers_.begin(); entry != handlers_.end();) {
      const std::shared_ptr<const EventHandler> handler = entry->lock();
      if (handler == nullptr) {
        entry = handlers_.erase(entry);
        continue;
      }
      (*handler)(event);
      ++entry;
    }
  }

 private:
  std::list<std::weak_ptr<const EventHandler>> handlers_;
};

using Subscription = EventStream::Subscription;

}  // namespace lunaria::service
