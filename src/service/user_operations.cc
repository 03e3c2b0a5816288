// Users of the management interfaces and their passwords.

#include <fmt/format.h>

#include <algorithm>
#include <span>

#include "runtime/random.h"
#include "security/password_hash.h"
#include "service/core.h"
#include "service/event.h"
#include "service/names.h"

namespace lunaria::service {
namespace {

/// Password checks that may wait for their turn; more are told to come again.
constexpr std::size_t kVerifiesWaitingMax = 64;

/// One text whatever was wrong, so that nobody learns which names exist.
Error refused() {
  return {ErrorCode::kPermissionDenied, "The user name or the password is wrong."};
}

Error no_user(const std::string& name) {
  return {ErrorCode::kNotFound, fmt::format("There is no user {}.", name)};
}

User user_value(const catalogue::UserRow& row) {
  // The schema allows known roles only.
  return {row.name, security::parse_role(row.role).value_or(security::Role::kViewer), row.created};
}

bool is_administrator(const catalogue::UserRow& row) {
  return row.role == security::to_string(security::Role::kAdministrator);
}

/// Whether an administrator is left when `name` is none any more.
bool others_administrate(const Core& core, const std::string& name) {
  return std::any_of(core.contents.users.begin(), core.contents.users.end(),
                     [&](const auto& entry) { return entry.first != name && is_administrator(entry.second); });
}

Error last_administrator(const std::string& name) {
  return {ErrorCode::kInUse,
          fmt::format("{} is the last administrator. Give another user that role before this one loses it.", name)};
}

Reply<std::string> hash(Core& core, Secret password) {
  const Outcome<void> checked = check_password(password);
  if (!checked) {
    co_return fail(checked.error());
  }
  std::array<std::byte, security::kArgonSaltBytes> salt{};
  core.environment.shard.random().fill(salt);
  const runtime::AsyncMutex::Lock lock = co_await core.verify_mutex.acquire();
  const Result<std::string, security::PasswordError> hashed = co_await runtime::run_blocking(
      core.environment.shard, [&] { return security::hash_password(password.reveal(), salt); });
  if (!hashed) {
    co_return fail(Error{ErrorCode::kIo, "The password could not be hashed: out of memory. Try again."});
  }
  co_return *hashed;
}

Reply<User> add_user_locked(Core& core, AddUser request) {
  const Outcome<void> checked = check_user_name(request.name);
  if (!checked) {
    co_return fail(checked.error());
  }
  if (core.contents.users.contains(request.name)) {
    co_return fail(Error{ErrorCode::kAlreadyExists, fmt::format("There is a user {} already.", request.name)});
  }
  const Outcome<std::string> hashed = co_await hash(core, std::move(request.password));
  if (!hashed) {
    co_return fail(hashed.error());
  }
  const catalogue::UserRow row{request.name, *hashed, std::string(security::to_string(request.role)), core.now()};
  const Outcome<void> done = co_await core.commit({row});
  if (!done) {
    co_return fail(done.error());
  }
  core.events.publish(UserChanged{std::nullopt, user_value(row)});
  co_return user_value(row);
}

Reply<std::vector<User>> list_users_now(Core& core) {
  std::vector<User> users;
  users.reserve(core.contents.users.size());
  for (const auto& [name, row] : core.contents.users) {
    users.push_back(user_value(row));
  }
  co_return users;
}

Reply<void> delete_user_locked(Core& core, std::string name) {
  const auto found = core.contents.users.find(name);
  if (found == core.contents.users.end()) {
    co_return fail(no_user(name));
  }
  if (is_administrator(found->second) && !others_administrate(core, name)) {
    co_return fail(last_administrator(name));
  }
  const User before = user_value(found->second);
  Outcome<void> done = co_await core.commit({catalogue::RemoveUser{name}});
  core.verified.forget(name);
  if (done) {
    core.events.publish(UserChanged{before, std::nullopt});
  }
  co_return done;
}

Reply<void> set_password_locked(Core& core, std::string name, Secret password) {
  const auto found = core.contents.users.find(name);
  if (found == core.contents.users.end()) {
    co_return fail(no_user(name));
  }
  catalogue::UserRow row = found->second;
  const Outcome<std::string> hashed = co_await hash(core, std::move(password));
  if (!hashed) {
    co_return fail(hashed.error());
  }
  row.password_hash = *hashed;
  Outcome<void> done = co_await core.commit({row});
  core.verified.forget(name);
  co_return done;
}

Reply<User> set_role_locked(Core& core, std::string name, security::Role role) {
  const auto found = core.contents.users.find(name);
  if (found == core.contents.users.end()) {
    co_return fail(no_user(name));
  }
  if (role != security::Role::kAdministrator && is_administrator(found->second) && !others_administrate(core, name)) {
    co_return fail(last_administrator(name));
  }
  catalogue::UserRow row = found->second;
  const User before = user_value(row);
  row.role = security::to_string(role);
  const Outcome<void> done = co_await core.commit({row});
  if (!done) {
    co_return fail(done.error());
  }
  core.events.publish(UserChanged{before, user_value(row)});
  co_return user_value(row);
}

/// The stored hash of a user; empty for one who does not exist.
std::string stored_hash(const Core& core, const std::string& name) {
  const auto found = core.contents.users.find(name);
  return found == core.contents.users.end() ? std::string() : found->second.password_hash;
}

security::PasswordVerdict judge(const std::string& stored, const Secret& password) {
  if (stored.empty()) {
    security::verify_nobody(password.reveal());
    return security::PasswordVerdict::kMismatch;
  }
  return security::verify_password(stored, password.reveal());
}

Reply<security::Principal> verify_now(Core& core, std::string name, Secret password, std::string peer) {
  const std::string stored = stored_hash(core, name);
  const runtime::Clock& clock = core.environment.shard.clock();
  bool good = !stored.empty() && core.verified.contains(name, stored, password.reveal(), clock.now());
  if (!good) {
    if (core.verify_mutex.waiting() >= kVerifiesWaitingMax) {
      co_return fail(Error{ErrorCode::kBusy, "Too many logins at once. Try again in a moment."});
    }
    const runtime::AsyncMutex::Lock lock = co_await core.verify_mutex.acquire();
    const security::PasswordVerdict verdict =
        co_await runtime::run_blocking(core.environment.shard, [&] { return judge(stored, password); });
    good = verdict == security::PasswordVerdict::kMatch || verdict == security::PasswordVerdict::kMatchOutdated;
    // The user may have been changed or deleted meanwhile.
    good = good && stored_hash(core, name) == stored;
    if (good) {
      core.verified.remember(name, stored, password.reveal(), clock.now());
    }
  }
  if (!good) {
    core.environment.log.warning("service.login", {{"user", name}, {"result", "permission_denied"}, {"peer", peer}});
    co_return fail(refused());
  }
  const User user = user_value(core.contents.users.at(name));
  co_return security::Principal{user.name, user.role, security::Authentication::kPassword, std::move(peer)};
}

Reply<security::Principal> verify_inside(Core& core, std::string name, Secret password, std::string peer) {
  if (!core.started || !core.gate.try_enter()) {
    co_return fail(Error{ErrorCode::kShuttingDown, "The server is starting or stopping. Try again in a moment."});
  }
  Outcome<security::Principal> principal =
      co_await verify_now(core, std::move(name), std::move(password), std::move(peer));
  core.gate.leave();
  co_return principal;
}

}  // namespace

Reply<User> Service::add_user(security::Principal principal, AddUser request) {
  Action action{security::Permission::kChangeSecurity, "user.add",
                fmt::format("{} ({})", request.name, security::to_string(request.role))};
  return core_->change(std::move(principal), std::move(action), add_user_locked(*core_, std::move(request)));
}

Reply<std::vector<User>> Service::list_users(security::Principal principal) {
  return core_->look(std::move(principal), list_users_now(*core_), security::Permission::kChangeSecurity);
}

Reply<void> Service::delete_user(security::Principal principal, std::string name) {
  Action action{security::Permission::kChangeSecurity, "user.delete", name};
  return core_->change(std::move(principal), std::move(action), delete_user_locked(*core_, std::move(name)));
}

Reply<void> Service::set_password(security::Principal principal, std::string name, Secret password) {
  const bool own = principal.authentication == security::Authentication::kPassword && principal.name == name;
  Action action{own ? security::Permission::kRead : security::Permission::kChangeSecurity, "user.set_password", name};
  return core_->change(std::move(principal), std::move(action),
                       set_password_locked(*core_, std::move(name), std::move(password)));
}

Reply<User> Service::set_role(security::Principal principal, std::string name, security::Role role) {
  Action action{security::Permission::kChangeSecurity, "user.set_role",
                fmt::format("{} ({})", name, security::to_string(role))};
  return core_->change(std::move(principal), std::move(action), set_role_locked(*core_, std::move(name), role));
}

std::optional<security::Principal> Service::remembered_user(const std::string& name, const Secret& password,
                                                            std::string peer) const {
  const std::string stored = core_->started ? stored_hash(*core_, name) : std::string();
  const runtime::Instant now = core_->environment.shard.clock().now();
  if (stored.empty() || !core_->verified.contains(name, stored, password.reveal(), now)) {
    return std::nullopt;
  }
  const User user = user_value(core_->contents.users.at(name));
  return security::Principal{user.name, user.role, security::Authentication::kPassword, std::move(peer)};
}

Reply<security::Principal> Service::verify_user(std::string name, Secret password, std::string peer) {
  return verify_inside(*core_, std::move(name), std::move(password), std::move(peer));
}

void Service::note_throttled_login(const IpAddress& address) {
  core_->note_login_failure(
      {.kind = LoginsFailed::Kind::kManagement, .address = address, .reason = "too many wrong credentials"});
}

}  // namespace lunaria::service
