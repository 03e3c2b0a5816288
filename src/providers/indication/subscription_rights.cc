#include "providers/indication/subscription_rights.h"

#include <utility>

namespace lunaria::providers {
namespace {

/// Not a class: no client comes across it.
cim::InstanceSet rights() {
  return {cim::NamespaceName("root/interop"), "administrators' subscriptions"};
}

}  // namespace

runtime::Task<Result<void, cim::Error>> SubscriptionRights::open() {
  const auto opened = co_await store_.open_set(rights());
  if (!opened) {
    co_return fail(opened.error());
  }
  std::string last;
  while (true) {
    const auto page = co_await store_.page(rights(), last);
    if (!page) {
      co_return fail(page.error());
    }
    if (page->empty()) {
      co_return Result<void, cim::Error>();
    }
    for (const cim::StoredInstance& each : *page) {
      administrators_.insert(each.key);
    }
    last = page->back().key;
  }
}

cim::Role SubscriptionRights::of(const cim::ObjectPath& path) const {
  return administrators_.contains(path.canonical()) ? cim::Role::kAdministrator : cim::Role::kOperator;
}

runtime::Task<Result<void, cim::Error>> SubscriptionRights::begin(cim::ObjectPath path, cim::Role maker) {
  // Nothing is left of one that was there before.
  const auto ended = co_await end(path);
  if (!ended || maker < cim::Role::kAdministrator) {
    co_return ended;
  }
  auto kept = co_await store_.insert(rights(), {path.canonical(), {}});
  if (kept) {
    administrators_.insert(path.canonical());
  }
  co_return kept;
}

runtime::Task<Result<void, cim::Error>> SubscriptionRights::lower(cim::ObjectPath path, cim::Role role) {
  if (role >= of(path)) {
    co_return Result<void, cim::Error>();
  }
  auto ended = co_await end(std::move(path));
  co_return ended;
}

runtime::Task<Result<void, cim::Error>> SubscriptionRights::end(cim::ObjectPath path) {
  if (!administrators_.contains(path.canonical())) {
    co_return Result<void, cim::Error>();
  }
  const auto erased = co_await store_.erase(rights(), path.canonical());
  if (!erased) {
    co_return fail(erased.error());
  }
  administrators_.erase(path.canonical());
  co_return Result<void, cim::Error>();
}

}  // namespace lunaria::providers
