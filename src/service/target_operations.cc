// Targets: making, changing, forgetting; CHAP settings.

#include <fmt/format.h>

#include "service/core.h"
#include "service/names.h"

namespace lunaria::service {
namespace {

using catalogue::ChapDirection;

Error invalid(std::string message) {
  return {ErrorCode::kInvalidArgument, std::move(message)};
}

std::string object_of(TargetId id) {
  return fmt::format("target {}", static_cast<std::uint32_t>(id));
}

const catalogue::TargetRow* row_by_name(const Core& core, std::string_view name) {
  for (const auto& [id, row] : core.contents.targets) {
    if (same_name(row.name, name)) {
      return &row;
    }
  }
  return nullptr;
}

const catalogue::TargetRow* row_by_iqn(const Core& core, std::string_view iqn) {
  for (const auto& [id, row] : core.contents.targets) {
    if (same_name(row.iqn, iqn)) {
      return &row;
    }
  }
  return nullptr;
}

/// In canonical form, and not another target's.
Outcome<std::string> free_iqn(const Core& core, std::string_view asked) {
  Outcome<std::string> iqn = canonical_iscsi_name(asked);
  if (iqn && row_by_iqn(core, *iqn) != nullptr) {
    return fail(Error{ErrorCode::kAlreadyExists,
                      fmt::format("{} is the name of target {} already.", *iqn, row_by_iqn(core, *iqn)->name)});
  }
  return iqn;
}

/// The default name of a target, with a number behind it when another target has it.
std::string unique_default_iqn(const Core& core, const std::string& name) {
  const std::string plain = default_iqn(core.settings.host_name, core.contents.server->name, name);
  std::string iqn = plain;
  for (int number = 2; row_by_iqn(core, iqn) != nullptr; ++number) {
    iqn = fmt::format("{}-{}", plain, number);
  }
  return iqn;
}

Outcome<catalogue::TargetRow> planned_row(Core& core, const CreateTarget& request) {
  const Outcome<void> named = check_target_name(request.name);
  if (!named) {
    return fail(named.error());
  }
  if (row_by_name(core, request.name) != nullptr) {
    return fail(Error{ErrorCode::kAlreadyExists, fmt::format("There is a target named {} already.", request.name)});
  }
  const Outcome<void> described = check_description(request.description);
  if (!described) {
    return fail(described.error());
  }
  const Outcome<std::string> iqn =
      request.iqn ? free_iqn(core, *request.iqn) : Outcome<std::string>(unique_default_iqn(core, request.name));
  if (!iqn) {
    return fail(iqn.error());
  }
  catalogue::TargetRow row;
  row.id = next_id(core.contents.last_target);
  row.guid = core.new_guid();
  row.name = request.name;
  row.iqn = *iqn;
  row.description = request.description;
  row.enabled = request.enabled;
  row.receive_buffer_count = Target().receive_buffer_count;
  row.preferences = preference_columns(target::NegotiationPreferences());
  row.created = core.now();
  return row;
}

/// One direction of CHAP after a change, with its secret in clear for the rules that compare.
struct ChapAfter {
  bool enabled = false;
  std::string user_name;
  std::optional<Secret> secret;  ///< nullopt: none, or one that does not open
  bool has_secret = false;
};

Outcome<ChapAfter> apply_chap(const Core& core, catalogue::TargetId id, ChapDirection direction, bool enabled,
                              const SetChap& request, std::size_t secret_bytes_max) {
  ChapAfter after;
  after.enabled = request.enabled.value_or(enabled);
  const auto found = core.contents.chap.find({id, direction});
  if (found != core.contents.chap.end()) {
    after.user_name = found->second.user_name;
    after.has_secret = !found->second.sealed_secret.empty();
    if (!request.secret) {
      after.secret = core.open_secret(found->second);
    }
  }
  if (request.user_name) {
    const Outcome<void> checked = check_chap_user_name(*request.user_name);
    if (!checked) {
      return fail(checked.error());
    }
    after.user_name = *request.user_name;
  }
  if (request.secret) {
    const Outcome<void> checked =
        request.secret->empty() ? Outcome<void>() : check_secret(*request.secret, secret_bytes_max);
    if (!checked) {
      return fail(checked.error());
    }
    after.has_secret = !request.secret->empty();
    after.secret = after.has_secret ? std::optional(request.secret->clone()) : std::nullopt;
  }
  return after;
}

Outcome<void> check_chap(const ChapAfter& forward, const ChapAfter& reverse) {
  if (forward.enabled && (forward.user_name.empty() || !forward.has_secret)) {
    return fail(invalid("CHAP needs a user name and a secret. Set both before it is enabled, or with it."));
  }
  if (reverse.enabled && !forward.enabled) {
    return fail(invalid("Reverse CHAP needs CHAP: enable CHAP as well, or disable reverse CHAP first."));
  }
  if (reverse.enabled && (reverse.user_name.empty() || !reverse.has_secret)) {
    return fail(invalid("Reverse CHAP needs a user name and a secret of its own. Set both before it is enabled."));
  }
  if (forward.secret && reverse.secret && *forward.secret == *reverse.secret) {
    return fail(invalid("The secrets of the two directions must differ (RFC 7143 9.2.1)."));
  }
  return {};
}

void push_chap(const Core& core, catalogue::Changes& changes, catalogue::TargetId id, ChapDirection direction,
               const SetChap& request, const ChapAfter& after) {
  if (!request.user_name && !request.secret) {
    return;
  }
  if (after.user_name.empty() && !after.has_secret) {
    changes.push_back(catalogue::RemoveChap{id, direction});
    return;
  }
  catalogue::ChapRow row{id, direction, after.user_name, {}};
  const auto found = core.contents.chap.find({id, direction});
  if (request.secret) {
    row.sealed_secret = after.has_secret ? core.seal_secret(*request.secret, id, direction) : std::vector<std::byte>();
  } else if (found != core.contents.chap.end()) {
    row.sealed_secret = found->second.sealed_secret;
  }
  changes.push_back(std::move(row));
}

/// The plain properties.
Outcome<catalogue::TargetRow> changed_row(const Core& core, const catalogue::TargetRow& present,
                                          const SetTarget& request) {
  catalogue::TargetRow row = present;
  if (request.description) {
    const Outcome<void> described = check_description(*request.description);
    if (!described) {
      return fail(described.error());
    }
    row.description = *request.description;
  }
  row.enabled = request.enabled.value_or(row.enabled);
  if (request.iqn && !same_name(*request.iqn, row.iqn)) {
    const Outcome<std::string> iqn = free_iqn(core, *request.iqn);
    if (!iqn) {
      return fail(iqn.error());
    }
    const std::size_t sessions = core.session_count(request.id);
    if (sessions > 0) {
      return fail(Error{ErrorCode::kInUse, fmt::format("Target {} has {} sessions, which know it as {}. Log them out "
                                                       "before it is renamed.",
                                                       row.name, sessions, row.iqn)});
    }
    row.iqn = *iqn;
  }
  if (request.preferences) {
    const Outcome<void> checked = check_preferences(*request.preferences);
    if (!checked) {
      return fail(checked.error());
    }
    row.preferences = preference_columns(*request.preferences);
  }
  if (request.receive_buffer_count) {
    if (*request.receive_buffer_count < 1 || *request.receive_buffer_count > 1024) {
      return fail(invalid("The number of receive buffers must be 1 to 1024."));
    }
    row.receive_buffer_count = *request.receive_buffer_count;
  }
  return row;
}

/// Everything that a request changes, or what is wrong with it.
Outcome<catalogue::Changes> planned_changes(const Core& core, const SetTarget& request) {
  const catalogue::TargetRow* present = core.target(request.id);
  if (present == nullptr) {
    return fail(Core::no_target(request.id));
  }
  Outcome<catalogue::TargetRow> row = changed_row(core, *present, request);
  if (!row) {
    return fail(row.error());
  }
  const Outcome<ChapAfter> forward =
      apply_chap(core, row->id, ChapDirection::kForward, row->chap_enabled, request.chap, request.secret_bytes_max);
  if (!forward) {
    return fail(forward.error());
  }
  const Outcome<ChapAfter> reverse = apply_chap(core, row->id, ChapDirection::kReverse, row->reverse_chap_enabled,
                                                request.reverse_chap, request.secret_bytes_max);
  if (!reverse) {
    return fail(reverse.error());
  }
  const Outcome<void> checked = check_chap(*forward, *reverse);
  if (!checked) {
    return fail(checked.error());
  }
  row->chap_enabled = forward->enabled;
  row->reverse_chap_enabled = reverse->enabled;
  catalogue::Changes changes = {*row};
  push_chap(core, changes, row->id, ChapDirection::kForward, request.chap, *forward);
  push_chap(core, changes, row->id, ChapDirection::kReverse, request.reverse_chap, *reverse);
  return changes;
}

Reply<Target> set_target_locked(Core& core, SetTarget request) {
  co_await core.refresh_sessions();
  Outcome<catalogue::Changes> changes = planned_changes(core, request);
  if (!changes) {
    co_return fail(changes.error());
  }
  const Target before = core.target_value(*core.target(request.id));
  const Outcome<void> done = co_await core.commit(std::move(*changes));
  if (!done) {
    co_return fail(done.error());
  }
  co_await core.publish();
  const Target after = core.target_value(*core.target(request.id));
  core.events.publish(TargetChanged{before, after});
  co_return after;
}

Reply<void> delete_target_locked(Core& core, DeleteTarget request) {
  co_await core.refresh_sessions();
  const catalogue::TargetRow* row = core.target(request.id);
  if (row == nullptr) {
    co_return fail(Core::no_target(request.id));
  }
  const Target before = core.target_value(*row);
  if (before.session_count > 0 && !request.drop_sessions) {
    co_return fail(
        Error{ErrorCode::kInUse, fmt::format("Target {} has {} sessions. Log them out, or ask for them to be dropped.",
                                             before.name, before.session_count)});
  }
  Outcome<void> done = co_await core.commit({catalogue::RemoveTarget{row->id}});
  if (!done) {
    co_return done;
  }
  co_await core.publish();
  core.last_logins.erase(request.id);
  core.last_logouts.erase(request.id);
  for (const Mapping& mapping : before.mappings) {
    core.events.publish(MappingChanged{mapping, std::nullopt});
  }
  for (const AccessRule& rule : before.access) {
    core.events.publish(AccessRuleChanged{before.id, before.name, {rule, std::nullopt}});
  }
  core.events.publish(TargetChanged{before, std::nullopt});
  co_return done;
}

Reply<std::vector<Target>> list_targets_now(Core& core) {
  co_await core.refresh_sessions();
  std::vector<Target> targets;
  targets.reserve(core.contents.targets.size());
  for (const auto& [id, row] : core.contents.targets) {
    targets.push_back(core.target_value(row));
  }
  co_return targets;
}

Reply<Target> get_target_now(Core& core, TargetId id) {
  co_await core.refresh_sessions();
  const catalogue::TargetRow* row = core.target(id);
  if (row == nullptr) {
    co_return fail(Core::no_target(id));
  }
  co_return core.target_value(*row);
}

Reply<Target> find_target_now(Core& core, std::string name) {
  co_await core.refresh_sessions();
  const catalogue::TargetRow* row = row_by_name(core, name);
  row = row != nullptr ? row : row_by_iqn(core, name);
  if (row == nullptr) {
    co_return fail(Error{ErrorCode::kNotFound, fmt::format("There is no target named {}.", name)});
  }
  co_return core.target_value(*row);
}

}  // namespace

Reply<Target> create_target_locked(Core& core, CreateTarget request) {
  const Outcome<catalogue::TargetRow> row = planned_row(core, request);
  if (!row) {
    co_return fail(row.error());
  }
  const Outcome<void> done = co_await core.commit({*row});
  if (!done) {
    co_return fail(done.error());
  }
  co_await core.publish();
  const Target target = core.target_value(*row);
  core.events.publish(TargetChanged{std::nullopt, target});
  co_return target;
}

Reply<Target> Service::create_target(security::Principal principal, CreateTarget request) {
  Action action{security::Permission::kChangeStorage, "target.create", request.name};
  return core_->change(std::move(principal), std::move(action), create_target_locked(*core_, std::move(request)));
}

Reply<std::vector<Target>> Service::list_targets(security::Principal principal) {
  return core_->look(std::move(principal), list_targets_now(*core_));
}

Reply<Target> Service::get_target(security::Principal principal, TargetId id) {
  return core_->look(std::move(principal), get_target_now(*core_, id));
}

Reply<Target> Service::find_target(security::Principal principal, std::string name) {
  return core_->look(std::move(principal), find_target_now(*core_, std::move(name)));
}

Reply<Target> Service::set_target(security::Principal principal, SetTarget request) {
  Action action{security::Permission::kChangeStorage, "target.set", object_of(request.id)};
  return core_->change(std::move(principal), std::move(action), set_target_locked(*core_, std::move(request)));
}

Reply<void> Service::delete_target(security::Principal principal, DeleteTarget request) {
  Action action{security::Permission::kChangeStorage, "target.delete", object_of(request.id)};
  return core_->change(std::move(principal), std::move(action), delete_target_locked(*core_, request));
}

}  // namespace lunaria::service
