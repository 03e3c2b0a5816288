// Targets: making, changing, forgetting; CHAP settings.

#include <fmt/format.h>

#include <algorithm>

#include "service/chap_rules.h"
#include "service/core.h"
#include "service/event.h"
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

/// In canonical form, and not another target's.
Outcome<std::string> free_iqn(const Core& core, std::string_view asked) {
  Outcome<std::string> iqn = canonical_iscsi_name(asked);
  if (iqn && core.target_by_iqn(*iqn) != nullptr) {
    return fail(Error{ErrorCode::kAlreadyExists,
                      fmt::format("{} is the name of target {} already.", *iqn, core.target_by_iqn(*iqn)->name)});
  }
  return iqn;
}

/// The default name of a target, with a number behind it when another target has it.
std::string unique_default_iqn(const Core& core, const std::string& name) {
  const std::string plain = default_iqn(core.settings.host_name, core.contents.server->name, name);
  std::string iqn = plain;
  for (int number = 2; core.target_by_iqn(iqn) != nullptr; ++number) {
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

void push_chap(catalogue::Changes& changes, catalogue::TargetId id, ChapDirection direction, const SetChap& request,
               catalogue::ChapColumns columns) {
  if (!request.user_name && !request.secret) {
    return;
  }
  if (columns.user_name.empty() && columns.sealed_secret.empty()) {
    changes.push_back(catalogue::RemoveChap{id, direction});
  } else {
    changes.push_back(catalogue::ChapRow{id, direction, columns.user_name, std::move(columns.sealed_secret)});
  }
}

/// The groups at which a target is to be offered, in order and each once.
Outcome<std::vector<std::uint16_t>> planned_groups(const Core& core, const SetTarget& request) {
  std::vector<std::uint16_t> tags =
      request.portal_groups ? *request.portal_groups : core.portal_groups_of(row_id(request.id));
  std::sort(tags.begin(), tags.end());
  tags.erase(std::unique(tags.begin(), tags.end()), tags.end());
  for (const std::uint16_t tag : tags) {
    const Outcome<void> known = check_portal_group(core, tag);
    if (!known) {
      return fail(known.error());
    }
  }
  return tags;
}

Outcome<std::vector<Redirect>> planned_redirects(const Core& core, const SetTarget& request,
                                                 const std::vector<std::uint16_t>& groups,
                                                 const std::vector<IpAddress>& local) {
  std::vector<Redirect> redirects = request.redirects ? *request.redirects : core.redirects_of(row_id(request.id));
  for (Redirect& redirect : redirects) {
    const Outcome<std::string> address = canonical_redirect_address(redirect.address);
    if (!address) {
      return fail(address.error());
    }
    redirect.address = *address;
  }
  const Outcome<void> checked = check_redirects(core, redirects, groups, local);
  if (!checked) {
    return fail(checked.error());
  }
  return redirects;
}

/// Brings the groups and redirects of a target to what is planned.
Outcome<void> push_access(const Core& core, catalogue::Changes& changes, const SetTarget& request,
                          const std::vector<IpAddress>& local) {
  const catalogue::TargetId id = row_id(request.id);
  const Outcome<std::vector<std::uint16_t>> groups = planned_groups(core, request);
  if (!groups) {
    return fail(groups.error());
  }
  const Outcome<std::vector<Redirect>> redirects = planned_redirects(core, request, *groups, local);
  if (!redirects) {
    return fail(redirects.error());
  }
  for (const std::uint16_t tag : core.portal_groups_of(id)) {
    changes.push_back(catalogue::RemoveTargetPortalGroup{{id, tag}});
  }
  for (const std::uint16_t tag : *groups) {
    changes.push_back(catalogue::TargetPortalGroupRow{id, tag});
  }
  for (const Redirect& redirect : core.redirects_of(id)) {
    changes.push_back(catalogue::RemoveRedirect{id, redirect.portal_group_tag.value_or(0)});
  }
  for (const Redirect& redirect : *redirects) {
    changes.push_back(
        catalogue::RedirectRow{id, redirect.portal_group_tag.value_or(0), redirect.permanent, redirect.address});
  }
  return {};
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
Outcome<catalogue::Changes> planned_changes(const Core& core, const SetTarget& request,
                                            const std::vector<IpAddress>& local) {
  const catalogue::TargetRow* present = core.target(request.id);
  if (present == nullptr) {
    return fail(Core::no_target(request.id));
  }
  Outcome<catalogue::TargetRow> row = changed_row(core, *present, request);
  if (!row) {
    return fail(row.error());
  }
  const Outcome<ChapPair> chap = changed_chap(core, chap_owner(row->id), target_chap(core, *present),
                                              {request.chap, request.reverse_chap, request.secret_bytes_max});
  if (!chap) {
    return fail(chap.error());
  }
  row->chap_enabled = chap->forward.enabled;
  row->reverse_chap_enabled = chap->reverse.enabled;
  catalogue::Changes changes = {*row};
  push_chap(changes, row->id, ChapDirection::kForward, request.chap, chap->forward);
  push_chap(changes, row->id, ChapDirection::kReverse, request.reverse_chap, chap->reverse);
  const Outcome<void> access =
      request.portal_groups || request.redirects ? push_access(core, changes, request, local) : Outcome<void>();
  if (!access) {
    return fail(access.error());
  }
  return changes;
}

Reply<Target> set_target_locked(Core& core, SetTarget request) {
  co_await core.refresh_sessions();
  const std::vector<IpAddress> local = co_await find_local_addresses(core);
  Outcome<catalogue::Changes> changes = planned_changes(core, request, local);
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
  keep_host_names(core);
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
  row = row != nullptr ? row : core.target_by_iqn(name);
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
