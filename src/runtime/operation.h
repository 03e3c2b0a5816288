#pragma once

// Operation: something started now that completes later on the same shard. It lives in the memory of whoever waits (a
// coroutine frame, a command slot), so starting one allocates nothing.

#include <coroutine>
#include <cstdint>

namespace lunaria::runtime {

/// Base of requests to files, streams, timers and volumes. Whoever carries one out either says "done" at once (the
/// submit function returns true and `complete` is never called) or calls `complete` exactly once, on the shard that
/// submitted it. Must stay in place until then, whatever happens to the object it was for.
class Operation {
 public:
  using Function = void (*)(Operation&) noexcept;

  Operation() = default;
  Operation(const Operation&) = delete;
  Operation& operator=(const Operation&) = delete;

  /// Calls back; `this` may be gone afterwards.
  void complete() noexcept { on_complete_(*this); }

  void on_complete(Function function) noexcept { on_complete_ = function; }
  /// Resumes a coroutine when done.
  void resume_on_complete(std::coroutine_handle<> waiter) noexcept {
    waiter_ = waiter;
    on_complete_ = [](Operation& operation) noexcept { operation.waiter_.resume(); };
  }

  /// For whoever carries the operation out: a link for its queue. Not for the submitter.
  Operation* next = nullptr;

 protected:
  ~Operation() = default;

 private:
  Function on_complete_ = nullptr;
  std::coroutine_handle<> waiter_;
};

}  // namespace lunaria::runtime
