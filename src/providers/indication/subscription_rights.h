#pragma once

// SubscriptionRights: on whose behalf subscriptions are in force. An indication carries what its receiver did not ask
// to read itself, so a subscription hears of nothing that whoever made it, or its destination, may not read.

#include <set>
#include <string>

#include "cim/error.h"
#include "cim/object_path.h"
#include "cim/object_store.h"
#include "cim/operation_context.h"
#include "runtime/task.h"

namespace lunaria::providers {

/// Remembers what administrators have made; the rest was made by operators, who are the least that may. Durable: kept
/// beside the instances, in the same store. A loss of power never leaves more rights than there were. Control shard
/// only; `store` outlives it. A role lasts as long as the thing that was made: taking it from the user does not change
/// what the user has made.
class SubscriptionRights final {
 public:
  explicit SubscriptionRights(cim::ObjectStore& store) : store_(store) {}

  runtime::Task<Result<void, cim::Error>> open();
  /// Of one thing that was made.
  cim::Role of(const cim::ObjectPath& path) const;
  /// Something new; before it is made.
  runtime::Task<Result<void, cim::Error>> begin(cim::ObjectPath path, cim::Role maker);
  /// Somebody changes it: a lesser role counts from now on, since the change may say where indications go. Before it is
  /// changed.
  runtime::Task<Result<void, cim::Error>> lower(cim::ObjectPath path, cim::Role role);
  /// It is gone.
  runtime::Task<Result<void, cim::Error>> end(cim::ObjectPath path);

 private:
  cim::ObjectStore& store_;
  std::set<std::string> administrators_;  ///< canonical paths
};

}  // namespace lunaria::providers
