// Initiators: what is set for one, whatever the target: its own CHAP credentials, and whether it may come at all.

#include <fmt/format.h>

#include "service/chap_rules.h"
#include "service/core.h"
#include "service/event.h"
#include "service/names.h"
#include "service/rate_limit_rules.h"

namespace lunaria::service {
namespace {

Error no_initiator(const std::string& name) {
  return {ErrorCode::kNotFound,
          fmt::format("Nothing is set for initiator {}. That is no hindrance: access rules let it in or not.", name)};
}

/// `row` with the change applied, or what is wrong with it.
Outcome<catalogue::InitiatorRow> changed_row(const Core& core, catalogue::InitiatorRow row,
                                             const SetInitiator& request) {
  if (request.description) {
    const Outcome<void> checked = check_description(*request.description);
    if (!checked) {
      return fail(checked.error());
    }
    row.description = *request.description;
  }
  row.enabled = request.enabled.value_or(row.enabled);
  const Outcome<catalogue::RateLimitColumns> limit = changed_rate_limit(row.rate_limit, request.rate_limit);
  if (!limit) {
    return fail(limit.error());
  }
  row.rate_limit = *limit;
  Outcome<ChapPair> chap = changed_chap(core, chap_owner(row), {row.chap, row.reverse_chap},
                                        {request.chap, request.reverse_chap, request.secret_bytes_max});
  if (!chap) {
    return fail(chap.error());
  }
  row.chap = std::move(chap->forward);
  row.reverse_chap = std::move(chap->reverse);
  return row;
}

Reply<Initiator> store(Core& core, catalogue::InitiatorRow row, std::optional<Initiator> before) {
  const Outcome<void> done = co_await core.commit({row});
  if (!done) {
    co_return fail(done.error());
  }
  co_await core.publish();
  const Initiator after = core.initiator_value(row);
  core.events.publish(InitiatorChanged{std::move(before), after});
  co_return after;
}

Reply<Initiator> create_initiator_locked(Core& core, SetInitiator request) {
  const Outcome<std::string> name = canonical_initiator_name(request.name);
  if (!name) {
    co_return fail(name.error());
  }
  if (core.contents.initiators.contains(*name)) {
    co_return fail(Error{ErrorCode::kAlreadyExists, fmt::format("There is an initiator {} already.", *name)});
  }
  if (core.contents.initiators.size() >= kInitiatorsMax) {
    co_return fail(
        Error{ErrorCode::kNoSpace, fmt::format("There are {} initiators already, which is the most.", kInitiatorsMax)});
  }
  catalogue::InitiatorRow fresh;
  fresh.name = *name;
  fresh.created = core.now();
  const Outcome<catalogue::InitiatorRow> row = changed_row(core, std::move(fresh), request);
  if (!row) {
    co_return fail(row.error());
  }
  Outcome<Initiator> stored = co_await store(core, *row, std::nullopt);
  co_return stored;
}

Reply<Initiator> set_initiator_locked(Core& core, SetInitiator request) {
  const auto found = core.contents.initiators.find(fold_case(request.name));
  if (found == core.contents.initiators.end()) {
    co_return fail(no_initiator(request.name));
  }
  const Outcome<catalogue::InitiatorRow> row = changed_row(core, found->second, request);
  if (!row) {
    co_return fail(row.error());
  }
  Outcome<Initiator> stored = co_await store(core, *row, core.initiator_value(found->second));
  co_return stored;
}

Reply<void> delete_initiator_locked(Core& core, std::string name) {
  const auto found = core.contents.initiators.find(fold_case(name));
  if (found == core.contents.initiators.end()) {
    co_return fail(no_initiator(name));
  }
  const Initiator before = core.initiator_value(found->second);
  Outcome<void> done = co_await core.commit({catalogue::RemoveInitiator{before.name}});
  if (!done) {
    co_return done;
  }
  co_await core.publish();
  core.events.publish(InitiatorChanged{before, std::nullopt});
  co_return done;
}

Reply<std::vector<Initiator>> list_initiators_now(Core& core) {
  co_await core.refresh_sessions();
  std::vector<Initiator> initiators;
  initiators.reserve(core.contents.initiators.size());
  for (const auto& [name, row] : core.contents.initiators) {
    initiators.push_back(core.initiator_value(row));
  }
  co_return initiators;
}

}  // namespace

Reply<std::vector<Initiator>> Service::list_initiators(security::Principal principal) {
  return core_->look(std::move(principal), list_initiators_now(*core_));
}

Reply<Initiator> Service::create_initiator(security::Principal principal, SetInitiator request) {
  Action action{security::Permission::kChangeStorage, "initiator.create", request.name};
  return core_->change(std::move(principal), std::move(action), create_initiator_locked(*core_, std::move(request)));
}

Reply<Initiator> Service::set_initiator(security::Principal principal, SetInitiator request) {
  Action action{security::Permission::kChangeStorage, "initiator.set", request.name};
  return core_->change(std::move(principal), std::move(action), set_initiator_locked(*core_, std::move(request)));
}

Reply<void> Service::delete_initiator(security::Principal principal, std::string name) {
  Action action{security::Permission::kChangeStorage, "initiator.delete", name};
  return core_->change(std::move(principal), std::move(action), delete_initiator_locked(*core_, std::move(name)));
}

}  // namespace lunaria::service
