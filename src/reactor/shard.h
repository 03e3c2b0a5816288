#pragma once

// reactor::Shard: one thread that sleeps in the kernel until there is something to do, and runs what there is. Made by
// Reactor.

#include <sys/types.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <thread>

#include "reactor/backend.h"
#include "reactor/busy_poll.h"
#include "reactor/clock.h"
#include "reactor/file_engine.h"
#include "reactor/inbox.h"
#include "reactor/socket_network.h"
#include "runtime/buffer_pool.h"
#include "runtime/operation_queue.h"
#include "runtime/shard.h"
#include "runtime/timer_heap.h"

namespace lunaria::reactor {

class Workers;

/// A turn of the loop: messages of other threads, what is ready, timers that are due, and then the kernel, once, for
/// everything that was gathered and everything that has completed.
class Shard final : public runtime::Shard {
 public:
  struct Options {
    runtime::ShardId id{};
    std::size_t buffer_budget = 0;
    mode_t unix_socket_mode = 0600;
  };

  Shard(const Options& options, const runtime::Clock& clock, runtime::Random& random, Workers& workers);
  ~Shard() override;

  runtime::ShardId id() const override { return options_.id; }
  bool is_current() const override { return std::this_thread::get_id() == thread_; }
  const runtime::Clock& clock() const override { return clock_; }
  runtime::Random& random() override { return random_; }
  runtime::Network& network() override { return network_; }
  runtime::BufferPool& buffers() override { return buffers_; }
  void post(runtime::Message& message) noexcept override;
  void start(runtime::Timer& timer, runtime::Duration delay) override;
  bool cancel(runtime::Timer& timer) override { return timers_.cancel(timer); }
  bool submit(runtime::FileRequest& request) noexcept override { return files_.submit(request); }
  void run_blocking(runtime::Message& work, runtime::Message& done) noexcept override;

  /// Takes over the calling thread, with a backend made on it, until stop(). Tells when it may be posted to.
  void run(std::unique_ptr<Backend> backend, const std::function<void()>& started);
  /// From any thread: run() returns when everything posted before has run. Nothing may be in flight by then.
  void stop() noexcept;

  /// On the shard's thread: the longest that it looks for work before it sleeps. Zero, as at first: it sleeps at once.
  void set_busy_poll(runtime::Duration longest) { busy_poll_ = BusyPoll(longest); }

  // For this folder only, on the shard's thread.
  Backend& backend() { return *backend_; }
  mode_t unix_socket_mode() const { return options_.unix_socket_mode; }
  /// Completes an operation in the next turn.
  void complete_later(runtime::Operation& operation) noexcept { ready_.push(operation); }
  /// Counts turns, so that a stream that always has more can be told to let others run.
  std::uint64_t turn() const { return turn_; }

 private:
  struct Stop : runtime::Message {
    Shard* shard = nullptr;
  };

  void run_ready();
  void run_timers();
  void wait_for_kernel();
  /// True when there is work.
  bool poll_kernel(runtime::Instant begin);
  void sleep_in_kernel();

  Options options_;
  const runtime::Clock& clock_;
  runtime::Random& random_;
  Workers& workers_;
  std::thread::id thread_;
  Inbox inbox_;
  std::unique_ptr<Backend> backend_;
  runtime::OperationQueue ready_;
  runtime::TimerHeap timers_;
  BusyPoll busy_poll_{runtime::Duration::zero()};
  std::uint64_t turn_ = 0;
  bool stopping_ = false;
  Stop stop_;
  runtime::BufferPool buffers_;
  FileEngine files_;
  SocketNetwork network_;
};

}  // namespace lunaria::reactor
