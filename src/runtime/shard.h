#pragma once

// Shard: a thread with a run queue (the reactor's has an io_uring ring, sim's shares one thread and virtual time).
// Nothing that lives on a shard is touched by another thread; shards talk by posting messages.

#include <coroutine>
#include <cstddef>
#include <cstdint>

#include "runtime/clock.h"
#include "runtime/operation.h"

namespace lunaria::runtime {

class BufferPool;
class Network;
class Random;
struct FileRequest;

enum class ShardId : std::uint16_t {};

/// Something to run on a shard; its memory is the poster's and stays in place until it has run.
struct Message : Operation {};

/// Wakes once after a duration. Owned by whoever waits; must be idle (never started, fired or cancelled) when
/// destroyed.
struct Timer : Operation {
  Instant deadline{};
  bool pending = false;
  std::uint64_t sequence = 0;  ///< for the shard: order among equal deadlines
  std::size_t slot = 0;        ///< for the shard: where it stands in its TimerHeap
};

/// Interface; every member but `post` and `id` is for the shard's own thread only.
class Shard {
 public:
  virtual ~Shard() = default;

  virtual ShardId id() const = 0;
  /// Whether the caller runs on this shard.
  virtual bool is_current() const = 0;
  virtual const Clock& clock() const = 0;
  virtual Random& random() = 0;
  virtual Network& network() = 0;
  virtual BufferPool& buffers() = 0;

  /// From any thread: runs `message.complete()` on this shard, in the order of posting per poster. Never blocks.
  virtual void post(Message& message) noexcept = 0;

  /// Starts a timer that is not pending.
  virtual void start(Timer& timer, Duration delay) = 0;
  /// Stops it; false when it was not pending. After true it will not fire.
  virtual bool cancel(Timer& timer) = 0;

  /// Starts a file operation; true when it is done already (then complete() is not called). Never blocks.
  virtual bool submit(FileRequest& request) noexcept = 0;

  /// Runs `work.complete()` on a worker thread, where blocking is allowed, and then `done.complete()` on this shard.
  virtual void run_blocking(Message& work, Message& done) noexcept = 0;
};

/// `co_await move_to(shard)`: the coroutine goes on running there. No-op when it is there already.
class MoveTo final {
 public:
  explicit MoveTo(Shard& shard) : shard_(shard) {}
  bool await_ready() const { return shard_.is_current(); }
  void await_suspend(std::coroutine_handle<> waiter) {
    message_.resume_on_complete(waiter);
    shard_.post(message_);
  }
  void await_resume() const {}

 private:
  Shard& shard_;
  Message message_;
};
inline MoveTo move_to(Shard& shard) {
  return MoveTo(shard);
}

/// `co_await yield_on(shard)`: lets everything else that is ready on the shard run first.
class Yield final {
 public:
  explicit Yield(Shard& shard) : shard_(shard) {}
  bool await_ready() const { return false; }
  void await_suspend(std::coroutine_handle<> waiter) {
    message_.resume_on_complete(waiter);
    shard_.post(message_);
  }
  void await_resume() const {}

 private:
  Shard& shard_;
  Message message_;
};
inline Yield yield_on(Shard& shard) {
  return Yield(shard);
}

/// `co_await sleep_for(shard, 2s)`.
class Sleep final {
 public:
  Sleep(Shard& shard, Duration delay) : shard_(shard), delay_(delay) {}
  bool await_ready() const { return false; }
  void await_suspend(std::coroutine_handle<> waiter) {
    timer_.resume_on_complete(waiter);
    shard_.start(timer_, delay_);
  }
  void await_resume() const {}

 private:
  Shard& shard_;
  Duration delay_;
  Timer timer_;
};
inline Sleep sleep_for(Shard& shard, Duration delay) {
  return Sleep(shard, delay);
}

}  // namespace lunaria::runtime
