#include "block/file_volume.h"

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/check.h"

namespace lunaria::block {
namespace {

using runtime::FileOperation;

constexpr std::size_t kZeroLength = std::size_t{64} << 10;
constexpr std::uint32_t kHoleGranularity = 4096;  // what common file systems free
alignas(4096) constexpr std::array<std::byte, kZeroLength> kZeros{};

// Errors that say the store itself has gone, so that no later call can succeed.
bool is_gone(int error) {
  return error == ENXIO || error == ENODEV || error == ESTALE || error == ENOMEDIUM || error == EBADF ||
         error == ESHUTDOWN;
}

bool is_no_space(int error) {
  return error == ENOSPC || error == EDQUOT || error == EFBIG;
}

bool modifies(IoOperation operation) {
  return operation == IoOperation::kWrite || operation == IoOperation::kUnmap || operation == IoOperation::kWriteZeroes;
}

std::string describe(std::int64_t result) {
  return runtime::to_string(runtime::IoError{static_cast<int>(-result)});
}

}  // namespace

FileVolume::FileVolume(runtime::Shard& home, std::unique_ptr<runtime::File> file, FileVolumeOptions options)
    : home_(home), file_(std::move(file)), options_(std::move(options)) {}

FileVolume::~FileVolume() {
  check(in_flight_ == 0, "a volume goes when its requests are done");
}

Features FileVolume::features() const {
  Features features;
  features.thin = options_.thin;
  features.unmap = options_.thin;
  features.volatile_cache = true;
  features.read_only = options_.read_only;
  features.unmap_granularity = options_.thin ? std::max(kHoleGranularity, options_.geometry.logical_block_size) : 0;
  return features;
}

bool FileVolume::submit(Request& request) noexcept {
  if (failure_) {
    request.status = IoStatus::kFailed;
    return true;
  }
  if (options_.read_only && modifies(request.operation)) {
    request.status = IoStatus::kWriteProtected;
    return true;
  }
  request.status = IoStatus::kOk;
  if (request.operation == IoOperation::kAllocationStatus || request.operation == IoOperation::kSpace) {
    return look(request);
  }
  if (request.operation == IoOperation::kWriteAtomic || request.operation == IoOperation::kCryptoErase) {
    request.status = IoStatus::kMediumWriteError;  // not among the features
    return true;
  }
  const bool is_clear = request.operation == IoOperation::kUnmap || request.operation == IoOperation::kWriteZeroes;
  if ((request.operation == IoOperation::kUnmap && !options_.thin) ||
      (request.length == 0 && request.operation != IoOperation::kFlush)) {
    return true;
  }
  Work& work = take_work();
  work.request = &request;
  work.cleared = 0;
  work.stage = !is_clear ? Stage::kTransfer : can_clear_ ? Stage::kClear : Stage::kZeroWrites;
  if (!run(work)) {
    return false;
  }
  finish(work);
  return true;
}

FileVolume::Work& FileVolume::take_work() {
  if (free_works_ == nullptr) {
    for (Work& work : *works_.emplace_back(std::make_unique<std::array<Work, 16>>())) {
      work.volume = this;
      work.file = file_.get();
      work.on_complete([](runtime::Operation& operation) noexcept {
        auto& done = static_cast<Work&>(operation);
        done.volume->completed(done);
      });
      work.look.work = &work;
      work.look.on_complete(
          [](runtime::Operation& operation) noexcept { look_for_holes(*static_cast<Step&>(operation).work); });
      work.looked.work = &work;
      work.looked.on_complete([](runtime::Operation& operation) noexcept {
        Work& done = *static_cast<Step&>(operation).work;
        done.volume->finish(done).complete();
      });
      work.next_free = std::exchange(free_works_, &work);
    }
  }
  ++in_flight_;
  return *std::exchange(free_works_, free_works_->next_free);
}

// Preallocated disks are mapped throughout; those of thin ones are looked up in the file system, which may block.
bool FileVolume::look(Request& request) noexcept {
  request.mapped = true;
  request.run_length = request.length;
  if (!options_.thin && request.operation == IoOperation::kAllocationStatus) {
    return true;
  }
  Work& work = take_work();
  work.request = &request;
  work.stage = Stage::kLook;
  home_.run_blocking(work.look, work.looked);
  return false;
}

// Runs on a worker thread. The file system counts in blocks of its own: a block that is mapped in part is mapped.
void FileVolume::look_for_holes(Work& work) noexcept {
  Request& request = *work.request;
  if (request.operation == IoOperation::kSpace) {
    const auto used = work.file->allocated_size();
    const auto available = work.file->available_size();
    request.used = used ? *used : 0;
    request.available = available ? *available : 0;
    request.status = used && available ? IoStatus::kOk : IoStatus::kMediumReadError;
    return;
  }
  const std::uint64_t block_size = work.volume->options_.geometry.logical_block_size;
  const std::uint64_t end = request.offset + request.length;
  const auto data = work.file->next_data(request.offset);
  if (!data && data.error().code != ENXIO) {
    return;  // it cannot tell, so everything counts as mapped
  }
  const std::uint64_t data_at = data ? std::min(*data, end) / block_size * block_size : end;
  if (data_at > request.offset) {
    request.mapped = false;
    request.run_length = data_at - request.offset;
    return;
  }
  const auto hole = work.file->next_hole(request.offset);
  if (hole) {
    const std::uint64_t hole_at = (std::min(*hole, end) + block_size - 1) / block_size * block_size;
    request.run_length = std::max(hole_at, request.offset + block_size) - request.offset;
  }
}

Request& FileVolume::finish(Work& work) noexcept {
  Request& request = *work.request;
  work.next_free = std::exchange(free_works_, &work);
  --in_flight_;
  return request;
}

void FileVolume::completed(Work& work) noexcept {
  if (settle(work) && !run(work)) {
    return;
  }
  finish(work).complete();
}

// Carries out stage after stage as long as they are done at once; false while one is under way.
bool FileVolume::run(Work& work) noexcept {
  do {
    prepare(work);
    if (!home_.submit(work)) {
      return false;
    }
  } while (settle(work));
  return true;
}

void FileVolume::prepare(Work& work) noexcept {
  const Request& request = *work.request;
  work.offset = request.offset;
  work.length = request.length;
  work.memory = {};
  work.result = 0;
  switch (work.stage) {
    case Stage::kTransfer:
      work.memory = request.memory;
      if (request.operation == IoOperation::kRead) {
        work.operation = FileOperation::kRead;
      } else if (request.operation == IoOperation::kWrite) {
        work.operation = request.durable ? FileOperation::kWriteDurable : FileOperation::kWrite;
      } else {
        work.operation = FileOperation::kSync;
      }
      break;
    case Stage::kWhoseNoSpace:
      work.operation = FileOperation::kWrite;
      work.memory = request.memory;
      break;
    case Stage::kClear:
      work.operation = options_.thin ? FileOperation::kPunchHole : FileOperation::kZeroRange;
      break;
    case Stage::kZeroWrites:
      prepare_zeros(work);
      break;
    case Stage::kSyncAfter:
      work.operation = FileOperation::kSync;
      break;
    case Stage::kLook:
      break;
  }
}

void FileVolume::prepare_zeros(Work& work) noexcept {
  const std::uint64_t left = work.request->length - work.cleared;
  work.operation = FileOperation::kWrite;
  work.offset = work.request->offset + work.cleared;
  work.length = 0;
  std::size_t count = 0;
  while (count < kZeroParts && work.length < left) {
    const std::size_t part = static_cast<std::size_t>(std::min<std::uint64_t>(kZeroLength, left - work.length));
    work.zeros[count++] = {const_cast<std::byte*>(kZeros.data()), part};  // a write only reads from it
    work.length += part;
  }
  work.memory = std::span(work.zeros).first(count);
}

// Looks at what a stage has come to: true when another one follows, otherwise the request's status is final.
bool FileVolume::settle(Work& work) noexcept {
  Request& request = *work.request;
  switch (work.stage) {
    case Stage::kTransfer:
      return settle_transfer(work);
    case Stage::kWhoseNoSpace:
      if (work.result < 0) {
        request.status = classify(request.operation, static_cast<int>(-work.result));
      } else {
        enter_failed_state("no space was left to make a write to " + options_.path + " durable");
        request.status = IoStatus::kFailed;
      }
      return false;
    case Stage::kClear:
    case Stage::kZeroWrites:
      return settle_clear(work);
    case Stage::kSyncAfter:
      if (work.result < 0) {
        enter_failed_state("a flush of " + options_.path + " failed: " + describe(work.result));
      }
      request.status = failure_ ? IoStatus::kFailed : IoStatus::kOk;
      return false;
    case Stage::kLook:
      return false;
  }
  return false;
}

bool FileVolume::settle_transfer(Work& work) noexcept {
  Request& request = *work.request;
  if (request.operation == IoOperation::kFlush) {
    if (work.result < 0) {
      enter_failed_state("a flush of " + options_.path + " failed: " + describe(work.result));
    }
    // Also when another request failed meanwhile: what this flush was to save may be lost.
    request.status = failure_ ? IoStatus::kFailed : IoStatus::kOk;
    return false;
  }
  if (work.result >= 0) {
    if (static_cast<std::uint64_t>(work.result) < request.length) {
      enter_failed_state(options_.path + " ends at byte " +
                         std::to_string(request.offset + static_cast<std::uint64_t>(work.result)) +
                         ", before the end of the disk: it has been cut");
      request.status = IoStatus::kFailed;
    }
    return false;
  }
  const int error = static_cast<int>(-work.result);
  if (request.operation == IoOperation::kWrite && request.durable) {
    if (is_no_space(error)) {
      work.stage = Stage::kWhoseNoSpace;
      return true;
    }
    if (error == EIO) {  // it may have been the flush, and the kernel reports that only once
      enter_failed_state("a durable write to " + options_.path + " failed: " + describe(work.result));
      request.status = IoStatus::kFailed;
      return false;
    }
  }
  request.status = classify(request.operation, error);
  return false;
}

bool FileVolume::settle_clear(Work& work) noexcept {
  Request& request = *work.request;
  if (work.result < 0) {
    const int error = static_cast<int>(-work.result);
    if (work.stage == Stage::kClear && (error == EOPNOTSUPP || error == ENOSYS)) {
      can_clear_ = false;
      work.stage = Stage::kZeroWrites;
      return true;
    }
    request.status = classify(IoOperation::kWrite, error);
    return false;
  }
  if (work.stage == Stage::kZeroWrites) {
    work.cleared += static_cast<std::uint64_t>(work.result);
    if (work.result > 0 && work.cleared < request.length) {
      return true;
    }
  }
  if (request.durable) {
    work.stage = Stage::kSyncAfter;
    return true;
  }
  return false;
}

IoStatus FileVolume::classify(IoOperation operation, int error) noexcept {
  if (is_gone(error)) {
    enter_failed_state("the store of " + options_.path + " has gone: " + describe(-error));
    return IoStatus::kFailed;
  }
  if (operation == IoOperation::kRead) {
    return IoStatus::kMediumReadError;
  }
  if (is_no_space(error)) {
    return IoStatus::kNoSpace;
  }
  return error == EROFS || error == EPERM || error == EACCES ? IoStatus::kWriteProtected : IoStatus::kMediumWriteError;
}

void FileVolume::enter_failed_state(std::string reason) noexcept {
  if (!failure_) {
    failure_ = std::move(reason);
  }
}

}  // namespace lunaria::block
