#include "reactor/file_threads.h"

#include <fcntl.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "base/check.h"
#include "reactor/thread.h"

namespace lunaria::reactor {

using runtime::Duration;
using runtime::Instant;

namespace {

/// Requests for one file that a thread takes at once.
constexpr std::size_t kBatchMax = 16;
/// What is finished is told at the latest after this, so that a batch of slow requests is not as slow as all of them.
constexpr Duration kTellAfter = std::chrono::microseconds(100);

std::int64_t perform(const KernelRequest& request) {
  using Kind = KernelRequest::Kind;
  const auto offset = static_cast<off_t>(request.offset);
  const auto count = static_cast<int>(request.part_count);
  std::int64_t result = -1;
  switch (request.kind) {
    case Kind::kRead:
      result = ::preadv(request.fd, request.parts, count, offset);
      break;
    case Kind::kWrite:
      result = ::pwritev(request.fd, request.parts, count, offset);
      break;
    case Kind::kWriteDurable:
      result = ::pwritev2(request.fd, request.parts, count, offset, RWF_DSYNC);
      break;
    case Kind::kSync:
      result = ::fdatasync(request.fd);
      break;
    case Kind::kPunchHole:
    case Kind::kZeroRange:
      result = ::fallocate(request.fd, fallocate_mode(request.kind), offset, static_cast<off_t>(request.length));
      break;
    case Kind::kReceive:
    case Kind::kSend:
    case Kind::kAccept:
    case Kind::kConnect:
    case Kind::kWake:
      check(false, "only file requests go to the file threads");
  }
  return result >= 0 ? result : -errno;
}

}  // namespace

void FileThreads::List::push(KernelRequest& request) noexcept {
  request.next = nullptr;
  (last != nullptr ? last->next : first) = &request;
  last = &request;
}

void FileThreads::List::append(List& other) noexcept {
  if (other.first == nullptr) {
    return;
  }
  (last != nullptr ? last->next : first) = other.first;
  last = other.last;
  other = {};
}

FileThreads::FileThreads(std::size_t thread_count, std::function<void()> wake)
    : thread_count_(thread_count), wake_(std::move(wake)) {}

FileThreads::~FileThreads() {
  {
    const std::lock_guard lock(mutex_);
    check(queue_.first == nullptr && gathered_.first == nullptr, "no file request is in flight when its threads go");
    stopping_ = true;
  }
  ready_.notify_all();
  for (std::thread& thread : threads_) {
    thread.join();
  }
}

void FileThreads::submit(KernelRequest& request) noexcept {
  const bool continues = gathered_.last != nullptr && gathered_.last->fd == request.fd && run_length_ < kBatchMax;
  run_length_ = continues ? run_length_ + 1 : 1;
  batches_gathered_ += continues ? 0 : 1;
  gathered_.push(request);
}

void FileThreads::flush() noexcept {
  if (gathered_.first == nullptr) {
    return;
  }
  if (threads_.empty()) {
    start_threads();
  }
  {
    const std::lock_guard lock(mutex_);
    queue_.append(gathered_);
  }
  for (std::size_t left = std::exchange(batches_gathered_, 0); left > 0; --left) {
    ready_.notify_one();
  }
}

void FileThreads::start_threads() {
  for (std::size_t i = 0; i < thread_count_; ++i) {
    threads_.push_back(start_thread("lunaria-file", [this] { run(); }));
  }
}

void FileThreads::run() {
  std::unique_lock lock(mutex_);
  while (true) {
    ready_.wait(lock, [this] { return stopping_ || queue_.first != nullptr; });
    if (queue_.first == nullptr) {
      return;
    }
    const List batch = take_batch();
    lock.unlock();
    carry_out(batch);
    lock.lock();
  }
}

FileThreads::List FileThreads::take_batch() {
  List batch;
  const int fd = queue_.first->fd;
  for (std::size_t i = 0; i < kBatchMax && queue_.first != nullptr && queue_.first->fd == fd; ++i) {
    KernelRequest& request = *std::exchange(queue_.first, queue_.first->next);
    batch.push(request);
  }
  if (queue_.first == nullptr) {
    queue_.last = nullptr;
  }
  return batch;
}

void FileThreads::carry_out(List batch) {
  List done;
  Instant told = clock_.now();
  while (batch.first != nullptr) {
    KernelRequest& request = *std::exchange(batch.first, batch.first->next);
    request.result = perform(request);
    done.push(request);
    if (const Instant now = clock_.now(); now - told > kTellAfter) {
      publish(done);
      told = now;
    }
  }
  publish(done);
}

// A stack that is taken whole: the batch goes in front of what is there.
void FileThreads::publish(List& done) {
  if (done.first == nullptr) {
    return;
  }
  KernelRequest* head = finished_.load(std::memory_order_relaxed);
  do {
    done.last->next = head;
  } while (!finished_.compare_exchange_weak(head, done.first, std::memory_order_release, std::memory_order_relaxed));
  done = {};
  if (head == nullptr) {
    wake_();
  }
}

}  // namespace lunaria::reactor
