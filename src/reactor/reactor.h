#pragma once

// Reactor: the machine as Lunaria uses it: shards with their threads, worker threads, clocks, random bytes and files.
// The daemon makes one; so do tests that need real sockets.

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <thread>
#include <vector>

#include "base/result.h"
#include "reactor/clock.h"
#include "reactor/local_file.h"
#include "reactor/shard.h"
#include "reactor/workers.h"
#include "runtime/gate.h"
#include "runtime/io_error.h"
#include "runtime/task.h"

namespace lunaria::reactor {

/// How shards ask the kernel.
enum class BackendChoice : std::uint8_t {
  kAutomatic,  ///< io_uring; epoll where the kernel or a policy refuses it
  kUring,
  kEpoll,
};

struct ReactorOptions {
  std::size_t shard_count = 1;
  /// Each shard on its own processor, as far as there are any.
  bool pin = false;
  /// Threads for run_blocking, shared by all shards.
  std::size_t worker_count = 4;
  /// Bytes of each shard's BufferPool.
  std::size_t buffer_budget = std::size_t{256} << 20;
  BackendChoice backend = BackendChoice::kAutomatic;
  /// Of Unix sockets that are listened on.
  mode_t unix_socket_mode = 0600;
};

/// What lives on the shards must be gone when it is destroyed: their coroutines over, their streams,
/// listeners and files closed.
class Reactor final {
  struct Key {};  // only start() makes one

 public:
  Reactor(Key key, const ReactorOptions& options);
  /// Fails where a ring or a thread cannot be had.
  static Result<std::unique_ptr<Reactor>, runtime::IoError> start(const ReactorOptions& options = {});
  Reactor(const Reactor&) = delete;
  Reactor& operator=(const Reactor&) = delete;
  /// Workers finish first (what they did goes back to the shards), then the shards, in their order.
  ~Reactor();

  std::size_t shard_count() const { return shards_.size(); }
  Shard& shard(std::size_t index) { return *shards_[index]; }
  const runtime::Clock& clock() const { return clock_; }
  runtime::Random& random() { return random_; }
  runtime::FileSystem& files() { return files_; }
  /// "io_uring" or "epoll"; for the log.
  std::string_view backend_name() const { return backend_name_; }
  /// Why it is epoll though nobody asked for that.
  const std::optional<runtime::IoError>& uring_refusal() const { return uring_refusal_; }

  /// Runs `function()` on a shard and returns when it is over. Not from a shard's own thread.
  void run_on(std::size_t index, const std::function<void()>& function);
  /// Runs a coroutine on a shard to its end; the calling thread, not a shard's, waits. Its frame is made by the caller,
  /// its body runs on the shard.
  void run_to_completion(std::size_t index, runtime::Task<void> task);

 private:
  Result<void, runtime::IoError> start_shards(const ReactorOptions& options);

  SystemClock clock_;
  SystemRandom random_;
  LocalFileSystem files_;
  std::string_view backend_name_;
  std::optional<runtime::IoError> uring_refusal_;
  std::vector<std::unique_ptr<Shard>> shards_;
  std::vector<std::thread> threads_;
  std::unique_ptr<Workers> workers_;
};

}  // namespace lunaria::reactor
