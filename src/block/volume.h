#pragma once

// Volume: stores blocks. Kinds (file, RAM) and layers (faults, later snapshots and thin pools) share one virtual call.
// Lives on its home shard; all members are for that shard only unless they say otherwise.

#include <sys/uio.h>

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "block/loan.h"
#include "runtime/operation.h"
#include "runtime/submit.h"

namespace lunaria::block {

/// What an initiator may know of a volume's shape. Constant but for the block count, which resize changes.
struct Geometry {
  std::uint32_t logical_block_size = 512;    ///< bytes: 512 or 4096
  std::uint32_t physical_block_size = 4096;  ///< bytes: a power of two, at least the logical one
  std::uint64_t block_count = 0;             ///< logical blocks
  std::uint64_t size() const { return block_count * logical_block_size; }
};

/// What a volume can do beyond reading and writing; decides the VPD and mode pages.
struct Features {
  bool thin = false;   ///< unmapped blocks take no space (LBPME)
  bool unmap = false;  ///< kUnmap frees space
  bool unmapped_reads_zeros =
      true;                     ///< with unmap: unmapped blocks read as zeros, and initiators may count on it (LBPRZ)
  bool volatile_cache = false;  ///< completed writes may be lost by a power cut until a flush (WCE)
  bool read_only = false;
  std::uint32_t unmap_granularity = 0;  ///< bytes; 0 when there is none
  std::uint32_t atomic_length_max = 0;  ///< bytes of one kWriteAtomic; 0: it cannot
  bool crypto_erase = false;            ///< kCryptoErase works: what is stored is encrypted
};

enum class IoOperation : std::uint8_t {
  kRead,
  kWrite,
  kFlush,  ///< what was completed before is on stable storage when this completes
  kUnmap,  ///< the range may read as zeros afterwards (does, when Features::unmap and unmapped_reads_zeros) and its
           ///< space may be freed
  kWriteZeroes,       ///< the range reads as zeros afterwards
  kWriteAtomic,       ///< as kWrite; a crash or power cut leaves all of the range as it was, or all of it new
  kCryptoErase,       ///< throws the key away: nobody can read what is stored. Durable when complete.
  kSpace,             ///< how much the volume takes, and how much more it could take: Request::used and available
  kAllocationStatus,  ///< how far from the offset on blocks are mapped, or are not: Request::mapped and run_length
};

/// How an operation ended; scsi turns each into its sense data in one function.
enum class IoStatus : std::uint8_t {
  kOk,
  kMediumReadError,   ///< the store could not read (EIO)
  kMediumWriteError,  ///< the store could not write (EIO)
  kNoSpace,           ///< the store is full (ENOSPC, EDQUOT)
  kWriteProtected,
  kFailed,  ///< the volume is in the failed state: missing, short, or a flush was lost. Volume::failure() says why.
};

/// One operation. Byte offsets and lengths are multiples of the logical block size and inside the volume: the caller
/// has checked. The caller keeps request, iovecs and memory in place until it completes, also when its client has gone.
struct Request : runtime::Operation {
  IoOperation operation = IoOperation::kRead;
  bool durable = false;  ///< writes: on stable storage when complete (FUA)
  std::uint64_t offset = 0;
  std::uint64_t length = 0;
  std::span<const iovec> memory;  ///< reads and writes: `length` bytes in all
  IoStatus status = IoStatus::kOk;
  // Answers of kAllocationStatus.
  bool mapped = true;            ///< whether the first block takes space
  std::uint64_t run_length = 0;  ///< bytes from `offset` on that are the same, 1 block to `length`
  // Answers of kSpace, in bytes.
  std::uint64_t used = 0;
  std::uint64_t available = 0;  ///< may be shared with others
};

/// The interface of all kinds and layers. Destroyed on its home shard with no request in flight.
class Volume {
 public:
  virtual ~Volume() = default;
  virtual Geometry geometry() const = 0;
  virtual Features features() const = 0;
  /// Starts a request; true when it is done already (then complete() is not called). Never blocks, allocates nothing.
  virtual bool submit(Request& request) noexcept = 0;
  /// Lends the `copy.size()` bytes at `offset` instead of reading them into `copy`; false when it cannot, or not so
  /// many.
  virtual bool lend(std::uint64_t /*offset*/, std::span<std::byte> /*copy*/, Loan& /*loan*/) noexcept { return false; }
  /// Why the volume is in the failed state, in words for the administrator; nullopt while it works. A volume enters
  /// this state by a lost flush, a vanished or short store, and stays in it until an operator clears it.
  virtual std::optional<std::string> failure() const = 0;
};

/// `const IoStatus status = co_await read(volume, offset, memory)`: the awaiters live in the caller's frame.
class Io final {
 public:
  Io(Volume& volume, IoOperation operation, std::uint64_t offset, std::uint64_t length, std::span<std::byte> memory,
     bool durable)
      : volume_(volume), vector_{memory.data(), memory.size()} {
    request_.operation = operation;
    request_.durable = durable;
    request_.offset = offset;
    request_.length = length;
    request_.memory = memory.empty() ? std::span<const iovec>() : std::span<const iovec>(&vector_, 1);
  }
  Io(const Io&) = delete;
  Io& operator=(const Io&) = delete;
  bool await_ready() const { return false; }
  bool await_suspend(std::coroutine_handle<> waiter) {
    request_.resume_on_complete(waiter);
    return !volume_.submit(request_);
  }
  [[nodiscard]] IoStatus await_resume() const { return request_.status; }

