#pragma once

// SubscriptionRights: on whose behalf subscriptions are in force. An indication carries what its receiver did not ask
// to read itself, so a subscription hears of nothing that its owner, or the owner of its destination, may not read now.

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cim/error.h"
#include "cim/object_path.h"
#include "cim/object_store.h"
#include "cim/operation_context.h"
#include "runtime/task.h"
#include "service/event.h"
#include "service/user.h"

namespace lunaria::providers {

/// Remembers who owns what was made: who made it, or changed it last without being more than the owner. Durable: kept
/// beside the instances, in the same store. A loss of power never leaves more rights than there were. Control shard
/// only; `store` outlives it.
///
/// An owner who is a user of the catalogue has the role of that user now, but no more than when it became the owner,
/// and none once the user is removed, also when another one of that name is added. Others (root on the socket, users of
/// PAM, principals with a role of their own) are not known between their requests: they keep the role that they had.
class SubscriptionRights final {
 public:
  explicit SubscriptionRights(cim::ObjectStore& store) : store_(store) {}

  /// `users`: those of the catalogue.
  runtime::Task<Result<void, cim::Error>> open(const std::vector<service::User>& users);
  /// How many things have lost their owner.
  std::size_t user_changed(const service::UserChanged& change);

  /// Of one thing that was made; nothing when its owner is gone: then it tells nobody anything. What nobody is known to
  /// own is an operator's: they are the least that may make it.
  std::optional<cim::Role> of(const cim::ObjectPath& path) const;
  /// Something new; before it is made.
  runtime::Task<Result<void, cim::Error>> begin(cim::ObjectPath path, const cim::OperationContext& maker);
  /// Somebody changes it, and answers from now on for where indications go, if that does not give it more rights.
  /// Before it is changed.
  runtime::Task<Result<void, cim::Error>> change(cim::ObjectPath path, const cim::OperationContext& context);
  /// It is gone.
  runtime::Task<Result<void, cim::Error>> end(cim::ObjectPath path);

 private:
  struct Owner {
    cim::Role role = cim::Role::kAdministrator;
    std::optional<std::int64_t> user_created{};  ///< microseconds; nothing: not of the catalogue
    std::string name{};
    friend bool operator==(const Owner&, const Owner&) = default;
  };
  static std::string to_record(const Owner& owner);
  static Owner from_record(std::string_view record);
  Owner owner_of(const cim::OperationContext& context) const;
  runtime::Task<Result<void, cim::Error>> put(std::string key, Owner owner);

  cim::ObjectStore& store_;
  std::map<std::string, Owner> owners_;  ///< by canonical path
  std::map<std::string, service::User> users_;
};

}  // namespace lunaria::providers
