#pragma once

// EventStream: who wants to hear of events, and the telling.

#include <list>
#include <memory>
#include <utility>

#include "service/subscription.h"

namespace lunaria::service {

/// The handlers of one event stream. Single-threaded.
class EventStream final {
 public:
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

}  // namespace lunaria::service