 private:
  Volume& volume_;
  iovec vector_;
  Request request_;
};

/// `const AllocationRun run = co_await allocation_status(volume, offset, length)`.
struct AllocationRun {
  IoStatus status = IoStatus::kOk;
  bool mapped = true;
  std::uint64_t length = 0;  ///< bytes
};
class AllocationStatus final {
 public:
  AllocationStatus(Volume& volume, std::uint64_t offset, std::uint64_t length) : volume_(volume) {
    request_.operation = IoOperation::kAllocationStatus;
    request_.offset = offset;
    request_.length = length;
  }
  AllocationStatus(const AllocationStatus&) = delete;
  AllocationStatus& operator=(const AllocationStatus&) = delete;
  bool await_ready() const { return false; }
  bool await_suspend(std::coroutine_handle<> waiter) {
    request_.resume_on_complete(waiter);
    return !volume_.submit(request_);
  }
  [[nodiscard]] AllocationRun await_resume() const { return {request_.status, request_.mapped, request_.run_length}; }

 private:
  Volume& volume_;
  Request request_;
};

inline Io read(Volume& volume, std::uint64_t offset, std::span<std::byte> memory) {
  return {volume, IoOperation::kRead, offset, memory.size(), memory, false};
}
/// The memory is only read from.
inline Io write(Volume& volume, std::uint64_t offset, std::span<std::byte> memory, bool durable) {
  return {volume, IoOperation::kWrite, offset, memory.size(), memory, durable};
}
inline Io flush(Volume& volume) {
  return {volume, IoOperation::kFlush, 0, 0, {}, false};
}
inline Io unmap(Volume& volume, std::uint64_t offset, std::uint64_t length) {
  return {volume, IoOperation::kUnmap, offset, length, {}, false};
}
inline Io write_zeroes(Volume& volume, std::uint64_t offset, std::uint64_t length, bool durable) {
  return {volume, IoOperation::kWriteZeroes, offset, length, {}, durable};
}

/// The memory is only read from. At most Features::atomic_length_max bytes.
inline Io write_atomic(Volume& volume, std::uint64_t offset, std::span<std::byte> memory, bool durable) {
  return {volume, IoOperation::kWriteAtomic, offset, memory.size(), memory, durable};
}
inline Io crypto_erase(Volume& volume) {
  return {volume, IoOperation::kCryptoErase, 0, 0, {}, true};
}

/// `const Space space = co_await block::space(volume)`.
struct Space {
  IoStatus status = IoStatus::kOk;
  std::uint64_t used = 0;       ///< bytes
  std::uint64_t available = 0;  ///< bytes; may be shared with others
};
class SpaceQuestion final {
 public:
  explicit SpaceQuestion(Volume& volume) : volume_(volume) { request_.operation = IoOperation::kSpace; }
  SpaceQuestion(const SpaceQuestion&) = delete;
  SpaceQuestion& operator=(const SpaceQuestion&) = delete;
  bool await_ready() const { return false; }
  bool await_suspend(std::coroutine_handle<> waiter) {
    request_.resume_on_complete(waiter);
    return !volume_.submit(request_);
  }
  [[nodiscard]] Space await_resume() const { return {request_.status, request_.used, request_.available}; }

 private:
  Volume& volume_;
  Request request_;
};
inline SpaceQuestion space(Volume& volume) {
  return SpaceQuestion(volume);
}

inline AllocationStatus allocation_status(Volume& volume, std::uint64_t offset, std::uint64_t length) {
  return {volume, offset, length};
}

}  // namespace lunaria::block
