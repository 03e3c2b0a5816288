#include "block/open_volume.h"

#include <cerrno>
#include <string_view>
#include <utility>

#include "block/atomic_volume.h"
#include "block/failed_volume.h"
#include "block/file_volume.h"
#include "block/ram_volume.h"

namespace lunaria::block {
namespace {

using runtime::IoError;

std::unique_ptr<Volume> failed(const VolumeSpec& spec, std::string reason) {
  Features features;
  features.thin = spec.thin;
  features.unmap = spec.thin;
  features.volatile_cache = spec.kind == VolumeKind::kFile;
  features.read_only = spec.read_only;
  return std::make_unique<FailedVolume>(spec.geometry, features, std::move(reason));
}

std::string open_failure(const VolumeSpec& spec, IoError error) {
  const std::string what = "cannot open " + spec.path + ": " + to_string(error) + ". ";
  switch (error.code) {
    case ENOENT:
    case ENOTDIR:
      return what + "Put the file back, or mount its file system, and enable the disk again.";
    case EACCES:
    case EPERM:
    case EROFS:
      return what + "Let the daemon's user read and write it, and enable the disk again.";
    case EBUSY:
      return what +
             "It is in use: mounted, or part of a RAID, a volume group or another export. Release it there, and "
             "enable the disk again.";
    case EINVAL:
      if (spec.caching == Caching::kDirect) {
        return what + "Its file system may have no direct I/O: use buffered caching.";
      }
      break;
    default:
      break;
  }
  return what + "Mend the cause and enable the disk again.";
}

std::unique_ptr<Volume> open_file(runtime::FileSystem& files, runtime::Shard& home, const VolumeSpec& spec) {
  auto file =
      files.open(spec.path, {.write = !spec.read_only, .direct = spec.caching == Caching::kDirect, .exclusive = true});
  if (!file) {
    return failed(spec, open_failure(spec, file.error()));
  }
  const auto size = (*file)->size();
  if (!size) {
    return failed(spec, "cannot learn the size of " + spec.path + ": " + to_string(size.error()));
  }
  if (*size < spec.geometry.size()) {
    return failed(spec, spec.path + " has " + std::to_string(*size) + " bytes, but the disk has " +
                            std::to_string(spec.geometry.size()) +
                            ". Restore the whole file, or resize the disk, and enable it again.");
  }
  FileVolumeOptions options{spec.geometry, spec.thin, spec.read_only, spec.path};
  auto volume = std::make_unique<FileVolume>(home, std::move(*file), std::move(options));
  const auto status = files.status(spec.path);
  if (!status || status->is_block_device) {  // beside a device there is no place for a journal
    return volume;
  }
  return std::make_unique<AtomicVolume>(files, home, std::move(volume), spec.path);
}

std::string directory_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) {
    return ".";
  }
  return slash == 0 ? "/" : path.substr(0, slash);
}

// The size, the space when it shall be reserved, and that both survive a power cut.
Result<void, IoError> fill(runtime::File& file, const VolumeSpec& spec, std::uint64_t old_size) {
  const std::uint64_t size = spec.geometry.size();
  if (spec.thin || size <= old_size) {
    if (const auto done = file.truncate(size); !done) {
      return done;
    }
  } else if (const auto done = file.allocate(old_size, size - old_size); !done) {
    return done;
  }
  return file.sync();
}

}  // namespace

std::unique_ptr<Volume> open_volume(runtime::FileSystem& files, runtime::Shard& home, const VolumeSpec& spec) {
  if (spec.kind == VolumeKind::kFile) {
    return open_file(files, home, spec);
  }
  auto volume = RamVolume::create(spec.geometry, spec.read_only);
  if (!volume) {
    return failed(spec, "cannot reserve " + std::to_string(spec.geometry.size()) +
                            " bytes of memory: " + to_string(volume.error()) + ". Make the disk smaller.");
  }
  return std::move(*volume);
}

Result<void, IoError> create_volume_file(runtime::FileSystem& files, const VolumeSpec& spec) {
  if (spec.kind == VolumeKind::kRam) {
    return {};
  }
  auto file = files.open(spec.path, {.write = true, .create_new = true});
  if (!file) {
    return fail(file.error());
  }
  auto outcome = fill(**file, spec, 0);
  if (outcome) {
    outcome = files.sync_directory(directory_of(spec.path));
  }
  if (!outcome) {
    file->reset();
    static_cast<void>(files.remove(spec.path));  // the first error is the one to tell
  }
  return outcome;
}

Result<void, IoError> resize_volume_file(runtime::FileSystem& files, const VolumeSpec& spec) {
  if (spec.kind == VolumeKind::kRam) {
    return fail(IoError{EINVAL});  // its content would be lost
  }
  const auto status = files.status(spec.path);
  if (!status) {
    return fail(status.error());
  }
  auto file = files.open(spec.path, {.write = true, .exclusive = true});
  if (!file) {
    return fail(file.error());
  }
  const auto size = (*file)->size();
  if (!size) {
    return fail(size.error());
  }
  if (status->is_block_device) {
    if (*size < spec.geometry.size()) {
      return fail(IoError{EINVAL});
    }
    return {};
  }
  auto outcome = fill(**file, spec, *size);
  if (!outcome && *size < spec.geometry.size()) {
    static_cast<void>((*file)->truncate(*size));  // gives back what was reserved of the growth
  }
  return outcome;
}

}  // namespace lunaria::block
