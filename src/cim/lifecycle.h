#pragma once

// LifecycleListener: hears of every instance that comes, changes or goes, from the providers that know: the source of
// lifecycle indications (DSP1054). Nobody polls.

#include "cim/instance.h"
#include "cim/name.h"

namespace lunaria::cim {

/// Interface; control shard only. Called after the change is durable and in force; must not block, and takes no part in
/// the operation's success.
class LifecycleListener {
 public:
  virtual ~LifecycleListener() = default;
  virtual void on_created(const NamespaceName& name_space, const Instance& instance) = 0;
  virtual void on_modified(const NamespaceName& name_space, const Instance& previous, const Instance& instance) = 0;
  virtual void on_deleted(const NamespaceName& name_space, const Instance& instance) = 0;
};

}  // namespace lunaria::cim
