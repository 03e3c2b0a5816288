#pragma once

// Workers: a few threads on which blocking is allowed. Shared by all shards; off the data path. Internal to reactor.

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <thread>
#include <vector>

#include "runtime/shard.h"

namespace lunaria::reactor {

/// Work is taken in the order of submission. What is submitted is bounded by who waits for it: every call has a waiter.
class Workers final {
 public:
  /// At least one thread.
  explicit Workers(std::size_t thread_count);
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;
  /// Finishes what was submitted.
  ~Workers();

  /// From any thread: runs `work.complete()` on a worker, then posts `done` to `shard`.
  void submit(runtime::Message& work, runtime::Message& done, runtime::Shard& shard);

 private:
  struct Call {
    runtime::Message* work;
    runtime::Message* done;
    runtime::Shard* shard;
  };
  void run();

  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Call> calls_;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace lunaria::reactor
