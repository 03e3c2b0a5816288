#include "block/ram_volume.h"

#include <sys/mman.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/check.h"
#include "block/nontemporal_copy.h"

namespace lunaria::block {
namespace {

constexpr std::size_t kPageSize = 4096;

}  // namespace

Result<std::unique_ptr<RamVolume>, runtime::IoError> RamVolume::create(Geometry geometry, bool read_only) {
  if (geometry.block_count == 0 || geometry.block_count > PTRDIFF_MAX / geometry.logical_block_size) {
    return fail(runtime::IoError{EINVAL});
  }
  void* memory =
      ::mmap(nullptr, geometry.size(), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) {
    return fail(runtime::IoError{errno});
  }
  const std::span bytes(static_cast<std::byte*>(memory), geometry.size());
  return std::make_unique<RamVolume>(geometry, read_only, Mapping{bytes});
}

RamVolume::RamVolume(Geometry geometry, bool read_only, Mapping mapping)
    : geometry_(geometry),
      read_only_(read_only),
      memory_(mapping.bytes),
      written_((mapping.bytes.size() + kPageSize - 1) / kPageSize),
      loans_(mapping.bytes) {}

RamVolume::~RamVolume() {
  loans_.recall(0, memory_.size());
  ::munmap(memory_.data(), memory_.size());
}

Features RamVolume::features() const {
  Features features;
  features.thin = true;
  features.unmap = true;
  features.read_only = read_only_;
  features.unmap_granularity = kPageSize;
  features.atomic_length_max = UINT32_MAX;  // whatever ends the process takes all of it
  return features;
}

bool RamVolume::submit(Request& request) noexcept {
  check(request.length <= memory_.size() && request.offset <= memory_.size() - request.length,
        "the caller has checked the range");
  const auto range = memory_.subspan(request.offset, request.length);
  request.status = IoStatus::kOk;
  const bool modifies = request.operation == IoOperation::kWrite || request.operation == IoOperation::kWriteAtomic ||
                        request.operation == IoOperation::kUnmap || request.operation == IoOperation::kWriteZeroes;
  if (read_only_ && modifies) {
    request.status = IoStatus::kWriteProtected;
    return true;
  }
  if (modifies) {
    loans_.recall(request.offset, request.length);
  }
  std::byte* at = range.data();
  switch (request.operation) {
    case IoOperation::kRead:
      for (const iovec& part : request.memory) {
        std::memcpy(part.iov_base, at, part.iov_len);
        at += part.iov_len;
      }
      break;
    case IoOperation::kWrite:
    case IoOperation::kWriteAtomic:
      mark(request.offset, request.length);
      for (const iovec& part : request.memory) {
        nontemporal_copy(at, {static_cast<const std::byte*>(part.iov_base), part.iov_len});
        at += part.iov_len;
      }
      break;
    case IoOperation::kUnmap:
    case IoOperation::kWriteZeroes:
      clear(range);
      break;
    case IoOperation::kFlush:
      break;
    case IoOperation::kCryptoErase:
      request.status = IoStatus::kMediumWriteError;  // not among the features
      break;
    case IoOperation::kSpace:
      report_space(request);
      break;
    case IoOperation::kAllocationStatus:
      report(request);
      break;
  }
  return true;
}

bool RamVolume::lend(std::uint64_t offset, std::span<std::byte> copy, Loan& loan) noexcept {
  if (copy.size() > Loans::kLengthMax) {
    return false;
  }
  loans_.lend(offset, copy, loan);
  return true;
}

// Whole pages go back to the kernel, which hands out zeros when they are touched again.
void RamVolume::clear(std::span<std::byte> range) noexcept {
  const auto first = static_cast<std::size_t>(range.data() - memory_.data());
  const std::size_t end = first + range.size();
  const std::size_t first_page = (first + kPageSize - 1) / kPageSize * kPageSize;
  const std::size_t end_page = end == memory_.size() ? end : end / kPageSize * kPageSize;
  if (first_page >= end_page || ::madvise(memory_.data() + first_page, end_page - first_page, MADV_DONTNEED) != 0) {
    std::memset(range.data(), 0, range.size());
    return;
  }
  for (std::size_t at = first_page; at < end_page; at += kPageSize) {
    written_[at / kPageSize] = false;
  }
  std::memset(range.data(), 0, first_page - first);
  std::memset(memory_.data() + end_page, 0, end - end_page);
}

void RamVolume::mark(std::uint64_t offset, std::uint64_t length) noexcept {
  for (std::uint64_t at = offset / kPageSize * kPageSize; at < offset + length; at += kPageSize) {
    written_[at / kPageSize] = true;
  }
}

// What the kernel would still give cannot be told: at most all of the disk.
void RamVolume::report_space(Request& request) const noexcept {
  request.used = static_cast<std::uint64_t>(std::ranges::count(written_, true)) * kPageSize;
  request.available = memory_.size() - std::min<std::uint64_t>(request.used, memory_.size());
}

void RamVolume::report(Request& request) const noexcept {
  const std::uint64_t end = request.offset + request.length;
  const std::size_t first_page = request.offset / kPageSize;
  request.mapped = written_[first_page];
  std::size_t page = first_page + 1;
  while (page * kPageSize < end && written_[page] == request.mapped) {
    ++page;
  }
  request.run_length = std::min<std::uint64_t>(page * kPageSize, end) - request.offset;
}

}  // namespace lunaria::block
