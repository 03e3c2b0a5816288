#pragma once

// Gate: counts the coroutines that run inside an object, so that its owner can stop: close the gate, wait for the last
// one out. `spawn` starts a coroutine inside a gate; nothing runs detached.

#include <coroutine>
#include <cstddef>
#include <utility>

#include "base/check.h"
#include "runtime/task.h"

namespace lunaria::runtime {

/// Single-threaded: lives on one shard. Must be closed and empty when destroyed, or never entered.
class Gate final {
 public:
  Gate() = default;
  Gate(const Gate&) = delete;
  Gate& operator=(const Gate&) = delete;
  ~Gate() { check(count_ == 0, "a gate outlives those inside"); }

  bool is_closed() const { return closed_; }
  std::size_t count() const { return count_; }

  /// False once closed; otherwise leave() must follow.
  [[nodiscard]] bool try_enter() {
    if (closed_) {
      return false;
    }
    ++count_;
    return true;
  }
  void leave() {
    check(count_ > 0, "leave() follows try_enter()");
    --count_;
    if (count_ == 0 && closed_ && waiter_) {
      std::exchange(waiter_, {}).resume();
    }
  }

  /// Nobody enters from now on. Those inside should see `is_closed` and finish.
  void close() { closed_ = true; }
  /// Lets people in again; only when closed and empty.
  void reopen() {
    check(count_ == 0, "a gate is reopened when empty");
    closed_ = false;
  }

  /// `co_await gate.drained()` after close(): returns when the last one has left. One waiter.
  auto drained() {
    struct Awaiter {
      Gate& gate;
      bool await_ready() const { return gate.count_ == 0; }
      void await_suspend(std::coroutine_handle<> waiter) { gate.waiter_ = waiter; }
      void await_resume() const {}
    };
    check(closed_, "close() comes before drained()");
    return Awaiter{*this};
  }

 private:
  bool closed_ = false;
  std::size_t count_ = 0;
  std::coroutine_handle<> waiter_;
};

namespace internal {

/// A coroutine that owns itself: frame freed at its end. Only spawn() makes one.
struct SelfOwned {
  struct promise_type {
    static void* operator new(std::size_t size) { return allocate_frame(size); }
    static void operator delete(void* frame, std::size_t size) noexcept { release_frame(frame, size); }
    SelfOwned get_return_object() noexcept { return {}; }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() noexcept {}
    [[noreturn]] void unhandled_exception() noexcept { std::abort(); }
  };
};

inline SelfOwned run_inside(Gate& gate, Task<void> task) {
  // The task's frame goes before the gate hears of it: what it refers to may die with the gate's owner.
  {
    Task<void> running = std::move(task);
    co_await std::move(running);
  }
  gate.leave();
}

}  // namespace internal

/// Starts `task` now, inside the gate; it runs until its first suspension before this returns. False (and the task
/// never runs) when the gate is closed.
inline bool spawn(Gate& gate, Task<void> task) {
  if (!gate.try_enter()) {
    return false;
  }
  internal::run_inside(gate, std::move(task));
  return true;
}

}  // namespace lunaria::runtime
