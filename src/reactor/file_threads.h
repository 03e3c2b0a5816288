#pragma once

// FileThreads: file requests carried out with blocking calls on a few threads, where the kernel has no better way of
// not making the shard wait. Belongs to one backend. Internal to reactor.

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "reactor/backend.h"
#include "reactor/clock.h"

namespace lunaria::reactor {

/// Public members are for the shard's thread. No memory is taken per request. Threads are made when the first request
/// comes. A thread takes requests for one file in batches and hands them back together, so that one wake-up serves
/// many; a slow file delays no result of another. One that never answers keeps its threads, and when
/// all are kept, the others wait.
class FileThreads final {
 public:
  /// `wake` is called from any thread, when finished requests are there to be taken and none were before.
  FileThreads(std::size_t thread_count, std::function<void()> wake);
  FileThreads(const FileThreads&) = delete;
  FileThreads& operator=(const FileThreads&) = delete;
  /// Nothing may be in flight.
  ~FileThreads();

  /// Gathers a request that reads, writes, syncs or clears.
  void submit(KernelRequest& request) noexcept;
  /// Hands over what was gathered.
  void flush() noexcept;
  bool has_finished() const { return finished_.load(std::memory_order_relaxed) != nullptr; }
  /// A list of requests whose `result` is set, linked by `next`; nullptr when there are none.
  KernelRequest* take_finished() noexcept { return finished_.exchange(nullptr, std::memory_order_acquire); }

 private:
  /// First in, first out, through KernelRequest::next.
  struct List {
    KernelRequest* first = nullptr;
    KernelRequest* last = nullptr;
    void push(KernelRequest& request) noexcept;
    void append(List& other) noexcept;
  };

  void start_threads();
  void run();
  List take_batch();
  void carry_out(List batch);
  void publish(List& done);

  std::size_t thread_count_;
  std::function<void()> wake_;
  SystemClock clock_;
  List gathered_;  // the shard's
  std::size_t batches_gathered_ = 0;
  std::size_t run_length_ = 0;  // requests at the end of gathered_ that are for one file
  std::atomic<KernelRequest*> finished_{nullptr};

  std::mutex mutex_;
  std::condition_variable ready_;
  List queue_;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace lunaria::reactor
