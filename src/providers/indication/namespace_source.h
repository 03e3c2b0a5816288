#pragma once

// NamespaceSource: namespaces that clients make and remove, as events of the instances that stand for them:
// MSFTSM_Namespace, CIM_WBEMServerNamespace and __Namespace.

#include "cim/lifecycle.h"
#include "cim/repository.h"
#include "cim/schema_editor.h"
#include "providers/indication/subscriptions.h"
#include "service/server.h"

namespace lunaria::providers {

/// Control shard only; what it is given outlives it. `server` is kept up to date by its owner.
class NamespaceSource final : public cim::NamespaceListener {
 public:
  NamespaceSource(const cim::Repository& repository, const service::Server& server, Subscriptions& subscriptions,
                  cim::LifecycleListener& listener)
      : repository_(repository), server_(server), subscriptions_(subscriptions), listener_(listener) {}

  void on_namespace_created(const cim::NamespaceName& name) override;
  void on_namespace_deleted(const cim::NamespaceName& name) override;

 private:
  enum class Fate : bool { kCame, kWent };
  /// MSFTSM_Namespace and CIM_WBEMServerNamespace, in each namespace that has them.
  void tell_model(Fate fate, const cim::NamespaceName& name);
  /// __Namespace, in `outer`.
  void tell_place(Fate fate, const cim::NamespaceName& outer, const cim::NamespaceName& inner);
  void tell(Fate fate, const cim::NamespaceName& space, const cim::Instance& instance);

  const cim::Repository& repository_;
  const service::Server& server_;
  Subscriptions& subscriptions_;
  cim::LifecycleListener& listener_;
};

}  // namespace lunaria::providers
