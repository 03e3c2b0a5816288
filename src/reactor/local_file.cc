#include "reactor/local_file.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <linux/magic.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <system_error>

namespace lunaria::reactor {

using runtime::FileStatus;
using runtime::IoError;
using runtime::OpenOptions;

namespace {

/// The success or the error of a call that returns 0 or -1.
Result<void, IoError> outcome_of(int result) {
  if (result != 0) {
    return fail(IoError{errno});
  }
  return {};
}

Result<std::uint64_t, IoError> device_size(int fd) {
  std::uint64_t size = 0;
  if (::ioctl(fd, BLKGETSIZE64, &size) != 0) {
    return fail(IoError{errno});
  }
  return size;
}

/// The claim of a device, by its path. ESTALE when another device has come there meanwhile.
Result<Descriptor, IoError> open_claim(const std::string& path, dev_t device) {
  Descriptor descriptor(::open(path.c_str(), O_RDONLY | O_EXCL | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
  struct stat status{};
  if (!descriptor || ::fstat(descriptor.get(), &status) != 0) {
    return fail(IoError{errno});
  }
  if (!S_ISBLK(status.st_mode) || status.st_rdev != device) {
    return fail(IoError{ESTALE});
  }
  return descriptor;
}

}  // namespace

LocalFile::LocalFile(Descriptor descriptor, const Traits& traits, DeviceClaims::Claim claim)
    : descriptor_(std::move(descriptor)),
      traits_(traits),
      claim_(std::move(claim)),
      reads_inline_(!traits.is_direct),
      writes_inline_(!traits.is_direct) {}

Result<std::uint64_t, IoError> LocalFile::size() const {
  if (traits_.is_block_device) {
    return device_size(fd());
  }
  struct stat status{};
  if (::fstat(fd(), &status) != 0) {
    return fail(IoError{errno});
  }
  return static_cast<std::uint64_t>(status.st_size);
}

Result<std::size_t, IoError> LocalFile::read_at(std::uint64_t offset, std::span<std::byte> memory) {
  std::size_t done = 0;
  while (done < memory.size()) {
    const ssize_t count = ::pread(fd(), memory.data() + done, memory.size() - done, static_cast<off_t>(offset + done));
    if (count == 0) {
      break;
    }
    if (count < 0 && errno != EINTR) {
      return fail(IoError{errno});
    }
    done += count > 0 ? static_cast<std::size_t>(count) : 0;
  }
  return done;
}

Result<void, IoError> LocalFile::write_at(std::uint64_t offset, std::span<const std::byte> memory) {
  std::size_t done = 0;
  while (done < memory.size()) {
    const ssize_t count = ::pwrite(fd(), memory.data() + done, memory.size() - done, static_cast<off_t>(offset + done));
    if (count == 0) {
      return fail(IoError{EIO});
    }
    if (count < 0 && errno != EINTR) {
      return fail(IoError{errno});
    }
    done += count > 0 ? static_cast<std::size_t>(count) : 0;
  }
  return {};
}

Result<void, IoError> LocalFile::truncate(std::uint64_t size) {
  return outcome_of(::ftruncate(fd(), static_cast<off_t>(size)));
}

Result<void, IoError> LocalFile::allocate(std::uint64_t offset, std::uint64_t length) {
  return outcome_of(::fallocate(fd(), 0, static_cast<off_t>(offset), static_cast<off_t>(length)));
}

Result<void, IoError> LocalFile::sync() {
  return outcome_of(::fsync(fd()));
}

Result<std::uint64_t, IoError> LocalFile::allocated_size() const {
  if (traits_.is_block_device) {
    return device_size(fd());
  }
  constexpr std::uint64_t kUnit = 512;  // of st_blocks, whatever the file system's block
  struct stat status{};
  if (::fstat(fd(), &status) != 0) {
    return fail(IoError{errno});
  }
  return static_cast<std::uint64_t>(status.st_blocks) * kUnit;
}

Result<std::uint64_t, IoError> LocalFile::available_size() const {
  if (traits_.is_block_device) {
    return std::uint64_t{0};
  }
  struct statvfs status{};
  if (::fstatvfs(fd(), &status) != 0) {
    return fail(IoError{errno});
  }
  return static_cast<std::uint64_t>(status.f_bavail) * status.f_frsize;
}

Result<std::uint64_t, IoError> LocalFile::seek(std::uint64_t offset, int whence) const {
  const off_t found = ::lseek(fd(), static_cast<off_t>(offset), whence);
  if (found < 0) {
    return fail(IoError{errno});
  }
  return static_cast<std::uint64_t>(found);
}

Result<std::uint64_t, IoError> LocalFile::next_data(std::uint64_t offset) const {
  return seek(offset, SEEK_DATA);
}

Result<std::uint64_t, IoError> LocalFile::next_hole(std::uint64_t offset) const {
  return seek(offset, SEEK_HOLE);
}

Result<std::unique_ptr<runtime::File>, IoError> LocalFileSystem::open(const std::string& path,
                                                                      const OpenOptions& options) {
  // Without blocking, or a named pipe in the wrong place would hold its opener for ever.
  int flags = O_CLOEXEC | O_NOCTTY | O_NONBLOCK | (options.write ? O_RDWR : O_RDONLY);
  flags |= options.create_new ? O_CREAT | O_EXCL : 0;
  flags |= options.direct ? O_DIRECT : 0;
  Descriptor descriptor(::open(path.c_str(), flags, options.owner_only ? 0600 : 0640));
  struct stat status{};
  if (!descriptor || ::fstat(descriptor.get(), &status) != 0) {
    return fail(IoError{errno});
  }
  if (!S_ISREG(status.st_mode) && !S_ISBLK(status.st_mode)) {
    return fail(IoError{S_ISDIR(status.st_mode) ? EISDIR : EINVAL});
  }
  DeviceClaims::Claim claim;
  if (options.exclusive && S_ISBLK(status.st_mode)) {
    const dev_t device = status.st_rdev;
    auto taken = claims_.take(device, [&path, device] { return open_claim(path, device); });
    if (!taken) {
      return fail(taken.error());
    }
    claim = *std::move(taken);
  }
  // The ring takes that flag as a wish never to wait for the disk.
  const int current = ::fcntl(descriptor.get(), F_GETFL);
  if (current < 0 || ::fcntl(descriptor.get(), F_SETFL, current & ~O_NONBLOCK) != 0) {
    return fail(IoError{errno});
  }
  struct statfs system{};
  if (::fstatfs(descriptor.get(), &system) != 0) {
    return fail(IoError{errno});
  }
  const bool is_block_device = S_ISBLK(status.st_mode);
  const bool is_in_memory = !is_block_device && (system.f_type == TMPFS_MAGIC || system.f_type == RAMFS_MAGIC);
  return std::make_unique<LocalFile>(
      std::move(descriptor),
      LocalFile::Traits{.is_block_device = is_block_device, .is_direct = options.direct, .is_in_memory = is_in_memory},
      std::move(claim));
}

Result<FileStatus, IoError> LocalFileSystem::status(const std::string& path) {
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0) {
    return fail(IoError{errno});
  }
  FileStatus result{.size = static_cast<std::uint64_t>(status.st_size),
                    .is_directory = S_ISDIR(status.st_mode),
                    .is_block_device = S_ISBLK(status.st_mode),
                    .permissions = status.st_mode & 07777,
                    .owner = status.st_uid};
  if (result.is_block_device) {
    const Descriptor descriptor(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (!descriptor) {
      return fail(IoError{errno});
    }
    const Result<std::uint64_t, IoError> size = device_size(descriptor.get());
    if (!size) {
      return fail(size.error());
    }
    result.size = *size;
  }
  return result;
}

Result<void, IoError> LocalFileSystem::remove(const std::string& path) {
  return outcome_of(::unlink(path.c_str()));
}

Result<void, IoError> LocalFileSystem::rename(const std::string& from, const std::string& to) {
  return outcome_of(::rename(from.c_str(), to.c_str()));
}

Result<void, IoError> LocalFileSystem::create_directories(const std::string& path) {
  for (std::size_t end = path.find('/', 1);; end = path.find('/', end + 1)) {
    const std::string part = path.substr(0, end);
    if (::mkdir(part.c_str(), 0750) != 0 && errno != EEXIST) {
      // A parent that may not be written to is no hindrance when it is there.
      const int error = errno;
      struct stat parent{};
      if (::stat(part.c_str(), &parent) != 0) {
        return fail(IoError{error});
      }
    }
    if (end == std::string::npos) {
      break;
    }
  }
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0) {
    return fail(IoError{errno});
  }
  return S_ISDIR(status.st_mode) ? Result<void, IoError>() : fail(IoError{ENOTDIR});
}

Result<void, IoError> LocalFileSystem::sync_directory(const std::string& path) {
  const Descriptor descriptor(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!descriptor) {
    return fail(IoError{errno});
  }
  return outcome_of(::fsync(descriptor.get()));
}

Result<std::string, IoError> LocalFileSystem::real_path(const std::string& path) {
  std::error_code error;
  std::filesystem::path real = std::filesystem::weakly_canonical(path, error);
  if (error) {
    return fail(IoError{error.value()});
  }
  return real.native();
}

bool LocalFileSystem::are_same(const std::string& left, const std::string& right) {
  struct stat first{};
  struct stat second{};
  if (::stat(left.c_str(), &first) != 0 || ::stat(right.c_str(), &second) != 0) {
    return false;
  }
  // A device may have several nodes, each a file of its own.
  return S_ISBLK(first.st_mode) && S_ISBLK(second.st_mode)
             ? first.st_rdev == second.st_rdev
             : first.st_dev == second.st_dev && first.st_ino == second.st_ino;
}

}  // namespace lunaria::reactor
