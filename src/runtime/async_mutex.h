#pragma once

// AsyncMutex: one coroutine at a time on a shard, in the order in which they came.

#include <coroutine>
#include <cstddef>
#include <deque>
#include <utility>

#include "base/check.h"

namespace lunaria::runtime {

/// Single-threaded. `const AsyncMutex::Lock lock = co_await mutex.acquire();`. Nobody may wait when it is destroyed.
class AsyncMutex final {
 public:
  class [[nodiscard]] Lock final {
   public:
    explicit Lock(AsyncMutex& mutex) : mutex_(&mutex) {}
    Lock(Lock&& other) noexcept : mutex_(std::exchange(other.mutex_, nullptr)) {}
    Lock& operator=(Lock&&) = delete;
    Lock(const Lock&) = delete;
    Lock& operator=(const Lock&) = delete;
    ~Lock() {
      if (mutex_ != nullptr) {
        mutex_->release();
      }
    }

   private:
    AsyncMutex* mutex_;
  };

  AsyncMutex() = default;
  AsyncMutex(const AsyncMutex&) = delete;
  AsyncMutex& operator=(const AsyncMutex&) = delete;
  ~AsyncMutex() { check(!held_, "a mutex outlives those who hold it"); }

  auto acquire() {
    struct Awaiter {
      AsyncMutex& mutex;
      bool await_ready() const {
        if (mutex.held_ || !mutex.waiters_.empty()) {
          return false;
        }
        mutex.held_ = true;
        return true;
      }
      void await_suspend(std::coroutine_handle<> waiter) { mutex.waiters_.push_back(waiter); }
      Lock await_resume() const { return Lock(mutex); }
    };
    return Awaiter{*this};
  }
  bool is_held() const { return held_; }
  std::size_t waiting() const { return waiters_.size(); }

 private:
  /// Hands over to the next one, who runs at once. One loop for all of them, so that many who are done at once do not
  /// pile up on the stack.
  void release() {
    held_ = false;
    if (handing_over_) {
      return;
    }
    handing_over_ = true;
    while (!held_ && !waiters_.empty()) {
      const std::coroutine_handle<> next = waiters_.front();
      waiters_.pop_front();
      held_ = true;
      next.resume();
    }
    handing_over_ = false;
  }

  bool held_ = false;
  bool handing_over_ = false;
  std::deque<std::coroutine_handle<>> waiters_;
};

}  // namespace lunaria::runtime
