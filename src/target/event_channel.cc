#include "target/event_channel.h"

#include <memory>
#include <utility>

namespace lunaria::target {

void EventChannel::report(Event event) {
  if (pending_.fetch_add(1, std::memory_order_relaxed) >= kPendingMax) {
    pending_.fetch_sub(1, std::memory_order_relaxed);
    lost_.fetch_add(1, std::memory_order_relaxed);
    return;
  }
  auto carried = std::make_unique<Carried>();
  carried->event = std::move(event);
  carried->channel = this;
  carried->on_complete([](runtime::Operation& message) noexcept {
    const std::unique_ptr<Carried> arrived(static_cast<Carried*>(&message));
    if (arrived->channel->observer_) {
      arrived->channel->observer_(arrived->event);
    }
    arrived->channel->pending_.fetch_sub(1, std::memory_order_release);
  });
  control_.post(*carried.release());
}

}  // namespace lunaria::target
