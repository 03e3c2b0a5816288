#pragma once

// For tests of block and scsi: a shard without threads or I/O. Messages wait until run(); file requests go to the
// MemoryFile that they name.

#include <deque>
#include <utility>

#include "base/check.h"
#include "runtime/buffer_pool.h"
#include "runtime/file.h"
#include "runtime/random.h"
#include "runtime/shard.h"

namespace lunaria::block::testing {

/// A file of memory that answers file requests.
class RequestTaker {
 public:
  virtual ~RequestTaker() = default;
  virtual void carry_out(runtime::FileRequest& request) = 0;
};

class InlineShard final : public runtime::Shard {
 public:
  runtime::ShardId id() const override { return runtime::ShardId{0}; }
  bool is_current() const override { return true; }
  const runtime::Clock& clock() const override { return clock_; }
  runtime::Random& random() override { unreachable(); }
  runtime::Network& network() override { unreachable(); }
  runtime::BufferPool& buffers() override { return buffers_; }
  void post(runtime::Message& message) noexcept override { messages_.push_back(&message); }
  void start(runtime::Timer& /*timer*/, runtime::Duration /*delay*/) override { unreachable(); }
  bool cancel(runtime::Timer& /*timer*/) override { return false; }

  /// Completes at once, or by run() when `defer` is set.
  bool submit(runtime::FileRequest& request) noexcept override {
    ++file_requests;
    auto* taker = dynamic_cast<RequestTaker*>(request.file);
    check(taker != nullptr, "tests open files of MemoryFileSystem");
    taker->carry_out(request);
    if (defer) {
      completions_.push_back(&request);
      return false;
    }
    return true;
  }
  void run_blocking(runtime::Message& work, runtime::Message& done) noexcept override {
    work.complete();
    messages_.push_back(&done);
  }

  /// Until nothing is left to do.
  void run() {
    while (!messages_.empty() || !completions_.empty()) {
      if (!completions_.empty()) {
        runtime::Operation* next = completions_.front();
        completions_.pop_front();
        next->complete();
        continue;
      }
      runtime::Message* next = messages_.front();
      messages_.pop_front();
      next->complete();
    }
  }

  bool defer = false;
  std::size_t file_requests = 0;

 private:
  struct ZeroClock final : runtime::Clock {
    runtime::Instant now() const override { return {}; }
    runtime::WallTime wall_time() const override { return {}; }
  };
  [[noreturn]] static void unreachable() {
    check(false, "tests of block and scsi do not need it");
    std::abort();
  }

  ZeroClock clock_;
  runtime::BufferPool buffers_{64 * runtime::BufferPool::kSizeMax};
  std::deque<runtime::Message*> messages_;
  std::deque<runtime::Operation*> completions_;
};

}  // namespace lunaria::block::testing
