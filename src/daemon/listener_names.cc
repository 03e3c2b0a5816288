#include "daemon/listener_names.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "runtime/blocking.h"

namespace lunaria::daemon {

runtime::Task<ListenerNames::Outcome> ListenerNames::look_up(std::string host) {
  const auto failed = failures_.find(host);
  if (failed != failures_.end() && shard_.clock().now() - failed->second.at < kFailedNameAge) {
    co_return fail(failed->second.reason);
  }
  if (!is_conversing_ && !spawn(gate_, converse())) {
    co_return fail(std::string("names are not looked up any more"));
  }
  Waiter waiter;
  std::vector<Waiter*>& sharing = waiting_[host];
  sharing.push_back(&waiter);
  if (sharing.size() == 1) {
    new_names_.push_back(std::move(host));
    conversation_.wake();
  }
  co_await waiter.answered.wait();
  co_return std::move(waiter.outcome);
}

runtime::Task<void> ListenerNames::converse() {
  is_conversing_ = true;
  co_await runtime::yield_on(shard_);  // one event is often told to several listeners
  while (!waiting_.empty()) {
    const std::vector<std::string> names = take_new_names();
    auto answers = co_await runtime::run_blocking(shard_, [&] { return conversation_.go_on(names); });
    for (service::NameAnswer& answer : answers) {
      settle(std::move(answer));
    }
  }
  is_conversing_ = false;
}

// A burst of packets that is too long for a buffer on the way is lost.
std::vector<std::string> ListenerNames::take_new_names() {
  std::vector<std::string> names = std::exchange(new_names_, {});
  if (names.size() > service::kNamesPerLookupMax) {
    new_names_.assign(names.begin() + service::kNamesPerLookupMax, names.end());
    names.resize(service::kNamesPerLookupMax);
    conversation_.wake();
  }
  return names;
}

void ListenerNames::settle(service::NameAnswer answer) {
  Outcome outcome = std::move(answer.addresses);
  if (outcome->empty()) {
    outcome = fail(
        fmt::format("the name {} has no address{}{}", answer.name, answer.reason.empty() ? "" : ": ", answer.reason));
    if (failures_.size() >= kFailedNamesMax) {
      failures_.clear();
    }
    failures_.insert_or_assign(answer.name, Failure{shard_.clock().now(), outcome.error()});
  } else {
    failures_.erase(answer.name);
  }
  auto sharing = waiting_.extract(answer.name);
  for (Waiter* waiter : sharing ? sharing.mapped() : std::vector<Waiter*>()) {
    waiter->outcome = outcome;
    waiter->answered.set();  // the waiter goes with it
  }
}

runtime::Task<void> ListenerNames::close() {
  gate_.close();
  co_await gate_.drained();
}

}  // namespace lunaria::daemon
