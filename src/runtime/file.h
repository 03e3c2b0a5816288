#pragma once

// Files as code may see them: asynchronous reads and writes for the data plane, plain calls for the control plane.
// The reactor has the real ones, sim has disks with bad manners.

#include <sys/uio.h>

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "runtime/io_error.h"
#include "runtime/operation.h"

namespace lunaria::runtime {

class File;

/// What a FileRequest does.
enum class FileOperation : std::uint8_t {
  kRead,
  kWrite,
  kWriteDurable,  ///< as kWrite, and on stable storage when complete (RWF_DSYNC)
  kSync,          ///< data and the metadata needed to find it are on stable storage when complete (fdatasync)
  kPunchHole,     ///< the range reads as zeros and its space is free; the file's size stays
  kZeroRange,     ///< the range reads as zeros and stays allocated
};

/// One asynchronous file operation. The caller fills the first fields and keeps request, iovecs and memory in place
/// until it completes.
struct FileRequest : Operation {
  File* file = nullptr;
  FileOperation operation = FileOperation::kRead;
  std::uint64_t offset = 0;       ///< bytes
  std::uint64_t length = 0;       ///< bytes; for reads and writes the sum of `memory`
  std::span<const iovec> memory;  ///< for reads and writes; at most IOV_MAX entries
  /// When done: bytes moved (reads may be short only at the end of file; writes are whole), or a negative errno.
  std::int64_t result = 0;
};

/// An open file or block device. Closed by the destructor, which no request may be in flight at.
class File {
 public:
  virtual ~File() = default;
  /// Bytes; the device's size for block devices.
  virtual Result<std::uint64_t, IoError> size() const = 0;
  /// Plain synchronous calls for the control plane (format headers, resize, scrubbing at creation).
  virtual Result<std::size_t, IoError> read_at(std::uint64_t offset, std::span<std::byte> memory) = 0;
  virtual Result<void, IoError> write_at(std::uint64_t offset, std::span<const std::byte> memory) = 0;
  /// Changes the size: growth is a hole.
  virtual Result<void, IoError> truncate(std::uint64_t size) = 0;
  /// Reserves space for the range without exposing old blocks; ENOSPC when it does not fit.
  virtual Result<void, IoError> allocate(std::uint64_t offset, std::uint64_t length) = 0;
  virtual Result<void, IoError> sync() = 0;
  /// Bytes of space really taken.
  virtual Result<std::uint64_t, IoError> allocated_size() const = 0;
  /// Bytes that its file system could still give to it and others; 0 for block devices.
  virtual Result<std::uint64_t, IoError> available_size() const = 0;
  /// Start of the next data (or hole) at or after `offset`, as SEEK_DATA and SEEK_HOLE; ENXIO when there is none.
  virtual Result<std::uint64_t, IoError> next_data(std::uint64_t offset) const = 0;
  virtual Result<std::uint64_t, IoError> next_hole(std::uint64_t offset) const = 0;
};

struct OpenOptions {
  bool write = true;
  bool create_new = false;  ///< fail with EEXIST when it is there
  bool direct = false;      ///< O_DIRECT: memory, offset and length must be aligned to the logical block
  /// Block devices: claimed by this process for as long as a file that was opened so is open, however many there are,
  /// as a mount claims them. EBUSY when it is mounted or somebody else's.
  bool exclusive = false;
  bool owner_only = false;  ///< with create_new: mode 0600 instead of 0640, for keys
};

struct FileStatus {
  std::uint64_t size = 0;
  bool is_directory = false;
  bool is_block_device = false;
  std::uint32_t permissions = 0;  ///< the lower twelve mode bits, e.g. 0640
  std::uint32_t owner = 0;        ///< user id
};

/// Names of files. Calls block: for the control plane and start-up only. Thread-safe.
class FileSystem {
 public:
  virtual ~FileSystem() = default;
  virtual Result<std::unique_ptr<File>, IoError> open(const std::string& path, const OpenOptions& options) = 0;
  virtual Result<FileStatus, IoError> status(const std::string& path) = 0;
  virtual Result<void, IoError> remove(const std::string& path) = 0;
  virtual Result<void, IoError> rename(const std::string& from, const std::string& to) = 0;
  /// Makes the directory and its parents, mode 0750; no error when it is there.
  virtual Result<void, IoError> create_directories(const std::string& path) = 0;
  /// Makes names in the directory durable after create, rename or remove.
  virtual Result<void, IoError> sync_directory(const std::string& path) = 0;
  /// Where an absolute path leads: without symbolic links as far as there is something, the rest as it is written.
  virtual Result<std::string, IoError> real_path(const std::string& path) = 0;
  /// Whether both lead to one file, device or directory, which may have several names. False where either leads
  /// nowhere.
  virtual bool are_same(const std::string& left, const std::string& right) = 0;
};

}  // namespace lunaria::runtime
