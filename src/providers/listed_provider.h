#pragma once

// ListedProvider: what is common to providers of things that the service lists all at once, each of which is one
// instance.

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "cim/provider.h"
#include "providers/environment.h"
#include "providers/errors.h"

namespace lunaria::providers {

template <class Item>
class ListedProvider : public cim::Provider {
 public:
  explicit ListedProvider(Environment environment) : environment_(environment) {}

  runtime::Task<Result<void, cim::Error>> enumerate_instances(cim::ProviderCall call,
                                                              cim::InstanceSink& sink) override {
    const auto items = co_await list(call.context);
    if (!items) {
      co_return fail(items.error());
    }
    for (const Item& item : *items) {
      const bool go_on = co_await sink.put(to_instance(call.cls, item));
      if (!go_on) {
        break;
      }
    }
    co_return Result<void, cim::Error>();
  }

  runtime::Task<Result<cim::Instance, cim::Error>> get_instance(cim::ProviderCall call,
                                                                const cim::ObjectPath& path) override {
    const auto item = co_await find(call.context, path);
    if (!item) {
      co_return fail(item.error());
    }
    co_return to_instance(call.cls, *item);
  }

  /// The instance that stands for an item; needs nothing but the two.
  virtual cim::Instance to_instance(const cim::ClassPtr& cls, const Item& item) const = 0;

 protected:
  using Listed = runtime::Task<Result<std::vector<Item>, cim::Error>>;

  /// All there are. The context outlives the call.
  virtual Listed list(const cim::OperationContext& context) = 0;
  /// Whether the item is what a path names.
  virtual bool is_at(const Item& item, const cim::ObjectPath& path) const = 0;

  /// NOT_FOUND when there is none. Context and path outlive the call.
  runtime::Task<Result<Item, cim::Error>> find(const cim::OperationContext& context, const cim::ObjectPath& path) {
    auto items = co_await list(context);
    if (!items) {
      co_return fail(items.error());
    }
    const auto found = std::ranges::find_if(*items, [&](const Item& item) { return is_at(item, path); });
    if (found == items->end()) {
      co_return fail(not_found("There is no " + path.to_string()));
    }
    co_return std::move(*found);
  }

  Environment environment_;
};

/// A service call that answers with nothing of interest.
template <class T>
runtime::Task<Result<void, cim::Error>> done_or_error(service::Reply<T> reply) {
  const service::Outcome<T> outcome = co_await std::move(reply);
  if (!outcome) {
    co_return fail(to_cim(outcome.error()));
  }
  co_return Result<void, cim::Error>();
}

}  // namespace lunaria::providers
