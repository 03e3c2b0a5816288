#include <algorithm>
#include <cerrno>

#include "base/check.h"
#include "sim/file_system.h"
#include "sim/world.h"

namespace lunaria::sim {

using runtime::FileOperation;
using runtime::FileRequest;
using runtime::IoError;

SimFile::SimFile(SimFileSystem& disk, std::string path, std::shared_ptr<Inode> inode,
                 const runtime::OpenOptions& options)
    : disk_(disk), path_(std::move(path)), inode_(std::move(inode)), options_(options), generation_(disk.generation_) {}

SimFile::~SimFile() {
  check(in_flight_ == 0, "nothing is in flight when a file is closed");
}

std::optional<IoError> SimFile::before_call(CallKind kind, std::uint64_t offset, std::uint64_t length) {
  const Fate fate = disk_.fate_of(kind, path_, offset, length);
  if (is_stale() || fate.kind == Fate::Kind::kHang) {
    return IoError{EIO};
  }
  return fate.kind == Fate::Kind::kError ? std::optional(IoError{fate.code}) : std::nullopt;
}

Result<std::uint64_t, IoError> SimFile::size() const {
  return inode_->content.size();
}

Result<std::size_t, IoError> SimFile::read_at(std::uint64_t offset, std::span<std::byte> memory) {
  if (const std::optional<IoError> error = before_call(CallKind::kRead, offset, memory.size())) {
    return fail(*error);
  }
  return inode_->content.read(offset, memory);
}

Result<void, IoError> SimFile::write_at(std::uint64_t offset, std::span<const std::byte> memory) {
  if (const std::optional<IoError> error = before_call(CallKind::kWrite, offset, memory.size())) {
    return fail(*error);
  }
  if (!options_.write) {
    return fail(IoError{EBADF});
  }
  if (inode_->is_device && offset + memory.size() > inode_->content.size()) {
    return fail(IoError{ENOSPC});
  }
  if (!disk_.has_room(inode_->is_device ? 0 : inode_->content.missing_pages(offset, memory.size()))) {
    return fail(IoError{ENOSPC});
  }
  inode_->content.write(offset, memory);
  return {};
}

Result<void, IoError> SimFile::truncate(std::uint64_t size) {
  if (const std::optional<IoError> error = before_call(CallKind::kMetadata, 0, size)) {
    return fail(*error);
  }
  if (inode_->is_device || !options_.write) {
    return fail(IoError{EINVAL});
  }
  inode_->content.resize(size);
  return {};
}

Result<void, IoError> SimFile::allocate(std::uint64_t offset, std::uint64_t length) {
  if (const std::optional<IoError> error = before_call(CallKind::kMetadata, offset, length)) {
    return fail(*error);
  }
  if (!options_.write || length == 0) {
    return fail(IoError{options_.write ? EINVAL : EBADF});
  }
  if (inode_->is_device) {
    return fail(IoError{ENODEV});
  }
  if (!disk_.has_room(inode_->content.missing_pages(offset, length))) {
    return fail(IoError{ENOSPC});
  }
  inode_->content.reserve(offset, length, true);
  return {};
}

Result<void, IoError> SimFile::sync() {
  if (const std::optional<IoError> error = before_call(CallKind::kSync, 0, 0)) {
    if (!is_stale()) {
      inode_->content.fail_sync();
    }
    return fail(*error);
  }
  inode_->content.finish_sync(inode_->content.begin_sync());
  return {};
}

Result<std::uint64_t, IoError> SimFile::allocated_size() const {
  return inode_->is_device ? inode_->content.size() : inode_->content.pages() * kPageSize;
}

Result<std::uint64_t, IoError> SimFile::available_size() const {
  const std::uint64_t taken = disk_.taken_pages() * kPageSize;
  return inode_->is_device || taken > disk_.options_.capacity ? 0 : disk_.options_.capacity - taken;
}

Result<std::uint64_t, IoError> SimFile::next_data(std::uint64_t offset) const {
  const std::optional<std::uint64_t> at = inode_->content.next_data(offset);
  if (!at) {
    return fail(IoError{ENXIO});
  }
  return *at;
}

Result<std::uint64_t, IoError> SimFile::next_hole(std::uint64_t offset) const {
  const std::optional<std::uint64_t> at = inode_->content.next_hole(offset);
  if (!at) {
    return fail(IoError{ENXIO});
  }
  return *at;
}

/// 0, or the negative errno that the kernel would answer before it looks at the disk.
std::int64_t SimFile::validate(const FileRequest& request) const {
  if (is_stale()) {
    return -EIO;
  }
  const bool moves_bytes = request.operation == FileOperation::kRead || request.operation == FileOperation::kWrite ||
                           request.operation == FileOperation::kWriteDurable;
  if (request.operation != FileOperation::kRead && !options_.write) {
    return -EBADF;
  }
  std::uint64_t total = 0;
  for (const iovec& part : request.memory) {
    total += part.iov_len;
    const auto address = reinterpret_cast<std::uintptr_t>(part.iov_base);
    if (options_.direct && (address % kSectorSize != 0 || part.iov_len % kSectorSize != 0)) {
      return -EINVAL;
    }
  }
  if (moves_bytes) {
    check(total == request.length, "a request's length is the sum of its memory");
    if (options_.direct && request.offset % kSectorSize != 0) {
      return -EINVAL;
    }
  }
  const bool past_device = inode_->is_device && request.offset + request.length > inode_->content.size();
  if (request.operation != FileOperation::kRead && past_device) {
    return -ENOSPC;
  }
  return 0;
}

/// Bytes written: the first `length` of the request's.
std::int64_t SimFile::write(const FileRequest& request, std::uint64_t length) {
  Content& content = inode_->content;
  if (!disk_.has_room(inode_->is_device ? 0 : content.missing_pages(request.offset, length))) {
    return -ENOSPC;
  }
  std::uint64_t done = 0;
  for (const iovec& part : request.memory) {
    const std::size_t count = std::min<std::uint64_t>(part.iov_len, length - done);
    content.write(request.offset + done, {static_cast<const std::byte*>(part.iov_base), count});
    done += count;
  }
  return static_cast<std::int64_t>(done);
}

std::int64_t SimFile::perform(FileRequest& request, const Fate& fate) {
  if (const std::int64_t error = validate(request); error != 0) {
    return error;
  }
  Dice& dice = disk_.world_.dice();
  Content& content = inode_->content;
  if (fate.kind == Fate::Kind::kError) {
    const bool writes = request.operation == FileOperation::kWrite || request.operation == FileOperation::kWriteDurable;
    if (writes && dice.below(2) == 0) {
      static_cast<void>(write(request, dice.between(0, request.length / kSectorSize) * kSectorSize));
    }
    return -fate.code;
  }
  switch (request.operation) {
    case FileOperation::kRead: {
      std::uint64_t done = 0;
      for (const iovec& part : request.memory) {
        done += content.read(request.offset + done, {static_cast<std::byte*>(part.iov_base), part.iov_len});
      }
      return static_cast<std::int64_t>(fate.kind == Fate::Kind::kShort && done != 0 ? dice.below(done) : done);
    }
    case FileOperation::kWrite:
      return write(request, request.length);
    case FileOperation::kWriteDurable: {
      const std::int64_t result = write(request, request.length);
      if (result > 0) {
        content.make_durable(request.offset, static_cast<std::uint64_t>(result));
      }
      return result;
    }
    case FileOperation::kSync:
      content.finish_sync(content.begin_sync());
      return 0;
    case FileOperation::kPunchHole:
    case FileOperation::kZeroRange:
      break;
  }
  // Neither changes the size of the file.
  const std::uint64_t end = std::min(request.offset + request.length, content.size());
  if (request.offset >= end) {
    return 0;
  }
  if (request.operation == FileOperation::kPunchHole) {
    content.punch(request.offset, end - request.offset);
    return 0;
  }
  if (!inode_->is_device && !disk_.has_room(content.missing_pages(request.offset, end - request.offset))) {
    return -ENOSPC;
  }
  content.reserve(request.offset, end - request.offset, false);
  return 0;
}

}  // namespace lunaria::sim
