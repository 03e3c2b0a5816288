#pragma once

// Dispatcher: where events become indications. It hears of every event, makes the indication once if anybody may want
// it, asks the filters, and puts it into the queues of the destinations whose filters let it through (DSP1054 7.3).

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "cim/indication/outbox.h"
#include "cim/instance.h"
#include "cim/lifecycle.h"
#include "cim/method_listener.h"
#include "cim/operation_context.h"
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
  Role reader = Role::kOperator;    ///< on whose behalf: it hears of nothing that this role may not read
};

/// The least role that may read instances of a class.
using LeastReader = std::function<Role(const Class&)>;

/// Control shard only; what it is given outlives it. Indication classes are those of `interop`.
class Dispatcher final : public LifecycleListener, public MethodListener {
 public:
  /// Without `least_reader` everybody may read everything.
  Dispatcher(const Repository& repository, NamespaceName interop, const runtime::Clock& clock, Outbox& outbox,
             LeastReader least_reader = {});

  /// Adds or replaces a subscription; `id` is of the caller's choice.
  void set_subscription(const std::string& id, ActiveSubscription subscription);
  void remove_subscription(const std::string& id);

  bool is_listening() const override { return !subscriptions_.empty(); }
  void on_created(const NamespaceName& name_space, const Instance& instance) override;
  void on_modified(const NamespaceName& name_space, const Instance& previous, const Instance& instance) override;
  void on_deleted(const NamespaceName& name_space, const Instance& instance) override;
  void on_process(const NamespaceName& name_space, Instance indication) override;

  /// Whether a filter asks for CIM_InstMethodCall or for a class above it.
  bool hears_method_calls() const override { return !hearing_methods_.empty(); }
  void on_method_called(const MethodCall& call, const Instance& before) override;
  void on_method_ended(const MethodCall& call, const Instance& after,
                       const Result<MethodResult, Error>& outcome) override;

 private:
  void tell(std::string_view class_name, const NamespaceName& name_space, const Instance& instance,
            const Instance* previous);
  void tell_call(const MethodCall& call, const Instance& instance, const Result<MethodResult, Error>* outcome);
  ClassPtr find_class(std::string_view class_name) const;
  bool asks_for_methods(const ActiveSubscription& subscription) const;
  Role least_reader_of(const Instance& instance) const;
  /// To those who may read what `least_reader` may.
  void dispatch(const NamespaceName& name_space, Instance indication, Role least_reader);
  std::string next_identifier();

  const Repository& repository_;
  NamespaceName interop_;
  const runtime::Clock& clock_;
  Outbox& outbox_;
  LeastReader least_reader_;
  std::map<std::string, ActiveSubscription> subscriptions_;
  std::set<std::string> hearing_methods_;  ///< ids of those that ask for method calls
  std::string identifier_prefix_;
  std::uint64_t last_identifier_ = 0;
};

}  // namespace lunaria::cim::indication
