#pragma once

// Dispatcher: where events become indications. It hears of every event, makes the indication once if anybody may want
// it, asks the filters, and puts it into the queues of the destinations whose filters let it through (DSP1054 7.3).

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "cim/indication/outbox.h"
#include "cim/instance.h"
#include "cim/lifecycle.h"
#include "cim/query/query.h"
#include "cim/repository.h"
#include "runtime/clock.h"

namespace lunaria::cim::indication {

/// One filter as it is asked.
struct ActiveFilter {
  std::string name;
  query::Query query;
  std::vector<NamespaceName> namespaces;  ///< where events count
};

/// A destination and what it wants to hear. One indication goes to it once, however many of the filters let it through.
struct ActiveSubscription {
  std::string destination;
  std::vector<ActiveFilter> filters;
  std::function<bool()> is_over{};  ///< asked before each delivery; may be empty
};

/// Control shard only; what it is given outlives it. Indication classes are those of `interop`.
class Dispatcher final : public LifecycleListener {
 public:
  Dispatcher(const Repository& repository, NamespaceName interop, const runtime::Clock& clock, Outbox& outbox);

  /// Adds or replaces a subscription; `id` is of the caller's choice.
  void set_subscription(const std::string& id, ActiveSubscription subscription);
  void remove_subscription(const std::string& id);

  bool is_listening() const override { return !subscriptions_.empty(); }
  void on_created(const NamespaceName& name_space, const Instance& instance) override;
  void on_modified(const NamespaceName& name_space, const Instance& previous, const Instance& instance) override;
  void on_deleted(const NamespaceName& name_space, const Instance& instance) override;
  void on_process(const NamespaceName& name_space, Instance indication) override;

 private:
  void tell(std::string_view class_name, const NamespaceName& name_space, const Instance& instance,
            const Instance* previous);
  void dispatch(const NamespaceName& name_space, Instance indication);
  std::string next_identifier();

  const Repository& repository_;
  NamespaceName interop_;
  const runtime::Clock& clock_;
  Outbox& outbox_;
  std::map<std::string, ActiveSubscription> subscriptions_;
  std::string identifier_prefix_;
  std::uint64_t last_identifier_ = 0;
};

}  // namespace lunaria::cim::indication
