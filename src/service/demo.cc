// The first disk, for people who try Lunaria out.

#include <algorithm>

#include "service/core.h"

namespace lunaria::service {
namespace {

bool is_loopback_only(const Core& core) {
  return std::all_of(core.contents.portals.begin(), core.contents.portals.end(), [](const auto& entry) {
    const std::optional<IpAddress> address = IpAddress::parse(entry.first);
    return !entry.second.listen || (address && address->is_loopback());
  });
}

Reply<Demo> make_demo(Core& core, std::uint64_t size) {
  if (!is_loopback_only(core)) {
    co_return fail(Error{ErrorCode::kInvalidArgument,
                         "The demo target lets everyone in, and a portal listens beyond this machine. Let the portals "
                         "listen on 127.0.0.1 or ::1 only, or make a target with access rules."});
  }
  CreateDisk disk_request;
  disk_request.name = "demo";
  disk_request.size = size;
  disk_request.description = "The first disk, made by --demo";
  const Outcome<Disk> disk =
      co_await create_disk_locked(core, std::move(disk_request), security::internal_principal().role);
  if (!disk) {
    co_return fail(disk.error());
  }
  CreateTarget target_request;
  target_request.name = "demo";
  target_request.description = "The first target, made by --demo";
  const Outcome<Target> target = co_await create_target_locked(core, std::move(target_request));
  if (!target) {
    co_return fail(target.error());
  }
  const Outcome<AccessRule> rule = co_await add_access_rule_locked(core, target->id, {AccessMethod::kIqn, "*"});
  if (!rule) {
    co_return fail(rule.error());
  }
  const Outcome<Mapping> mapping = co_await map_disk_locked(core, {target->id, disk->id, std::nullopt, false});
  if (!mapping) {
    co_return fail(mapping.error());
  }
  co_return Demo{core.disk_value(*core.disk(disk->id)), core.target_value(*core.target(target->id)), true};
}

Reply<Demo> ensure_demo_locked(Core& core, std::uint64_t size) {
  if (core.contents.disks.empty() && core.contents.targets.empty()) {
    Outcome<Demo> made = co_await make_demo(core, size);
    co_return made;
  }
  for (const auto& [key, mapping] : core.contents.mappings) {
    co_return Demo{core.disk_value(core.contents.disks.at(mapping.disk)),
                   core.target_value(core.contents.targets.at(mapping.target)), false};
  }
  co_return fail(Error{ErrorCode::kNotFound, "There are disks or targets already, but none is mapped."});
}

}  // namespace

Reply<Demo> Service::ensure_demo(std::uint64_t size) {
  return core_->change(security::internal_principal(), {security::Permission::kChangeStorage, "demo.ensure", "demo"},
                       ensure_demo_locked(*core_, size));
}

}  // namespace lunaria::service
