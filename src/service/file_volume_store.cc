#include "service/file_volume_store.h"

#include <fmt/format.h>

#include <cerrno>
#include <filesystem>

#include "block/atomic_volume.h"
#include "block/failed_volume.h"
#include "block/open_volume.h"

namespace lunaria::service {
namespace {

block::VolumeSpec volume_spec(const StoreSpec& spec) {
  block::VolumeSpec volume;
  volume.kind = spec.kind == DiskKind::kRam ? block::VolumeKind::kRam : block::VolumeKind::kFile;
  volume.path = spec.path;
  volume.geometry = {spec.logical_block_size, spec.physical_block_size, spec.size / spec.logical_block_size};
  volume.thin = spec.kind != DiskKind::kPreallocated;
  volume.caching = spec.caching == Caching::kDirect ? block::Caching::kDirect : block::Caching::kBuffered;
  volume.read_only = spec.read_only;
  return volume;
}

/// What an errno on a path means to an administrator.
Error describe(std::string_view doing, const std::string& path, runtime::IoError error) {
  const std::string what = fmt::format("Cannot {} {}: {}.", doing, path, runtime::to_string(error));
  switch (error.code) {
    case ENOENT:
    case ENOTDIR:
      return {ErrorCode::kNotFound, what + " Check the path."};
    case EEXIST:
      return {ErrorCode::kAlreadyExists, what + " Choose another path, or import what is there."};
    case ENOSPC:
    case EDQUOT:
      return {ErrorCode::kNoSpace, what + " Free some space, or make a thin disk."};
    case EBUSY:
      return {ErrorCode::kInUse, what +
                                     " It is in use: mounted, or part of a RAID, a volume group or another export. "
                                     "Release it there first."};
    case EFBIG:
      return {ErrorCode::kInvalidArgument, what + " The file system holds no file of that size."};
    case EACCES:
    case EPERM:
    case EROFS:
      return {ErrorCode::kIo, what + " Let the daemon's user read and write there."};
    default:
      return {ErrorCode::kIo, what};
  }
}

std::string directory_of(const std::string& path) {
  return std::filesystem::path(path).parent_path().native();
}

}  // namespace

Outcome<void> FileVolumeStore::create(const StoreSpec& spec) {
  if (spec.kind == DiskKind::kRam) {
    return {};
  }
  const std::string directory = directory_of(spec.path);
  const auto directories = files_.create_directories(directory);
  if (!directories) {
    return fail(describe("make the directory", directory, directories.error()));
  }
  const auto created = block::create_volume_file(files_, volume_spec(spec));
  if (!created) {
    return fail(describe("make", spec.path, created.error()));
  }
  return {};
}

Outcome<StoreFacts> FileVolumeStore::examine(const std::string& path) {
  const auto status = files_.status(path);
  if (!status) {
    return fail(describe("find", path, status.error()));
  }
  if (status->is_directory) {
    return fail(Error{ErrorCode::kInvalidArgument, fmt::format("{} is a directory, not an image.", path)});
  }
  StoreFacts facts{status->size, status->size};
  if (status->is_block_device) {
    return facts;
  }
  const auto file = files_.open(path, {.write = false});
  if (!file) {
    return fail(describe("open", path, file.error()));
  }
  const auto allocated = (*file)->allocated_size();
  facts.allocated_size = allocated ? *allocated : 0;
  return facts;
}

Outcome<void> FileVolumeStore::check_unused(const std::string& path) {
  const auto file = files_.open(path, {.write = false, .exclusive = true});
  if (!file) {
    return fail(describe("open", path, file.error()));
  }
  return {};
}

Outcome<std::string> FileVolumeStore::real_path(const std::string& path) {
  auto real = files_.real_path(path);
  if (!real) {
    return fail(describe("find", path, real.error()));
  }
  return *std::move(real);
}

bool FileVolumeStore::are_same(const std::string& left, const std::string& right) {
  return files_.are_same(left, right);
}

bool FileVolumeStore::has_names_of_root(const std::string& directory) {
  constexpr std::uint32_t kOthersMayWrite = 022;
  const auto status = files_.status(directory);
  return status && status->is_directory && status->owner == 0 && (status->permissions & kOthersMayWrite) == 0;
}

Outcome<void> FileVolumeStore::resize(const StoreSpec& spec, std::uint64_t size) {
  StoreSpec resized = spec;
  resized.size = size;
  const auto done = block::resize_volume_file(files_, volume_spec(resized));
  if (!done) {
    return fail(describe("resize", spec.path, done.error()));
  }
  return {};
}

Outcome<void> FileVolumeStore::rename(const std::string& from, const std::string& to) {
  if (files_.status(to)) {
    return fail(describe("make", to, runtime::IoError{EEXIST}));
  }
  const std::string journal = block::atomic_journal_path(to);  // of an image that is there no more
  const auto removed = files_.remove(journal);
  if (!removed && removed.error().code != ENOENT) {
    return fail(describe("remove", journal, removed.error()));
  }
  const auto renamed = files_.rename(from, to);
  if (!renamed) {
    return fail(describe("rename", from, renamed.error()));
  }
  const auto synced = files_.sync_directory(directory_of(to));
  if (!synced) {
    return fail(describe("sync the directory of", to, synced.error()));
  }
  return {};
}

Outcome<void> FileVolumeStore::remove(const std::string& path) {
  static_cast<void>(files_.remove(block::atomic_journal_path(path)));  // most disks have none
  const auto removed = files_.remove(path);
  if (!removed && removed.error().code != ENOENT && removed.error().code != ENOTDIR) {
    return fail(describe("remove", path, removed.error()));
  }
  if (!removed) {
    return {};
  }
  const auto synced = files_.sync_directory(directory_of(path));
  if (!synced) {
    return fail(describe("sync the directory of", path, synced.error()));
  }
  return {};
}

Outcome<std::unique_ptr<block::Volume>> FileVolumeStore::open(const StoreSpec& spec, runtime::Shard& home) {
  std::unique_ptr<block::Volume> volume = block::open_volume(files_, home, volume_spec(spec));
  const std::optional<std::string> failure = volume->failure();
  if (failure) {
    return fail(Error{ErrorCode::kIo, *failure});
  }
  return volume;
}

std::unique_ptr<block::Volume> FileVolumeStore::unavailable(const StoreSpec& spec, const std::string& reason,
                                                            runtime::Shard& /*home*/) {
  const block::VolumeSpec volume = volume_spec(spec);
  block::Features features;
  features.thin = volume.thin;
  features.unmap = volume.thin;
  features.volatile_cache = volume.kind == block::VolumeKind::kFile;
  features.read_only = volume.read_only;
  return std::make_unique<block::FailedVolume>(volume.geometry, features, reason);
}

}  // namespace lunaria::service
