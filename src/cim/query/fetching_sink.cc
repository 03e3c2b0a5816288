#include "cim/query/fetching_sink.h"

#include <utility>

namespace lunaria::cim::query {

bool FetchingSink::lacks(const Instance& instance) {
  const Instance* const only = &instance;
  return fetched_.lacks(query_, Row(&only, 1), surroundings_);
}

InstanceSink::Delivery FetchingSink::deliver(Instance&& instance) {
  if (!lacks(instance)) {
    return next_.deliver(std::move(instance));
  }
  held_ = std::move(instance);
  return Delivery::kWait;
}

// What was fetched may lead on to others, as in InstanceOf(InstanceOf(A).B).
runtime::Task<bool> FetchingSink::ready() {
  if (!held_) {
    const bool go_on = co_await next_.ready();
    co_return go_on;
  }
  Instance instance = *std::exchange(held_, std::nullopt);
  do {
    const auto fetched = co_await fetched_.fetch();
    if (!fetched) {
      error_ = fetched.error();
      co_return false;
    }
  } while (lacks(instance));
  const bool go_on = co_await next_.put(std::move(instance));
  co_return go_on;
}

}  // namespace lunaria::cim::query
