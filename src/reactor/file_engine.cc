#include "reactor/file_engine.h"

#include <sys/uio.h>

#include <cerrno>
#include <utility>

#include "base/check.h"
#include "reactor/local_file.h"
#include "reactor/shard.h"

namespace lunaria::reactor {

using runtime::FileOperation;
using runtime::FileRequest;

namespace {

/// Requests that one turn answers at once; then others get to run. Far above what a turn gathers normally.
constexpr unsigned kInlinePerTurnMax = 256;

/// Longest write that a thread of ours carries out: at 4 KiB that is cheaper than the ring, at 128 KiB dearer
/// (docs/decisions/0013-epoll-and-file-threads.md).
constexpr std::uint64_t kThreadWriteMax = std::uint64_t{32} << 10;

bool moves_bytes(FileOperation operation) {
  return operation == FileOperation::kRead || operation == FileOperation::kWrite ||
         operation == FileOperation::kWriteDurable;
}

KernelRequest::Kind kind_of(FileOperation operation) {
  switch (operation) {
    case FileOperation::kRead:
      return KernelRequest::Kind::kRead;
    case FileOperation::kWrite:
      return KernelRequest::Kind::kWrite;
    case FileOperation::kWriteDurable:
      return KernelRequest::Kind::kWriteDurable;
    case FileOperation::kSync:
      return KernelRequest::Kind::kSync;
    case FileOperation::kPunchHole:
      return KernelRequest::Kind::kPunchHole;
    case FileOperation::kZeroRange:
      break;
  }
  return KernelRequest::Kind::kZeroRange;
}

}  // namespace

/// True with request.result set when nothing is left to do; otherwise `progress` bytes are done.
bool FileEngine::try_inline(FileRequest& request, LocalFile& file, std::uint64_t& progress) {
  const bool reads = request.operation == FileOperation::kRead;
  int flags = RWF_NOWAIT;
  if (file.is_in_memory()) {
    flags = 0;  // nothing that it could wait for
    if (request.operation == FileOperation::kSync) {
      request.result = 0;
      return true;
    }
  } else if (reads ? !file.reads_inline() : request.operation != FileOperation::kWrite || !file.writes_inline()) {
    return false;
  }
  if (!moves_bytes(request.operation)) {
    return false;
  }
  const int count = static_cast<int>(request.memory.size());
  const auto offset = static_cast<off_t>(request.offset);
  const ssize_t moved = reads ? ::preadv2(file.fd(), request.memory.data(), count, offset, flags)
                              : ::pwritev2(file.fd(), request.memory.data(), count, offset, flags);
  if (moved >= 0) {
    progress = static_cast<std::uint64_t>(moved);
    request.result = moved;
    return progress == request.length || (reads && progress == 0);
  }
  if (errno == EAGAIN || errno == EINTR) {
    return false;
  }
  if (errno == EOPNOTSUPP && flags != 0) {
    if (reads) {
      file.set_reads_inline(false);
    } else {
      file.set_writes_inline(false);
    }
    return false;
  }
  request.result = -errno;
  return true;
}

bool FileEngine::finish_inline(FileRequest& request) {
  if (turn_ != shard_.turn()) {
    turn_ = shard_.turn();
    inline_left_ = kInlinePerTurnMax;
  }
  if (inline_left_ == 0) {
    shard_.complete_later(request);
    return false;
  }
  --inline_left_;
  return true;
}

bool FileEngine::submit(FileRequest& request) noexcept {
  check(request.file != nullptr, "a file request names its file");
  auto& file = static_cast<LocalFile&>(*request.file);
  if (moves_bytes(request.operation) && request.length == 0) {
    request.result = 0;
    return true;
  }
  std::uint64_t progress = 0;
  if (try_inline(request, file, progress)) {
    return finish_inline(request);
  }
  if (free_steps_ == nullptr) {
    free_steps_ = &steps_.emplace_back();
    free_steps_->engine = this;
    free_steps_->done = [](KernelRequest& kernel_request) noexcept {
      auto& self = static_cast<Step&>(kernel_request);
      self.engine->on_done(self);
    };
  }
  Step& step = *std::exchange(free_steps_, free_steps_->next_free);
  step.request = &request;
  step.progress = progress;
  step.kind = kind_of(request.operation);
  step.fd = file.fd();
  // Where a write cannot be tried, the ring has the kernel's threads do it one by one; ours take them in batches.
  step.on_thread = request.operation == FileOperation::kWrite && !file.is_direct() && !file.writes_inline() &&
                   request.length <= kThreadWriteMax;
  start(step);
  return false;
}

void FileEngine::start(Step& step) {
  const FileRequest& request = *step.request;
  step.offset = request.offset + step.progress;
  step.length = request.length - step.progress;
  if (moves_bytes(request.operation)) {
    if (step.progress == 0) {
      step.parts = request.memory.data();
      step.part_count = static_cast<unsigned>(request.memory.size());
    } else {
      step.parts = step.storage.data();
      step.part_count = remaining_parts(request.memory, step.progress, step.storage);
    }
  }
  shard_.backend().start(step);
}

void FileEngine::on_done(Step& step) {
  FileRequest& request = *step.request;
  std::int64_t result = step.result;
  if (result == -EINTR || result == -EAGAIN) {
    start(step);
    return;
  }
  if (result >= 0 && moves_bytes(request.operation)) {
    step.progress += static_cast<std::uint64_t>(result);
    const bool is_end = result == 0;
    if (step.progress < request.length && !is_end) {
      start(step);
      return;
    }
    // Only a read may find an end; a write that moves nothing would go on for ever.
    const bool stuck = is_end && request.operation != FileOperation::kRead;
    result = stuck ? -EIO : static_cast<std::int64_t>(step.progress);
  }
  request.result = result;
  step.next_free = std::exchange(free_steps_, &step);
  request.complete();
}

}  // namespace lunaria::reactor
