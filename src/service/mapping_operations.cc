// Mappings: which disk is at which LUN of which target; access rules: who may log in.

#include <fmt/format.h>

#include <algorithm>

#include "service/core.h"
#include "service/names.h"

namespace lunaria::service {
namespace {

std::string object_of(TargetId target, DiskId disk) {
  return fmt::format("target {} disk {}", static_cast<std::uint32_t>(target), static_cast<std::uint32_t>(disk));
}

Outcome<void> check_lun(std::uint16_t lun) {
  if (lun > kLunMax) {
    return fail(Error{ErrorCode::kInvalidArgument, fmt::format("The LUN is {}; it must be 0 to {}.", lun, kLunMax)});
  }
  return {};
}

/// The mapping at a LUN; nullptr when it is free.
const catalogue::MappingRow* holder_of(const Core& core, TargetId target, std::uint16_t lun) {
  for (const catalogue::MappingRow* mapping : core.mappings_of(row_id(target))) {
    if (mapping->lun == lun) {
      return mapping;
    }
  }
  return nullptr;
}

Outcome<void> check_free_lun(const Core& core, TargetId target, std::uint16_t lun) {
  Outcome<void> checked = check_lun(lun);
  const catalogue::MappingRow* holder = checked ? holder_of(core, target, lun) : nullptr;
  if (holder != nullptr) {
    return fail(Error{ErrorCode::kAlreadyExists,
                      fmt::format("LUN {} of target {} is taken by disk {}. Choose another one.", lun,
                                  core.target(target)->name, core.contents.disks.at(holder->disk).name)});
  }
  return checked;
}

Outcome<std::uint16_t> lowest_free_lun(const Core& core, TargetId target) {
  std::set<std::uint16_t> taken;
  for (const catalogue::MappingRow* mapping : core.mappings_of(row_id(target))) {
    taken.insert(mapping->lun);
  }
  std::uint16_t lun = 0;
  for (const std::uint16_t used : taken) {
    if (used != lun) {
      break;
    }
    ++lun;
  }
  if (lun > kLunMax) {
    return fail(Error{ErrorCode::kNoSpace, "Every LUN of the target is taken. Use another target."});
  }
  return lun;
}

Outcome<const catalogue::MappingRow*> find_mapping(const Core& core, TargetId target, DiskId disk) {
  const catalogue::TargetRow* target_row = core.target(target);
  if (target_row == nullptr) {
    return fail(Core::no_target(target));
  }
  const catalogue::DiskRow* disk_row = core.disk(disk);
  if (disk_row == nullptr) {
    return fail(Core::no_disk(disk));
  }
  const auto found = core.contents.mappings.find({row_id(target), row_id(disk)});
  if (found == core.contents.mappings.end()) {
    return fail(Error{ErrorCode::kNotFound,
                      fmt::format("Disk {} is not mapped to target {}.", disk_row->name, target_row->name)});
  }
  return &found->second;
}

Outcome<catalogue::MappingRow> planned_mapping(const Core& core, const MapDisk& request) {
  const catalogue::TargetRow* target = core.target(request.target);
  if (target == nullptr) {
    return fail(Core::no_target(request.target));
  }
  const catalogue::DiskRow* disk = core.disk(request.disk);
  if (disk == nullptr) {
    return fail(Core::no_disk(request.disk));
  }
  const auto present = core.contents.mappings.find({target->id, disk->id});
  if (present != core.contents.mappings.end()) {
    return fail(Error{ErrorCode::kAlreadyExists, fmt::format("Disk {} is mapped to target {} already, at LUN {}.",
                                                             disk->name, target->name, present->second.lun)});
  }
  const Outcome<std::uint16_t> lun =
      request.lun ? Outcome<std::uint16_t>(*request.lun) : lowest_free_lun(core, request.target);
  if (!lun) {
    return fail(lun.error());
  }
  const Outcome<void> free = check_free_lun(core, request.target, *lun);
  if (!free) {
    return fail(free.error());
  }
  return catalogue::MappingRow{target->id, disk->id, *lun, request.read_only};
}

Reply<Mapping> set_mapping_locked(Core& core, SetMapping request) {
  const Outcome<const catalogue::MappingRow*> present = find_mapping(core, request.target, request.disk);
  if (!present) {
    co_return fail(present.error());
  }
  const Mapping before = core.mapping_value(**present);
  catalogue::MappingRow row = **present;
  if (request.lun && *request.lun != row.lun) {
    const Outcome<void> free = check_free_lun(core, request.target, *request.lun);
    if (!free) {
      co_return fail(free.error());
    }
    row.lun = *request.lun;
  }
  row.read_only = request.read_only.value_or(row.read_only);
  const Outcome<void> done = co_await core.commit({row});
  if (!done) {
    co_return fail(done.error());
  }
  co_await core.publish();
  const Mapping after = core.mapping_value(row);
  core.events.publish(MappingChanged{before, after});
  co_return after;
}

Reply<void> unmap_disk_locked(Core& core, TargetId target, DiskId disk) {
  const Outcome<const catalogue::MappingRow*> present = find_mapping(core, target, disk);
  if (!present) {
    co_return fail(present.error());
  }
  const Mapping before = core.mapping_value(**present);
  Outcome<void> done = co_await core.commit({catalogue::RemoveMapping{row_id(target), row_id(disk)}});
  if (!done) {
    co_return done;
  }
  co_await core.publish();
  core.events.publish(MappingChanged{before, std::nullopt});
  co_return done;
}

Reply<std::size_t> unmap_all_locked(Core& core, TargetId id) {
  const catalogue::TargetRow* row = core.target(id);
  if (row == nullptr) {
    co_return fail(Core::no_target(id));
  }
  const std::vector<Mapping> before = core.target_value(*row).mappings;
  if (before.empty()) {
    co_return std::size_t{0};
  }
  catalogue::Changes changes;
  for (const Mapping& mapping : before) {
    changes.push_back(catalogue::RemoveMapping{row_id(mapping.target), row_id(mapping.disk)});
  }
  const Outcome<void> done = co_await core.commit(std::move(changes));
  if (!done) {
    co_return fail(done.error());
  }
  co_await core.publish();
  for (const Mapping& mapping : before) {
    core.events.publish(MappingChanged{mapping, std::nullopt});
  }
  co_return before.size();
}

Reply<std::vector<Mapping>> list_mappings_now(Core& core) {
  std::vector<Mapping> mappings;
  mappings.reserve(core.contents.mappings.size());
  for (const auto& [key, row] : core.contents.mappings) {
    mappings.push_back(core.mapping_value(row));
  }
  std::sort(mappings.begin(), mappings.end(), [](const Mapping& left, const Mapping& right) {
    return std::pair(left.target, left.lun) < std::pair(right.target, right.lun);
  });
  co_return mappings;
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
  co_await core.publish();
  core.events.publish(AccessRuleChanged{target, name, {AccessRule{rule.method, value}, std::nullopt}});
  co_return done;
}

}  // namespace

Reply<Mapping> map_disk_locked(Core& core, MapDisk request) {
  const Outcome<catalogue::MappingRow> row = planned_mapping(core, request);
  if (!row) {
    co_return fail(row.error());
  }
  const Outcome<void> done = co_await core.commit({*row});
  if (!done) {
    co_return fail(done.error());
  }
  co_await core.publish();
  const Mapping mapping = core.mapping_value(*row);
  core.events.publish(MappingChanged{std::nullopt, mapping});
  co_return mapping;
}

Reply<AccessRule> add_access_rule_locked(Core& core, TargetId target, AccessRule rule) {
  const catalogue::TargetRow* row = core.target(target);
  if (row == nullptr) {
    co_return fail(Core::no_target(target));
  }
  const Outcome<AccessRule> canonical = canonical_rule(rule);
  if (!canonical) {
    co_return fail(canonical.error());
  }
  const catalogue::AccessRuleRow added{row->id, static_cast<std::uint8_t>(canonical->method), canonical->value};
  if (core.contents.access.contains(added)) {
    co_return fail(Error{ErrorCode::kAlreadyExists,
                         fmt::format("Target {} has a rule for {} already.", row->name, canonical->value)});
  }
  const std::string name = row->name;
  const Outcome<void> done = co_await core.commit({added});
  if (!done) {
    co_return fail(done.error());
  }
  co_await core.publish();
  core.events.publish(AccessRuleChanged{target, name, {std::nullopt, *canonical}});
  co_return *canonical;
}

Reply<Mapping> Service::map_disk(security::Principal principal, MapDisk request) {
  Action action{security::Permission::kChangeStorage, "mapping.create", object_of(request.target, request.disk)};
  return core_->change(std::move(principal), std::move(action), map_disk_locked(*core_, request));
}

Reply<Mapping> Service::set_mapping(security::Principal principal, SetMapping request) {
  Action action{security::Permission::kChangeStorage, "mapping.set", object_of(request.target, request.disk)};
  return core_->change(std::move(principal), std::move(action), set_mapping_locked(*core_, request));
}

Reply<void> Service::unmap_disk(security::Principal principal, TargetId target, DiskId disk) {
  Action action{security::Permission::kChangeStorage, "mapping.delete", object_of(target, disk)};
  return core_->change(std::move(principal), std::move(action), unmap_disk_locked(*core_, target, disk));
}

Reply<std::size_t> Service::unmap_all(security::Principal principal, TargetId target) {
  Action action{security::Permission::kChangeStorage, "mapping.delete_all",
                fmt::format("target {}", static_cast<std::uint32_t>(target))};
  return core_->change(std::move(principal), std::move(action), unmap_all_locked(*core_, target));
}

Reply<std::vector<Mapping>> Service::list_mappings(security::Principal principal) {
  return core_->look(std::move(principal), list_mappings_now(*core_));
}

Reply<AccessRule> Service::add_access_rule(security::Principal principal, TargetId target, AccessRule rule) {
  Action action{security::Permission::kChangeStorage, "access.add",
                fmt::format("target {} {}", static_cast<std::uint32_t>(target), rule.value)};
  return core_->change(std::move(principal), std::move(action),
                       add_access_rule_locked(*core_, target, std::move(rule)));
}

Reply<void> Service::remove_access_rule(security::Principal principal, TargetId target, AccessRule rule) {
  Action action{security::Permission::kChangeStorage, "access.remove",
                fmt::format("target {} {}", static_cast<std::uint32_t>(target), rule.value)};
  return core_->change(std::move(principal), std::move(action),
                       remove_access_rule_locked(*core_, target, std::move(rule)));
}

}  // namespace lunaria::service
