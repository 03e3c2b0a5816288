#pragma once

// Providers of things that the service lists all at once, each of which is one instance: how a list becomes instances,
// and how a query is spared those that it cannot match.

#include <algorithm>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cim/provider.h"
#include "cim/query/conditions.h"
#include "providers/environment.h"
#include "providers/errors.h"

namespace lunaria::providers {

/// A property of which an item tells what its instance would hold, at less cost than making the instance.
template <class Item>
struct Column {
  std::string_view property;
  cim::Value (*value)(const Item& item);
};
/// Those by which clients look for things; literals.
template <class Item>
using Columns = std::span<const Column<Item>>;

/// Which items of a list can be what a query asks for. For one call, which outlives it.
template <class Item>
class ItemFilter final {
 public:
  ItemFilter(const cim::ProviderCall& call, Columns<Item> columns) : prefilter_(call.prefilter.get()) {
    for (const Column<Item>& column : columns) {
      if (prefilter_ != nullptr && prefilter_->concerns(column.property)) {
        columns_.push_back(&column);
      }
    }
  }

  /// False only for what the query would not let through.
  bool admits(const Item& item) const {
    return std::ranges::all_of(columns_, [&](const Column<Item>* column) {
      return prefilter_->admits(column->property, column->value(item));
    });
  }

 private:
  const cim::query::Prefilter* prefilter_;
  std::vector<const Column<Item>*> columns_;
};

/// Puts the instances of those items into the sink that the query behind the call can want, until the sink wants no
/// more. `make` turns an item into its instance. What is given by reference outlives the task.
template <class Item, class Make>
runtime::Task<Result<void, cim::Error>> put_listed(const cim::ProviderCall& call, cim::InstanceSink& sink,
                                                   const std::vector<Item>& items, Columns<Item> columns, Make make) {
  const ItemFilter<Item> filter(call, columns);
  for (const Item& item : items) {
    if (!filter.admits(item)) {
      continue;
    }
    const bool go_on = co_await sink.put(make(item));
    if (!go_on) {
      break;
    }
  }
  co_return Result<void, cim::Error>();
}

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
    const auto make = [this, &call](const Item& item) { return to_instance(call.cls, item); };
    auto outcome = co_await put_listed(call, sink, *items, columns(), make);
    co_return outcome;
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
  /// What to_instance() would set, for queries.
  virtual Columns<Item> columns() const { return {}; }

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
