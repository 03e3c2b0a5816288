#include "providers/indication/subscription_rights.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <utility>

#include "providers/principals.h"

namespace lunaria::providers {
namespace {

/// Not a class: no client comes across it. Once it held those of administrators alone.
cim::InstanceSet rights() {
  return {cim::NamespaceName("root/interop"), "administrators' subscriptions"};
}

/// Of a user that was removed while it asked.
constexpr std::int64_t kNoUser = -1;

/// Tells a user from an earlier one of the same name; as precise as the catalogue.
std::int64_t created(const service::User& user) {
  return std::chrono::floor<std::chrono::microseconds>(user.created.time_since_epoch()).count();
}

}  // namespace

/// "ROLE CREATED NAME"; CREATED is "-" for who is not of the catalogue. Administrators whose names were not kept have
/// an empty one.
std::string SubscriptionRights::to_record(const Owner& owner) {
  if (owner == Owner()) {
    return {};
  }
  return fmt::format("{} {} {}", std::to_underlying(owner.role),
                     owner.user_created ? std::to_string(*owner.user_created) : "-", owner.name);
}

SubscriptionRights::Owner SubscriptionRights::from_record(std::string_view record) {
  Owner owner;
  if (record.empty()) {
    return owner;
  }
  owner.role = record.front() == '2' ? cim::Role::kAdministrator : cim::Role::kOperator;
  record.remove_prefix(std::min<std::size_t>(record.size(), 2));
  const std::size_t space = std::min(record.find(' '), record.size());
  const std::string_view created_us = record.substr(0, space);
  if (created_us != "-") {
    owner.user_created = kNoUser;
    std::from_chars(created_us.data(), created_us.data() + created_us.size(), *owner.user_created);
  }
  owner.name = record.substr(std::min(space + 1, record.size()));
  return owner;
}

runtime::Task<Result<void, cim::Error>> SubscriptionRights::open(const std::vector<service::User>& users) {
  for (const service::User& user : users) {
    users_.insert_or_assign(user.name, user);
  }
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
      owners_.insert_or_assign(each.key, from_record(each.record));
    }
    last = page->back().key;
  }
}

std::size_t SubscriptionRights::user_changed(const service::UserChanged& change) {
  if (change.before) {
    users_.erase(change.before->name);
  }
  if (change.after) {
    users_.insert_or_assign(change.after->name, *change.after);
    return 0;
  }
  return change.before
             ? static_cast<std::size_t>(std::ranges::count_if(owners_,
                                                              [&](const auto& entry) {
                                                                return entry.second.name == change.before->name &&
                                                                       entry.second.user_created ==
                                                                           created(*change.before);
                                                              }))
             : 0;
}

SubscriptionRights::Owner SubscriptionRights::owner_of(const cim::OperationContext& context) const {
  using cim::Authentication;
  Owner owner{context.role, std::nullopt, context.principal};
  const auto user = users_.find(context.principal);
  const bool is_there = user != users_.end();
  switch (context.authentication) {
    case Authentication::kPassword:
    case Authentication::kClientCertificate:
      owner.user_created = is_there ? created(user->second) : kNoUser;
      break;
    case Authentication::kPeerCredentials:
    case Authentication::kKerberos:
      // A user of the catalogue or not: it is one if that would give the same role.
      if (is_there && to_cim(user->second.role) == context.role) {
        owner.user_created = created(user->second);
      }
      break;
    case Authentication::kPam:
    case Authentication::kInternal:
      break;
  }
  return owner;
}

std::optional<cim::Role> SubscriptionRights::of(const cim::ObjectPath& path) const {
  const auto found = owners_.find(path.canonical());
  if (found == owners_.end()) {
    return cim::Role::kOperator;
  }
  const Owner& owner = found->second;
  if (!owner.user_created) {
    return owner.role;
  }
  const auto user = users_.find(owner.name);
  if (user == users_.end() || created(user->second) != *owner.user_created) {
    return std::nullopt;
  }
  return std::min(owner.role, to_cim(user->second.role));
}

runtime::Task<Result<void, cim::Error>> SubscriptionRights::begin(cim::ObjectPath path,
                                                                  const cim::OperationContext& maker) {
  auto kept = co_await put(path.canonical(), owner_of(maker));
  co_return kept;
}

runtime::Task<Result<void, cim::Error>> SubscriptionRights::put(std::string key, Owner owner) {
  const auto present = owners_.find(key);
  if (present == owners_.end()) {
    const auto kept = co_await store_.insert(rights(), {key, to_record(owner)});
    if (!kept) {
      co_return fail(kept.error());
    }
  } else {
    const auto replaced = co_await store_.replace(rights(), {key, to_record(owner)}, to_record(present->second));
    if (!replaced || !*replaced) {
      co_return fail(replaced ? cim::Error(cim::Status::kFailed, "nobody knows any more whose it was")
                              : replaced.error());
    }
  }
  owners_.insert_or_assign(std::move(key), std::move(owner));
  co_return Result<void, cim::Error>();
}

runtime::Task<Result<void, cim::Error>> SubscriptionRights::change(cim::ObjectPath path,
                                                                   const cim::OperationContext& context) {
  const std::optional<cim::Role> now = of(path);
  const auto present = owners_.find(path.canonical());
  const Owner owner = owner_of(context);
  if (context.authentication == cim::Authentication::kInternal || !now || owner.role > *now ||
      (present != owners_.end() && present->second == owner)) {
    co_return Result<void, cim::Error>();
  }
  auto kept = co_await put(path.canonical(), owner);
  co_return kept;
}

runtime::Task<Result<void, cim::Error>> SubscriptionRights::end(cim::ObjectPath path) {
  if (!owners_.contains(path.canonical())) {
    co_return Result<void, cim::Error>();
  }
  const auto erased = co_await store_.erase(rights(), path.canonical());
  if (!erased) {
    co_return fail(erased.error());
  }
  owners_.erase(path.canonical());
  co_return Result<void, cim::Error>();
}

}  // namespace lunaria::providers
