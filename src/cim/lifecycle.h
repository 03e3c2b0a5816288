#pragma once

// LifecycleListener: hears of every instance that comes, changes or goes, and of alerts, from those who know: the
// source of indications (DSP1054). Nobody polls.

#include "cim/instance.h"
#include "cim/name.h"

namespace lunaria::cim {

/// Interface; control shard only. Called after the change is durable and in force; must not block, and takes no part in
/// the operation's success.
class LifecycleListener {
 public:
  virtual ~LifecycleListener() = default;
  /// False while nobody would hear: no need to make instances for it.
  virtual bool is_listening() const = 0;
  virtual void on_created(const NamespaceName& name_space, const Instance& instance) = 0;
  virtual void on_modified(const NamespaceName& name_space, const Instance& previous, const Instance& instance) = 0;
  virtual void on_deleted(const NamespaceName& name_space, const Instance& instance) = 0;
  /// Something else that happened: an instance of a class below CIM_ProcessIndication. No namespace: it concerns
  /// all of them.
  virtual void on_process(const NamespaceName& name_space, Instance indication) = 0;
};

}  // namespace lunaria::cim
