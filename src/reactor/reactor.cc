#include "reactor/reactor.h"

#include <optional>
#include <string>
#include <utility>

#include "base/check.h"
#include "reactor/thread.h"

namespace lunaria::reactor {

using runtime::IoError;
using runtime::Task;

namespace {

/// What a shard's thread tells the one that starts it.
struct Startup {
  Signal over;
  std::optional<IoError> error;
  std::optional<IoError> uring_refusal;
  std::string_view backend_name;
};

Result<std::unique_ptr<Backend>, IoError> make_backend(BackendChoice choice, Startup& startup) {
  if (choice == BackendChoice::kEpoll) {
    return make_epoll_backend();
  }
  Result<std::unique_ptr<Backend>, IoError> ring = make_uring_backend();
  if (ring || choice == BackendChoice::kUring) {
    return ring;
  }
  startup.uring_refusal = ring.error();
  return make_epoll_backend();
}

void run_shard(Shard& shard, BackendChoice choice, std::optional<std::size_t> processor, Startup& startup) {
  if (processor) {
    pin_current_thread(*processor);
  }
  // A ring belongs to the thread that makes it.
  Result<std::unique_ptr<Backend>, IoError> backend = make_backend(choice, startup);
  if (!backend) {
    startup.error = backend.error();
    startup.over.set();
    return;
  }
  startup.backend_name = (*backend)->name();
  shard.run(std::move(*backend), [&startup] { startup.over.set(); });
}

}  // namespace

Reactor::Reactor(Key /*key*/, const ReactorOptions& options)
    : workers_(std::make_unique<Workers>(options.worker_count)) {
  check(options.shard_count >= 1 && options.shard_count <= UINT16_MAX, "there is a shard, and a ShardId for each");
}

Result<std::unique_ptr<Reactor>, IoError> Reactor::start(const ReactorOptions& options) {
  auto reactor = std::make_unique<Reactor>(Key(), options);
  const Result<void, IoError> started = reactor->start_shards(options);
  if (!started) {
    return fail(started.error());
  }
  return reactor;
}

Result<void, IoError> Reactor::start_shards(const ReactorOptions& options) {
  for (std::size_t i = 0; i < options.shard_count; ++i) {
    const Shard::Options shard_options{.id = static_cast<runtime::ShardId>(i),
                                       .buffer_budget = options.buffer_budget,
                                       .unix_socket_mode = options.unix_socket_mode};
    auto shard = std::make_unique<Shard>(shard_options, clock_, random_, *workers_);
    Startup startup;
    std::thread thread = start_thread("lunaria-" + std::to_string(i), [&startup, self = shard.get(), &options, i] {
      run_shard(*self, options.backend, options.pin ? std::optional(i) : std::nullopt, startup);
    });
    startup.over.wait();
    if (startup.error) {
      thread.join();
      return fail(*startup.error);
    }
    backend_name_ = startup.backend_name;
    uring_refusal_ = startup.uring_refusal;
    threads_.push_back(std::move(thread));
    shards_.push_back(std::move(shard));
  }
  return {};
}

Reactor::~Reactor() {
  workers_.reset();
  for (std::size_t i = 0; i < shards_.size(); ++i) {
    shards_[i]->stop();
    threads_[i].join();
  }
}

namespace {

struct Call : runtime::Message {
  const std::function<void()>* function = nullptr;
  Signal done;
};

Task<void> run_and_tell(Task<void> task, Signal& done) {
  co_await std::move(task);
  done.set();
}

}  // namespace

void Reactor::run_on(std::size_t index, const std::function<void()>& function) {
  check(!shards_[index]->is_current(), "a shard does not wait for itself");
  Call call;
  call.function = &function;
  call.on_complete([](runtime::Operation& operation) noexcept {
    auto& self = static_cast<Call&>(operation);
    (*self.function)();
    self.done.set();
  });
  shards_[index]->post(call);
  call.done.wait();
}

void Reactor::run_to_completion(std::size_t index, Task<void> task) {
  runtime::Gate gate;
  Signal done;
  Task<void> told = run_and_tell(std::move(task), done);
  run_on(index, [&gate, &told] { check(spawn(gate, std::move(told)), "the gate is open"); });
  done.wait();
  // The signal is set a moment before the coroutine's frame is gone.
  run_on(index, [] {});
}

}  // namespace lunaria::reactor
