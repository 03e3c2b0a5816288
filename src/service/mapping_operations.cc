// Mappings: which disk is at which LUN of which target, and who sees it.

#include <fmt/format.h>

#include <algorithm>

#include "service/core.h"
#include "service/event.h"
#include "service/lun_plan.h"
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

std::vector<Mapping> mapping_values(const Core& core, TargetId target) {
  std::vector<Mapping> mappings;
  for (const catalogue::MappingRow* row : core.mappings_of(row_id(target))) {
    mappings.push_back(core.mapping_value(*row));
  }
  return mappings;
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
  const std::vector<Mapping> others = mapping_values(core, request.target);
  const Outcome<std::uint16_t> lun = request.lun ? Outcome<std::uint16_t>(*request.lun) : lowest_free_lun(others);
  if (!lun) {
    return fail(lun.error());
  }
  catalogue::MappingRow row{target->id, disk->id, *lun, request.read_only, request.named_only};
  const Outcome<void> in_range = check_lun(*lun);
  const Outcome<void> free = in_range ? check_luns(core.mapping_value(row), others) : in_range;
  if (!free) {
    return fail(free.error());
  }
  return row;
}

/// Commits the row of a mapping that is there, brings it into force and tells of it.
Reply<Mapping> change_mapping(Core& core, Mapping before, Mapping planned, catalogue::Changes changes) {
  const Outcome<void> free = check_luns(planned, mapping_values(core, planned.target));
  if (!free) {
    co_return fail(free.error());
  }
  const Outcome<void> done = co_await core.commit(std::move(changes));
  if (!done) {
    co_return fail(done.error());
  }
  co_await core.publish();
  const Mapping after = core.mapping_value(core.contents.mappings.at({row_id(planned.target), row_id(planned.disk)}));
  core.events.publish(MappingChanged{std::move(before), after});
  co_return after;
}

Reply<Mapping> set_mapping_locked(Core& core, SetMapping request) {
  const Outcome<const catalogue::MappingRow*> present = find_mapping(core, request.target, request.disk);
  if (!present) {
    co_return fail(present.error());
  }
  catalogue::MappingRow row = **present;
  row.lun = request.lun.value_or(row.lun);
  row.read_only = request.read_only.value_or(row.read_only);
  row.named_only = request.named_only.value_or(row.named_only);
  const Outcome<void> in_range = check_lun(row.lun);
  if (!in_range) {
    co_return fail(in_range.error());
  }
  Outcome<Mapping> changed =
      co_await change_mapping(core, core.mapping_value(**present), core.mapping_value(row), {row});
  co_return changed;
}

Reply<Mapping> set_mapping_initiator_locked(Core& core, SetMappingInitiator request) {
  const Outcome<const catalogue::MappingRow*> present = find_mapping(core, request.target, request.disk);
  if (!present) {
    co_return fail(present.error());
  }
  const Outcome<std::string> name = canonical_initiator_name(request.initiator);
  if (!name) {
    co_return fail(name.error());
  }
  const Outcome<void> in_range = check_lun(request.lun.value_or(0));
  if (!in_range) {
    co_return fail(in_range.error());
  }
  const Mapping before = core.mapping_value(**present);
  Mapping planned = before;
  std::erase_if(planned.initiators, [&](const MappingInitiator& each) { return each.initiator == *name; });
  if (planned.initiators.size() >= kInitiatorsPerMappingMax) {
    co_return fail(Error{ErrorCode::kNoSpace, fmt::format("The mapping names {} initiators already, which is the most.",
                                                          kInitiatorsPerMappingMax)});
  }
  planned.initiators.push_back({*name, request.lun, request.read_only});
  std::ranges::sort(planned.initiators, {}, &MappingInitiator::initiator);
  catalogue::MappingInitiatorRow row{row_id(request.target), row_id(request.disk), *name, request.lun,
                                     request.read_only};
  Outcome<Mapping> changed = co_await change_mapping(core, before, std::move(planned), {std::move(row)});
  co_return changed;
}

Reply<Mapping> remove_mapping_initiator_locked(Core& core, TargetId target, DiskId disk, std::string initiator) {
  const Outcome<const catalogue::MappingRow*> present = find_mapping(core, target, disk);
  if (!present) {
    co_return fail(present.error());
  }
  const Mapping before = core.mapping_value(**present);
  Mapping planned = before;
  const std::string name = fold_case(initiator);
  const auto removed =
      std::erase_if(planned.initiators, [&](const MappingInitiator& each) { return each.initiator == name; });
  if (removed == 0) {
    co_return fail(Error{ErrorCode::kNotFound, fmt::format("The mapping of disk {} to target {} does not name {}.",
                                                           before.disk_name, before.target_name, initiator)});
  }
  Outcome<Mapping> changed = co_await change_mapping(
      core, before, std::move(planned), {catalogue::RemoveMappingInitiator{row_id(target), row_id(disk), name}});
  co_return changed;
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

Reply<Mapping> Service::map_disk(security::Principal principal, MapDisk request) {
  Action action{security::Permission::kChangeStorage, "mapping.create", object_of(request.target, request.disk)};
  return core_->change(std::move(principal), std::move(action), map_disk_locked(*core_, request));
}

Reply<Mapping> Service::set_mapping(security::Principal principal, SetMapping request) {
  Action action{security::Permission::kChangeStorage, "mapping.set", object_of(request.target, request.disk)};
  return core_->change(std::move(principal), std::move(action), set_mapping_locked(*core_, request));
}

Reply<Mapping> Service::set_mapping_initiator(security::Principal principal, SetMappingInitiator request) {
  Action action{security::Permission::kChangeStorage, "mapping.set_initiator",
                fmt::format("{} initiator {}", object_of(request.target, request.disk), request.initiator)};
  return core_->change(std::move(principal), std::move(action),
                       set_mapping_initiator_locked(*core_, std::move(request)));
}

Reply<Mapping> Service::remove_mapping_initiator(security::Principal principal, TargetId target, DiskId disk,
                                                 std::string initiator) {
  Action action{security::Permission::kChangeStorage, "mapping.remove_initiator",
                fmt::format("{} initiator {}", object_of(target, disk), initiator)};
  return core_->change(std::move(principal), std::move(action),
                       remove_mapping_initiator_locked(*core_, target, disk, std::move(initiator)));
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

}  // namespace lunaria::service
