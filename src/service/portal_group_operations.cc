// Portal groups: which portals belong together, and what discovery asks for at them.

#include <fmt/format.h>

#include "service/chap_rules.h"
#include "service/core.h"
#include "service/event.h"
#include "service/names.h"

namespace lunaria::service {
namespace {

std::string object_of(std::uint16_t tag) {
  return fmt::format("portal group {}", tag);
}

/// `row` with the change applied, or what is wrong with it.
Outcome<catalogue::PortalGroupRow> changed_row(const Core& core, catalogue::PortalGroupRow row,
                                               const SetPortalGroup& request) {
  if (request.description) {
    const Outcome<void> checked = check_description(*request.description);
    if (!checked) {
      return fail(checked.error());
    }
    row.description = *request.description;
  }
  Outcome<ChapPair> chap = changed_chap(core, chap_owner(row), {row.chap, row.reverse_chap},
                                        {request.chap, request.reverse_chap, request.secret_bytes_max});
  if (!chap) {
    return fail(chap.error());
  }
  row.chap = std::move(chap->forward);
  row.reverse_chap = std::move(chap->reverse);
  return row;
}

Reply<PortalGroup> store(Core& core, catalogue::PortalGroupRow row, std::optional<PortalGroup> before) {
  const Outcome<void> done = co_await core.commit({row});
  if (!done) {
    co_return fail(done.error());
  }
  co_await core.publish();
  const PortalGroup after = core.portal_group_value(row);
  core.events.publish(PortalGroupChanged{std::move(before), after});
  co_return after;
}

Reply<PortalGroup> create_portal_group_locked(Core& core, SetPortalGroup request) {
  if (request.tag == 0) {
    co_return fail(Error{ErrorCode::kInvalidArgument, "The tag of a portal group must be 1 to 65535."});
  }
  if (core.contents.portal_groups.contains(request.tag)) {
    co_return fail(Error{ErrorCode::kAlreadyExists, fmt::format("There is a portal group {} already.", request.tag)});
  }
  if (core.contents.portal_groups.size() >= kPortalGroupsMax) {
    co_return fail(Error{ErrorCode::kNoSpace,
                         fmt::format("There are {} portal groups already, which is the most.", kPortalGroupsMax)});
  }
  catalogue::PortalGroupRow fresh;
  fresh.tag = request.tag;
  const Outcome<catalogue::PortalGroupRow> row = changed_row(core, std::move(fresh), request);
  if (!row) {
    co_return fail(row.error());
  }
  Outcome<PortalGroup> stored = co_await store(core, *row, std::nullopt);
  co_return stored;
}

Reply<PortalGroup> set_portal_group_locked(Core& core, SetPortalGroup request) {
  const Outcome<void> known = check_portal_group(core, request.tag);
  if (!known) {
    co_return fail(known.error());
  }
  const catalogue::PortalGroupRow present = core.contents.portal_groups.at(request.tag);
  const Outcome<catalogue::PortalGroupRow> row = changed_row(core, present, request);
  if (!row) {
    co_return fail(row.error());
  }
  Outcome<PortalGroup> stored = co_await store(core, *row, core.portal_group_value(present));
  co_return stored;
}

/// Why a group must stay; nullopt when it may go.
std::optional<Error> holder_of(const Core& core, const PortalGroup& group) {
  if (group.tag == kFirstPortalGroup) {
    return Error{ErrorCode::kInUse, "Portal group 1 is where every portal begins: it stays."};
  }
  if (!group.portals.empty()) {
    return Error{ErrorCode::kInUse, fmt::format("Portal group {} has the portal {}. Move its portals to another group "
                                                "first.",
                                                group.tag, group.portals.front().to_string())};
  }
  if (!group.targets.empty()) {
    return Error{ErrorCode::kInUse, fmt::format("Target {} is offered at portal group {}. Offer it elsewhere first.",
                                                group.targets.front(), group.tag)};
  }
  for (const auto& [key, redirect] : core.contents.redirects) {
    if (redirect.tag == group.tag) {
      return Error{ErrorCode::kInUse, fmt::format("Target {} redirects logins that come to portal group {}. Take the "
                                                  "redirect away first.",
                                                  core.contents.targets.at(redirect.target).name, group.tag)};
    }
  }
  return std::nullopt;
}

Reply<void> delete_portal_group_locked(Core& core, std::uint16_t tag) {
  const Outcome<void> known = check_portal_group(core, tag);
  if (!known) {
    co_return known;
  }
  const PortalGroup before = core.portal_group_value(core.contents.portal_groups.at(tag));
  const std::optional<Error> held = holder_of(core, before);
  if (held) {
    co_return fail(*held);
  }
  Outcome<void> done = co_await core.commit({catalogue::RemovePortalGroup{tag}});
  if (!done) {
    co_return done;
  }
  co_await core.publish();
  core.events.publish(PortalGroupChanged{before, std::nullopt});
  co_return done;
}

Reply<std::vector<PortalGroup>> list_portal_groups_now(Core& core) {
  std::vector<PortalGroup> groups;
  groups.reserve(core.contents.portal_groups.size());
  for (const auto& [tag, row] : core.contents.portal_groups) {
    groups.push_back(core.portal_group_value(row));
  }
  co_return groups;
}

}  // namespace

Outcome<void> check_portal_group(const Core& core, std::uint16_t tag) {
  if (!core.contents.portal_groups.contains(tag)) {
    return fail(Error{ErrorCode::kNotFound, fmt::format("There is no portal group {}. Make it first.", tag)});
  }
  return {};
}

Reply<std::vector<PortalGroup>> Service::list_portal_groups(security::Principal principal) {
  return core_->look(std::move(principal), list_portal_groups_now(*core_));
}

Reply<PortalGroup> Service::create_portal_group(security::Principal principal, SetPortalGroup request) {
  Action action{security::Permission::kControlServices, "portal_group.create", object_of(request.tag)};
  return core_->change(std::move(principal), std::move(action), create_portal_group_locked(*core_, std::move(request)));
}

Reply<PortalGroup> Service::set_portal_group(security::Principal principal, SetPortalGroup request) {
  Action action{security::Permission::kControlServices, "portal_group.set", object_of(request.tag)};
  return core_->change(std::move(principal), std::move(action), set_portal_group_locked(*core_, std::move(request)));
}

Reply<void> Service::delete_portal_group(security::Principal principal, std::uint16_t tag) {
  Action action{security::Permission::kControlServices, "portal_group.delete", object_of(tag)};
  return core_->change(std::move(principal), std::move(action), delete_portal_group_locked(*core_, tag));
}

}  // namespace lunaria::service
