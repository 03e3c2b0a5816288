#pragma once

// Event: wakes the coroutines that wait for something to happen on their own shard.

#include <coroutine>
#include <utility>

namespace lunaria::runtime {

/// Single-threaded. Set stays set until reset. Must have no waiters when destroyed.
class Event final {
 public:
  Event() = default;
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;

  bool is_set() const { return set_; }
  /// Wakes every waiter, in the order in which they came.
  void set() {
    set_ = true;
    pulse();
  }
  /// Likewise, but leaves the event as it is: who begins to wait in the course of it waits for the next one.
  void pulse() {
    Waiter* waiter = std::exchange(first_, nullptr);
    last_ = nullptr;
    while (waiter != nullptr) {
      Waiter* next = waiter->next;  // the waiter's memory is its coroutine's
      waiter->handle.resume();
      waiter = next;
    }
  }
  void reset() { set_ = false; }

  /// `co_await event.wait()`.
  auto wait() { return Awaiter{*this, {}}; }

 private:
  struct Waiter {
    std::coroutine_handle<> handle;
    Waiter* next = nullptr;
  };
  struct Awaiter {
    Event& event;
    Waiter waiter;
    bool await_ready() const { return event.set_; }
    void await_suspend(std::coroutine_handle<> handle) {
      waiter.handle = handle;
      (event.last_ != nullptr ? event.last_->next : event.first_) = &waiter;
      event.last_ = &waiter;
    }
    void await_resume() const {}
  };

  bool set_ = false;
  Waiter* first_ = nullptr;
  Waiter* last_ = nullptr;
};

}  // namespace lunaria::runtime
