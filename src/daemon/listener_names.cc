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
  Queue& queue = failed != failures_.end() ? failed_names_ : names_;
  Waiter waiter{.host = host, .answer = {}, .answered = {}};
  queue.waiting.push_back(&waiter);
  if (!queue.is_asking && !spawn(gate_, ask(queue))) {
    std::erase(queue.waiting, &waiter);
    co_return fail(std::string("names are not looked up any more"));
  }
  co_await waiter.answered.wait();
  if (!waiter.answer.addresses.empty()) {
    failures_.erase(host);
    co_return std::move(waiter.answer.addresses);
  }
  const std::string& why = waiter.answer.reason;
  const std::string reason = fmt::format("the name {} has no address{}{}", host, why.empty() ? "" : ": ", why);
  if (failures_.size() >= kFailedNamesMax) {
    failures_.clear();
  }
  failures_.insert_or_assign(std::move(host), Failure{shard_.clock().now(), reason});
  co_return fail(reason);
}

runtime::Task<void> ListenerNames::ask(Queue& queue) {
  queue.is_asking = true;
  co_await runtime::yield_on(shard_);  // one event is often told to several listeners
  while (!queue.waiting.empty()) {
    std::vector<Waiter*> batch = std::exchange(queue.waiting, {});
    if (batch.size() > service::kNamesPerLookupMax) {
      queue.waiting.assign(batch.begin() + service::kNamesPerLookupMax, batch.end());
      batch.resize(service::kNamesPerLookupMax);
    }
    std::vector<std::string> names;
    for (const Waiter* waiter : batch) {
      names.push_back(waiter->host);
    }
    auto answers = co_await runtime::run_blocking(shard_, [&] { return resolver_.resolve(names); });
    answers.resize(batch.size());
    for (std::size_t i = 0; i < batch.size(); ++i) {
      batch[i]->answer = std::move(answers[i]);
      batch[i]->answered.set();  // the waiter goes with it
    }
  }
  queue.is_asking = false;
}

runtime::Task<void> ListenerNames::close() {
  gate_.close();
  co_await gate_.drained();
}

}  // namespace lunaria::daemon
