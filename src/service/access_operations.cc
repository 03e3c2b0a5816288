// Access rules: who may log in; and the DNS names in them, looked after in the background.

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "service/core.h"
#include "service/event.h"
#include "service/names.h"

namespace lunaria::service {
namespace {

std::string object_of(TargetId target, const AccessRule& rule) {
  return fmt::format("target {} {}", static_cast<std::uint32_t>(target), rule.value);
}

std::string text_of(const std::vector<IpAddress>& addresses) {
  std::string text;
  for (const IpAddress& address : addresses) {
    text += (text.empty() ? "" : " ") + address.to_string();
  }
  return text;
}

std::vector<IpAddress> addresses_of(std::string_view text) {
  std::vector<IpAddress> addresses;
  while (!text.empty()) {
    const std::string_view word = text.substr(0, text.find(' '));
    if (const std::optional<IpAddress> address = IpAddress::parse(word)) {
      addresses.push_back(*address);
    }
    text.remove_prefix(std::min(text.size(), word.size() + 1));
  }
  return addresses;
}

std::set<std::string> names_in_rules(const Core& core) {
  std::set<std::string> names;
  for (const catalogue::AccessRuleRow& rule : core.contents.access) {
    if (static_cast<AccessMethod>(rule.method) == AccessMethod::kDnsName) {
      names.insert(rule.value);
    }
  }
  return names;
}

void keep_names_in_rules(Core& core) {
  const std::set<std::string> names = names_in_rules(core);
  core.host_names.keep({names.begin(), names.end()});
}

/// Takes answers in. What it returns is to be committed: names that mean other addresses than they did.
catalogue::Changes learn(Core& core, const std::vector<NameAnswer>& answers) {
  catalogue::Changes changes;
  for (const NameAnswer& answer : answers) {
    const KnownHost* before = core.host_names.find(answer.name);
    const std::string failure_before = before == nullptr ? std::string() : before->failure;
    const bool is_new = core.host_names.learn(answer);
    const KnownHost* known = core.host_names.find(answer.name);
    if (known == nullptr) {
      continue;
    }
    const std::string addresses = text_of(known->addresses);
    if (is_new) {
      core.environment.log.info("service.host_name", {{"name", answer.name}, {"addresses", addresses}});
      changes.push_back(catalogue::HostAddressRow{answer.name, addresses});
    }
    if (!known->failure.empty() && known->failure != failure_before) {
      core.environment.log.warning("service.host_name_unknown",
                                   {{"name", answer.name}, {"reason", known->failure}, {"still_meaning", addresses}});
    }
  }
  return changes;
}

runtime::Task<void> learn_and_publish(Core& core, std::vector<NameAnswer> answers) {
  const runtime::AsyncMutex::Lock lock = co_await core.mutex.acquire();
  const catalogue::Changes changes = learn(core, answers);
  if (changes.empty()) {
    co_return;
  }
  // In force even if it cannot be kept: after a restart the names are asked for anew.
  const Outcome<void> kept = co_await core.commit(changes);
  if (!kept) {
    core.environment.log.warning("service.host_name_not_kept", {{"reason", kept.error().message}});
  }
  co_await core.publish();
}

Outcome<catalogue::AccessRuleRow> planned_rule(const Core& core, TargetId target, const AccessRule& rule) {
  const catalogue::TargetRow* row = core.target(target);
  if (row == nullptr) {
    return fail(Core::no_target(target));
  }
  const Outcome<AccessRule> canonical = canonical_rule(rule);
  if (!canonical) {
    return fail(canonical.error());
  }
  catalogue::AccessRuleRow added{row->id, static_cast<std::uint8_t>(canonical->method), canonical->value};
  if (core.contents.access.contains(added)) {
    return fail(Error{ErrorCode::kAlreadyExists,
                      fmt::format("Target {} has a rule for {} already.", row->name, canonical->value)});
  }
  if (core.rules_of(row->id).size() >= kAccessRulesPerTargetMax) {
    return fail(Error{ErrorCode::kNoSpace,
                      fmt::format("Target {} has {} rules already, which is the most. Prefixes such as 192.0.2.0/24 "
                                  "say in one rule what many addresses say.",
                                  row->name, kAccessRulesPerTargetMax)});
  }
  const bool is_new_name =
      canonical->method == AccessMethod::kDnsName && core.host_names.find(canonical->value) == nullptr;
  if (is_new_name && names_in_rules(core).size() >= kHostNamesMax) {
    return fail(Error{ErrorCode::kNoSpace, fmt::format("The rules of this server hold {} DNS names already, which is "
                                                       "the most. Use addresses or initiator names.",
                                                       kHostNamesMax)});
  }
  return added;
}

Reply<void> remove_access_rule_locked(Core& core, TargetId target, AccessRule rule) {
  const catalogue::TargetRow* row = core.target(target);
  if (row == nullptr) {
    co_return fail(Core::no_target(target));
  }
  const Outcome<AccessRule> canonical = canonical_rule(rule);
  const std::string value = canonical ? canonical->value : rule.value;
  const catalogue::AccessRuleRow present{row->id, static_cast<std::uint8_t>(rule.method), value};
  if (!core.contents.access.contains(present)) {
    co_return fail(Error{ErrorCode::kNotFound, fmt::format("Target {} has no rule for {}.", row->name, value)});
  }
  const std::string name = row->name;
  Outcome<void> done = co_await core.commit({catalogue::RemoveAccessRule{present}});
  if (!done) {
    co_return done;
  }
  keep_host_names(core);
  co_await core.publish();
  core.events.publish(AccessRuleChanged{target, name, {AccessRule{rule.method, value}, std::nullopt}});
  co_return done;
}

/// Asks for a new name before anything is locked, so that a silent name service holds nobody else up.
Reply<AccessRule> add_access_rule_now(Core& core, TargetId target, AccessRule rule) {
  const Outcome<catalogue::AccessRuleRow> planned = planned_rule(core, target, rule);
  if (!planned) {
    co_return fail(planned.error());
  }
  std::vector<NameAnswer> answers;
  const bool is_new_name = rule.method == AccessMethod::kDnsName && core.host_names.find(planned->value) == nullptr;
  if (is_new_name) {
    const runtime::AsyncMutex::Lock turn = co_await core.lookup_mutex.acquire();
    const std::vector<std::string> names = {planned->value};
    answers =
        co_await runtime::run_blocking(core.environment.shard, [&] { return core.environment.names.resolve(names); });
  }
  const runtime::AsyncMutex::Lock lock = co_await core.mutex.acquire();
  Outcome<AccessRule> added = co_await add_access_rule_locked(core, target, std::move(rule), std::move(answers));
  co_return added;
}

Reply<std::vector<AccessEntry>> list_access_now(Core& core) {
  std::vector<AccessEntry> entries;
  entries.reserve(core.contents.access.size());
  for (const catalogue::AccessRuleRow& row : core.contents.access) {
    AccessEntry entry{.target = value_id(row.target),
                      .target_name = core.contents.targets.at(row.target).name,
                      .rule = {static_cast<AccessMethod>(row.method), row.value},
                      .addresses = {},
                      .confirmed = std::nullopt,
                      .failure = {}};
    const bool is_name = entry.rule.method == AccessMethod::kDnsName;
    if (const KnownHost* host = is_name ? core.host_names.find(row.value) : nullptr) {
      entry.addresses = host->addresses;
      entry.confirmed = host->confirmed;
      entry.failure = host->failure;
    }
    entries.push_back(std::move(entry));
  }
  co_return entries;
}

}  // namespace

void keep_host_names(Core& core) {
  keep_names_in_rules(core);
  core.host_names.look_again();
}

void recall_host_names(Core& core) {
  for (const auto& [name, row] : core.contents.host_addresses) {
    core.host_names.recall(name, addresses_of(row.addresses));
  }
  keep_host_names(core);
}

runtime::Task<void> refresh_host_names(Core& core) {
  for (;;) {
    const std::vector<std::string> names = co_await core.host_names.due();
    if (names.empty()) {
      co_return;
    }
    std::vector<NameAnswer> answers =
        co_await runtime::run_blocking(core.environment.shard, [&] { return core.environment.names.resolve(names); });
    if (core.host_names.is_stopped()) {
      co_return;
    }
    co_await learn_and_publish(core, std::move(answers));
  }
}

Reply<AccessRule> add_access_rule_locked(Core& core, TargetId target, AccessRule rule,
                                         std::vector<NameAnswer> answers) {
  const Outcome<catalogue::AccessRuleRow> added = planned_rule(core, target, rule);
  if (!added) {
    co_return fail(added.error());
  }
  const Outcome<void> done = co_await core.commit({*added});
  if (!done) {
    co_return fail(done.error());
  }
  keep_names_in_rules(core);
  const catalogue::Changes learned = learn(core, answers);
  const Outcome<void> kept = learned.empty() ? Outcome<void>() : co_await core.commit(learned);
  if (!kept) {
    core.environment.log.warning("service.host_name_not_kept", {{"reason", kept.error().message}});
  }
  core.host_names.look_again();
  co_await core.publish();
  const AccessRule canonical{static_cast<AccessMethod>(added->method), added->value};
  core.events.publish(AccessRuleChanged{target, core.target(target)->name, {std::nullopt, canonical}});
  co_return canonical;
}

Reply<AccessRule> Service::add_access_rule(security::Principal principal, TargetId target, AccessRule rule) {
  Action action{security::Permission::kChangeStorage, "access.add", object_of(target, rule)};
  return core_->change_unlocked(std::move(principal), std::move(action),
                                add_access_rule_now(*core_, target, std::move(rule)));
}

Reply<void> Service::remove_access_rule(security::Principal principal, TargetId target, AccessRule rule) {
  Action action{security::Permission::kChangeStorage, "access.remove", object_of(target, rule)};
  return core_->change(std::move(principal), std::move(action),
                       remove_access_rule_locked(*core_, target, std::move(rule)));
}

Reply<std::vector<AccessEntry>> Service::list_access(security::Principal principal) {
  return core_->look(std::move(principal), list_access_now(*core_));
}

}  // namespace lunaria::service
