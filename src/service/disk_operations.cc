// Disks: making, adopting, changing, resizing, forgetting.

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <vector>

#include "base/hex.h"
#include "service/core.h"
#include "service/disk_identity.h"
#include "service/disk_keys.h"
#include "service/disk_rows.h"
#include "service/event.h"
#include "service/image_place.h"
#include "service/names.h"
#include "service/rate_limit_rules.h"

namespace lunaria::service {
namespace {

std::string object_of(DiskId id) {
  return fmt::format("disk {}", static_cast<std::uint32_t>(id));
}

scsi::UnitOptions options_of(const catalogue::DiskRow& row) {
  return {.read_only = row.read_only,
          .removable = row.removable,
          .rate_limit = rate_limit_value(row.rate_limit),
          .space_threshold = row.space_threshold,
          .used_threshold = row.used_threshold};
}

/// Where an image grows up: beside its final place, under a name that nobody else uses.
std::string temporary_path(const catalogue::DiskRow& row) {
  const std::string unique = to_hex(std::as_bytes(std::span(row.guid.bytes).first(8)));
  return fmt::format("{}/.lunaria-{}.new", std::filesystem::path(row.path).parent_path().native(), unique);
}

Outcome<void> make_image(VolumeStore& volumes, StoreSpec spec, const std::string& temporary) {
  const std::string path = std::exchange(spec.path, temporary);
  if (volumes.examine(path)) {
    return fail(Error{ErrorCode::kAlreadyExists,
                      fmt::format("There is a file {} already. Import it, or choose another path.", path)});
  }
  spec.read_only = false;
  Outcome<void> made = volumes.create(spec);
  if (!made) {
    return made;
  }
  Outcome<void> renamed = volumes.rename(temporary, path);
  if (!renamed) {
    (void)volumes.remove(temporary);  // the intent stays until the next start should this fail
  }
  return renamed;
}

/// Makes the image of a new row and records both; nothing is left of either on failure.
Reply<void> make_disk(Core& core, catalogue::DiskRow row, bool encrypted) {
  const std::string temporary = temporary_path(row);
  const catalogue::IntentId intent = next_id(core.contents.last_intent);
  catalogue::Changes first = {
      row, catalogue::IntentRow{intent, catalogue::IntentKind::kMakeImage, row.id, temporary, core.now()}};
  if (encrypted) {
    first.emplace_back(sealed_key(core, row.id, new_disk_key(core)));
  }
  Outcome<void> intended = co_await core.commit(std::move(first));
  if (!intended) {
    co_return intended;
  }
  const StoreSpec spec = core.store_spec(row);
  VolumeStore& volumes = core.environment.volumes;
  Outcome<void> made =
      co_await runtime::run_blocking(core.environment.shard, [&] { return make_image(volumes, spec, temporary); });
  catalogue::Changes changes = {catalogue::RemoveIntent{intent}};
  if (!made) {
    changes.push_back(catalogue::RemoveDisk{row.id});
  }
  Outcome<void> recorded = co_await core.commit(std::move(changes));
  if (!made) {
    co_return made;
  }
  co_return recorded;
}

/// place_of_image() on a worker thread.
Reply<std::string> placed(Core& core, std::string path, security::Role role) {
  VolumeStore& volumes = core.environment.volumes;
  Outcome<std::string> place = co_await runtime::run_blocking(
      core.environment.shard, [&] { return place_of_image(volumes, path, core.settings, role); });
  co_return place;
}

/// kAlreadyExists when a disk has that file, by whatever name.
Reply<void> check_not_served(Core& core, std::string path) {
  std::vector<std::pair<std::string, std::string>> images;
  for (const auto& [id, row] : core.contents.disks) {
    if (!row.path.empty()) {
      images.emplace_back(row.path, row.name);
    }
  }
  VolumeStore& volumes = core.environment.volumes;
  const auto same = co_await runtime::run_blocking(core.environment.shard, [&] {
    return std::ranges::find_if(images, [&](const auto& image) { return volumes.are_same(image.first, path); });
  });
  if (same != images.end()) {
    co_return fail(Error{ErrorCode::kAlreadyExists, fmt::format("{} belongs to disk {} already.", path, same->second)});
  }
  co_return Outcome<void>();
}

/// What there is to import, unless somebody else has it.
Outcome<StoreFacts> examine_unused(VolumeStore& volumes, const std::string& path) {
  Outcome<StoreFacts> facts = volumes.examine(path);
  if (!facts) {
    return facts;
  }
  if (const Outcome<void> unused = volumes.check_unused(path); !unused) {
    return fail(unused.error());
  }
  return facts;
}

Reply<Disk> import_disk_locked(Core& core, ImportDisk request, security::Role role) {
  Outcome<std::string> place = co_await placed(core, request.path, role);
  if (!place) {
    co_return fail(place.error());
  }
  request.path = *std::move(place);
  if (const Outcome<void> checked = co_await check_not_served(core, request.path); !checked) {
    co_return fail(checked.error());
  }
  Outcome<catalogue::DiskRow> row = planned_import_row(core, request);
  if (!row) {
    co_return fail(row.error());
  }
  VolumeStore& volumes = core.environment.volumes;
  const Outcome<StoreFacts> facts =
      co_await runtime::run_blocking(core.environment.shard, [&] { return examine_unused(volumes, request.path); });
  if (!facts) {
    co_return fail(facts.error());
  }
  const Outcome<void> checked = check_import_size(request, *facts);
  if (!checked) {
    co_return fail(checked.error());
  }
  row->size = facts->size;
  row->kind = to_string(facts->allocated_size >= facts->size ? DiskKind::kPreallocated : DiskKind::kThin);
  const Outcome<void> done = co_await core.commit({*row});
  if (!done) {
    co_return fail(done.error());
  }
  const DiskId id = value_id(row->id);
  core.allocated_sizes[id] = facts->allocated_size;
  co_await serve_disk(core, id);
  const Disk disk = core.disk_value(*core.disk(id));
  core.events.publish(DiskChanged{std::nullopt, disk});
  co_return disk;
}

/// Asks the files how much space they take.
runtime::Task<void> refresh_allocated(Core& core, std::optional<DiskId> only) {
  std::vector<std::pair<DiskId, std::string>> paths;
  for (const auto& [id, row] : core.contents.disks) {
    if (!row.path.empty() && (!only || *only == value_id(id))) {
      paths.emplace_back(value_id(id), row.path);
    }
  }
  VolumeStore& volumes = core.environment.volumes;
  const std::vector<std::uint64_t> sizes = co_await runtime::run_blocking(core.environment.shard, [&] {
    std::vector<std::uint64_t> found;
    for (const auto& [id, path] : paths) {
      const Outcome<StoreFacts> facts = volumes.examine(path);
      found.push_back(facts ? facts->allocated_size : 0);
    }
    return found;
  });
  for (std::size_t index = 0; index < paths.size(); ++index) {
    core.allocated_sizes[paths[index].first] = sizes[index];
  }
}

Reply<std::vector<Disk>> list_disks_now(Core& core) {
  co_await core.refresh_sessions();
  co_await refresh_allocated(core, std::nullopt);
  std::vector<Disk> disks;
  const Core::MappingIndex index = core.mappings_by_disk();
  for (const auto& [id, row] : core.contents.disks) {
    if (!core.is_being_made(id)) {
      disks.push_back(core.disk_value(row, index));
    }
  }
  co_return disks;
}

Reply<Disk> get_disk_now(Core& core, DiskId id) {
  co_await core.refresh_sessions();
  co_await refresh_allocated(core, id);
  const catalogue::DiskRow* row = core.disk(id);
  if (row == nullptr) {
    co_return fail(Core::no_disk(id));
  }
  co_return core.disk_value(*row);
}

Reply<Disk> find_disk_now(Core& core, std::string name) {
  const catalogue::DiskRow* row = disk_row_by_name(core, name);
  if (row == nullptr || core.is_being_made(row->id)) {
    co_return fail(Error{ErrorCode::kNotFound, fmt::format("There is no disk named {}.", name)});
  }
  Outcome<Disk> disk = co_await get_disk_now(core, value_id(row->id));
  co_return disk;
}

/// Whether the image must be opened anew. A RAM disk's blocks are in its volume, which must not be exchanged for an
/// empty one.
bool has_other_access(const catalogue::DiskRow& old, const catalogue::DiskRow& row) {
  return old.read_only != row.read_only && row.kind != to_string(DiskKind::kRam);
}

/// Keeps a SANITIZE or FORMAT UNIT from beginning while the volume is exchanged; kInUse when one runs: it may be ended
/// by nothing but its own end (SBC-4 4.11), and blocks that come or go meanwhile would be left out.
Reply<void> hold_erasures(Core& core, DiskId id, std::string name) {
  const std::optional<scsi::RunningErasure> running = co_await core.environment.data_plane.hold_erasures(id);
  if (running) {
    co_return fail(Error{ErrorCode::kInUse,
                         fmt::format("An initiator has disk {} erased ({}, {} % done). Try again when that has ended.",
                                     name, running->is_sanitize ? "SANITIZE" : "FORMAT UNIT", running->percent)});
  }
  co_return Outcome<void>();
}

/// Records a changed row and puts it in force.
Reply<void> apply_row(Core& core, SetDisk request, catalogue::DiskRow old, catalogue::DiskRow row) {
  Outcome<void> done = co_await core.commit({row});
  if (!done) {
    co_return done;
  }
  if (options_of(old) != options_of(row)) {
    co_await core.environment.data_plane.set_unit_options(request.id, options_of(row));
  }
  const bool tries_again = request.enabled.value_or(false) && core.failures.contains(request.id);
  if (tries_again) {
    done = co_await clear_failure(core, request.id);
    if (!done) {
      co_return done;
    }
  }
  if (old.enabled != row.enabled || tries_again || has_other_access(old, row)) {
    co_await reopen_disk(core, request.id);
  }
  co_return done;
}

Reply<Disk> set_disk_locked(Core& core, SetDisk request) {
  const Outcome<catalogue::DiskRow> row = changed_disk_row(core, request);
  if (!row) {
    co_return fail(row.error());
  }
  const catalogue::DiskRow old = *core.disk(request.id);
  const Disk before = core.disk_value(old);
  // A disk may be disabled at any time, which is as if it were unplugged; an erasure then has failed.
  const bool holds = has_other_access(old, *row) && row->enabled;
  if (holds) {
    const Outcome<void> held = co_await hold_erasures(core, request.id, old.name);
    if (!held) {
      co_return fail(held.error());
    }
  }
  const DiskId id = request.id;
  const Outcome<void> done = co_await apply_row(core, std::move(request), old, *row);
  if (holds) {
    co_await core.environment.data_plane.release_erasures(id);
  }
  if (!done) {
    co_return fail(done.error());
  }
  const Disk after = core.disk_value(*core.disk(id));
  core.events.publish(DiskChanged{before, after});
  co_return after;
}

/// Growing: file first, then the row. Shrinking: row first, then the file. So the file is never short of its row, and
/// bringing it to the row's size is right after a crash at any point.
Reply<void> resize_image(Core& core, catalogue::DiskRow row, std::uint64_t size) {
  const catalogue::IntentId intent = next_id(core.contents.last_intent);
  const bool shrinks = size < row.size;
  const StoreSpec spec = core.store_spec(row);
  catalogue::DiskRow resized = row;
  resized.size = size;
  catalogue::Changes first = {
      catalogue::IntentRow{intent, catalogue::IntentKind::kResizeImage, row.id, row.path, core.now()}};
  if (shrinks) {
    first.push_back(resized);
  }
  Outcome<void> intended = co_await core.commit(std::move(first));
  if (!intended) {
    co_return intended;
  }
  VolumeStore& volumes = core.environment.volumes;
  Outcome<void> done =
      co_await runtime::run_blocking(core.environment.shard, [&] { return volumes.resize(spec, size); });
  if (!done && !shrinks) {
    // Space that was had in part is given back; the row still has the old size.
    (void)co_await runtime::run_blocking(core.environment.shard, [&] { return volumes.resize(spec, row.size); });
  }
  catalogue::Changes last = {catalogue::RemoveIntent{intent}};
  if (done && !shrinks) {
    last.push_back(resized);
  } else if (!done && shrinks) {
    last.push_back(row);
  }
  Outcome<void> recorded = co_await core.commit(std::move(last));
  if (!done) {
    co_return done;
  }
  co_return recorded;
}

/// With erasures held.
Reply<void> resize_and_reopen(Core& core, catalogue::DiskRow row, std::uint64_t size) {
  Outcome<void> done = co_await resize_image(core, row, size);
  if (done) {
    co_await reopen_disk(core, value_id(row.id));
  }
  co_return done;
}

Reply<Disk> resize_disk_locked(Core& core, ResizeDisk request) {
  co_await core.refresh_sessions();
  const catalogue::DiskRow* row = core.disk(request.id);
  if (row == nullptr) {
    co_return fail(Core::no_disk(request.id));
  }
  const Outcome<std::uint64_t> size = planned_disk_size(core, *row, request);
  if (!size) {
    co_return fail(size.error());
  }
  const Disk before = core.disk_value(*row);
  if (*size == row->size) {
    co_return before;
  }
  const Outcome<void> held = co_await hold_erasures(core, request.id, row->name);
  if (!held) {
    co_return fail(held.error());
  }
  const Outcome<void> done = co_await resize_and_reopen(core, *core.disk(request.id), *size);
  co_await core.environment.data_plane.release_erasures(request.id);
  if (!done) {
    co_return fail(done.error());
  }
  co_await refresh_allocated(core, request.id);
  const Disk after = core.disk_value(*core.disk(request.id));
  core.events.publish(DiskChanged{before, after});
  co_return after;
}

Reply<Disk> repair_disk_locked(Core& core, DiskId id) {
  const catalogue::DiskRow* row = core.disk(id);
  if (row == nullptr) {
    co_return fail(Core::no_disk(id));
  }
  const Disk before = core.disk_value(*row);
  if (!before.failure) {
    co_return before;
  }
  const Outcome<void> cleared = co_await clear_failure(core, id);
  if (!cleared) {
    co_return fail(cleared.error());
  }
  co_await reopen_disk(core, id);
  const Disk after = core.disk_value(*core.disk(id));
  core.events.publish(DiskChanged{before, after});
  if (after.failure) {
    co_return fail(Error{ErrorCode::kIo, fmt::format("Disk {} still does not work: {}", after.name, *after.failure)});
  }
  co_return after;
}

Reply<void> delete_disk_locked(Core& core, DeleteDisk request) {
  const catalogue::DiskRow* present = core.disk(request.id);
  if (present == nullptr) {
    co_return fail(Core::no_disk(request.id));
  }
  const Disk before = core.disk_value(*present);
  if (!before.mappings.empty()) {
    co_return fail(Error{ErrorCode::kInUse, fmt::format("Disk {} is mapped to target {}. Unmap it first.", before.name,
                                                        before.mappings.front().target_name)});
  }
  const bool removes = request.remove_file && before.kind != DiskKind::kRam;
  const catalogue::IntentId intent = next_id(core.contents.last_intent);
  catalogue::Changes changes = {catalogue::RemoveDisk{row_id(request.id)}};
  if (removes) {
    changes.push_back(
        catalogue::IntentRow{intent, catalogue::IntentKind::kRemoveImage, row_id(request.id), before.path, core.now()});
  }
  Outcome<void> done = co_await core.commit(std::move(changes));
  if (!done) {
    co_return done;
  }
  co_await core.environment.data_plane.remove_unit(request.id);
  core.failures.erase(request.id);
  core.homes.erase(request.id);
  core.allocated_sizes.erase(request.id);
  core.events.publish(DiskChanged{before, std::nullopt});
  if (!removes) {
    co_return done;
  }
  VolumeStore& volumes = core.environment.volumes;
  const Outcome<void> removed =
      co_await runtime::run_blocking(core.environment.shard, [&] { return volumes.remove(before.path); });
  Outcome<void> recorded = co_await core.commit({catalogue::RemoveIntent{intent}});
  if (!removed) {
    co_return fail(Error{removed.error().code, fmt::format("Disk {} is gone from the configuration, but its file {} is "
                                                           "still there: {} Remove it by hand.",
                                                           before.name, before.path, removed.error().message)});
  }
  co_return recorded;
}

/// The volume that a row asks for now. `failure` is set when it is a stand-in for a disk that should work.
runtime::Task<std::unique_ptr<block::Volume>> open_volume(Core& core, catalogue::DiskRow row, runtime::Shard& home,
                                                          std::string& failure) {
  const StoreSpec spec = core.store_spec(row);
  VolumeStore& volumes = core.environment.volumes;
  if (const auto failed = core.contents.disk_failures.find(row.id); failed != core.contents.disk_failures.end()) {
    failure = failed->second.reason;
    co_return volumes.unavailable(spec, failure, home);
  }
  if (!row.enabled) {
    co_return volumes.unavailable(spec, "the disk is disabled", home);
  }
  Outcome<std::unique_ptr<block::Volume>> opened =
      co_await runtime::run_blocking(core.environment.shard, [&] { return volumes.open(spec, home); });
  if (!opened) {
    failure = opened.error().message;
    core.environment.log.error("service.disk_failed", {{"disk", row.name}, {"reason", failure}});
    co_return volumes.unavailable(spec, failure, home);
  }
  if (!core.contents.disk_keys.contains(row.id)) {
    co_return std::move(*opened);
  }
  std::unique_ptr<block::Volume> encrypted = with_encryption(core, row.id, home, std::move(*opened));
  if (encrypted == nullptr) {
    failure = fmt::format(
        "the key of disk {} does not open with this host key. Restore the host key that belongs to "
        "this catalogue, and restart the daemon.",
        row.name);
    core.environment.log.error("service.disk_failed", {{"disk", row.name}, {"reason", failure}});
    co_return volumes.unavailable(spec, failure, home);
  }
  co_return encrypted;
}

void note_failure(Core& core, DiskId id, std::string failure) {
  if (failure.empty()) {
    core.failures.erase(id);
  } else {
    core.failures[id] = std::move(failure);
  }
}

}  // namespace

runtime::Task<void> record_failure(Core& core, DiskId id, std::string reason) {
  const Outcome<void> done =
      co_await core.commit({catalogue::DiskFailureRow{row_id(id), std::move(reason), core.now()}});
  if (!done) {
    core.environment.log.error("service.failure_not_recorded",
                               {{"disk", static_cast<std::uint32_t>(id)}, {"reason", done.error().message}});
  }
}

Reply<void> clear_failure(Core& core, DiskId id) {
  if (!core.contents.disk_failures.contains(row_id(id))) {
    co_return Outcome<void>();
  }
  Outcome<void> done = co_await core.commit({catalogue::RemoveDiskFailure{row_id(id)}});
  co_return done;
}

runtime::Task<void> serve_disk(Core& core, DiskId id) {
  const catalogue::DiskRow row = core.contents.disks.at(row_id(id));
  runtime::Shard& home = core.environment.data_plane.choose_home();
  std::string failure;
  std::unique_ptr<block::Volume> volume = co_await open_volume(core, row, home, failure);
  note_failure(core, id, std::move(failure));
  core.homes[id] = &home;
  target::UnitConfig unit;
  unit.id = id;
  // Who is mapped is no part of the identity, and looking for them takes long where thousands of disks are served.
  unit.identity = identity_of(core.disk_value(row, {}), core.settings.version);
  unit.options = options_of(row);
  unit.reservations = core.saved_reservations(id);
  co_await core.environment.data_plane.add_unit(std::move(unit), home, std::move(volume));
}

runtime::Task<void> reopen_disk(Core& core, DiskId id) {
  const catalogue::DiskRow row = core.contents.disks.at(row_id(id));
  std::string failure;
  std::unique_ptr<block::Volume> volume = co_await open_volume(core, row, *core.homes.at(id), failure);
  note_failure(core, id, std::move(failure));
  co_await core.environment.data_plane.replace_volume(id, std::move(volume));
}

Reply<Disk> create_disk_locked(Core& core, CreateDisk request, security::Role role) {
  if (request.path && request.kind != DiskKind::kRam) {
    Outcome<std::string> place = co_await placed(core, *request.path, role);
    if (!place) {
      co_return fail(place.error());
    }
    request.path = *std::move(place);
  }
  const Outcome<catalogue::DiskRow> row = planned_disk_row(core, request);
  if (!row) {
    co_return fail(row.error());
  }
  Reply<void> making = request.kind == DiskKind::kRam ? core.commit({*row}) : make_disk(core, *row, request.encrypted);
  const Outcome<void> done = co_await std::move(making);
  if (!done) {
    co_return fail(done.error());
  }
  const DiskId id = value_id(row->id);
  co_await serve_disk(core, id);
  co_await refresh_allocated(core, id);
  const Disk disk = core.disk_value(*core.disk(id));
  core.events.publish(DiskChanged{std::nullopt, disk});
  co_return disk;
}

Reply<Disk> Service::create_disk(security::Principal principal, CreateDisk request) {
  Action action{security::Permission::kChangeStorage, "disk.create",
                request.name.value_or(request.path.value_or("(unnamed)"))};
  const security::Role role = principal.role;
  return core_->change(std::move(principal), std::move(action), create_disk_locked(*core_, std::move(request), role));
}

Reply<Disk> Service::import_disk(security::Principal principal, ImportDisk request) {
  Action action{security::Permission::kChangeStorage, "disk.import", request.path};
  const security::Role role = principal.role;
  return core_->change(std::move(principal), std::move(action), import_disk_locked(*core_, std::move(request), role));
}

Reply<std::vector<Disk>> Service::list_disks(security::Principal principal) {
  return core_->look(std::move(principal), list_disks_now(*core_));
}

Reply<Disk> Service::get_disk(security::Principal principal, DiskId id) {
  return core_->look(std::move(principal), get_disk_now(*core_, id));
}

Reply<Disk> Service::find_disk(security::Principal principal, std::string name) {
  return core_->look(std::move(principal), find_disk_now(*core_, std::move(name)));
}

Reply<Disk> Service::set_disk(security::Principal principal, SetDisk request) {
  Action action{security::Permission::kChangeStorage, "disk.set", object_of(request.id)};
  return core_->change(std::move(principal), std::move(action), set_disk_locked(*core_, std::move(request)));
}

Reply<Disk> Service::resize_disk(security::Principal principal, ResizeDisk request) {
  Action action{security::Permission::kChangeStorage, "disk.resize", object_of(request.id)};
  return core_->change(std::move(principal), std::move(action), resize_disk_locked(*core_, request));
}

Reply<Disk> Service::repair_disk(security::Principal principal, DiskId id) {
  Action action{security::Permission::kChangeStorage, "disk.repair", object_of(id)};
  return core_->change(std::move(principal), std::move(action), repair_disk_locked(*core_, id));
}

Reply<void> Service::delete_disk(security::Principal principal, DeleteDisk request) {
  Action action{security::Permission::kChangeStorage, "disk.delete", object_of(request.id)};
  return core_->change(std::move(principal), std::move(action), delete_disk_locked(*core_, request));
}

}  // namespace lunaria::service
