// lunariad: reads the options, takes hold of the machine, and waits for a signal.

#include <fmt/format.h>
#include <malloc.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <thread>

#include "daemon/daemon.h"
#include "daemon/options.h"
#include "daemon/stderr_log.h"
#include "reactor/reactor.h"

namespace lunaria::daemon {
namespace {

/// Signals that end the daemon in order; blocked in every thread and waited for here.
sigset_t block_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  return signals;
}

// Every connection and every disk takes a descriptor; the soft limit of most systems is far below the hard one.
void raise_descriptor_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
  }
}

// Large blocks are mapped one by one, whatever was freed before: the C library would otherwise take them from the heaps
// of its threads from the first large request on, and keep those. What is allocated all the time is far smaller.
void give_large_blocks_back() {
  constexpr int kMappedBytesMin = 256 << 10;
  mallopt(M_MMAP_THRESHOLD, kMappedBytesMin);
}

std::size_t data_shard_count(const Options& options) {
  if (options.shards != 0) {
    return options.shards;
  }
  return std::max(2U, std::thread::hardware_concurrency()) - 1U;
}

reactor::BackendChoice backend_of(const Options& options) {
  if (options.backend == "epoll") {
    return reactor::BackendChoice::kEpoll;
  }
  return options.backend == "io_uring" ? reactor::BackendChoice::kUring : reactor::BackendChoice::kAutomatic;
}

void log_backend(Log& log, const reactor::Reactor& reactor) {
  if (reactor.uring_refusal()) {
    log.warning("daemon.backend.fallback", {{"backend", reactor.backend_name()},
                                            {"refused", "io_uring"},
                                            {"reason", to_string(*reactor.uring_refusal())}});
  }
}

runtime::Task<void> start(Daemon& daemon, Result<void, std::string>& outcome) {
  outcome = co_await daemon.start();
}

int run(Options options) {
  const sigset_t signals = block_signals();
  raise_descriptor_limit();
  give_large_blocks_back();
  umask(S_IRWXO | S_IWGRP);
  StderrLog log(options.log_level);
  const std::size_t data_shards = data_shard_count(options);
  auto reactor = reactor::Reactor::start(
      {.shard_count = data_shards + 1,
       .worker_count =
           reactor::ReactorOptions().worker_count + (options.pam.service.empty() ? 0 : PamLogin::kHelpersMax),
       .buffer_budget = std::max<std::size_t>(std::size_t{options.buffer_memory_mib} * 1024 * 1024 / data_shards,
                                              2 * runtime::BufferPool::kSizeMax),
       .backend = backend_of(options)});
  if (!reactor) {
    fmt::print(stderr, "lunariad: cannot start: {}\n", to_string(reactor.error()));
    return 1;
  }
  log.info("daemon.starting", {{"backend", (*reactor)->backend_name()}, {"state", options.state_directory}});
  log_backend(log, **reactor);
  Machine machine{.control = (*reactor)->shard(data_shards),
                  .data_shards = {},
                  .files = (*reactor)->files(),
                  .random = (*reactor)->random()};
  for (std::size_t i = 0; i < data_shards; ++i) {
    machine.data_shards.push_back(&(*reactor)->shard(i));
  }
  for (std::size_t i = 0; i <= data_shards; ++i) {  // the control shard is the last
    reactor::Shard& shard = (*reactor)->shard(i);
    (*reactor)->run_on(i, [&] { shard.set_busy_poll(std::chrono::microseconds(options.busy_poll_us)); });
  }
  Daemon daemon(machine, std::move(options), log, [] { kill(getpid(), SIGTERM); });
  Result<void, std::string> outcome;
  (*reactor)->run_to_completion(data_shards, start(daemon, outcome));
  if (outcome) {
    fmt::print("{}", daemon.demo_text());
    std::fflush(stdout);
    int signal = 0;
    sigwait(&signals, &signal);
    log.info("daemon.stopping", {{"signal", signal}});
  } else {
    fmt::print(stderr, "lunariad: {}\n", outcome.error());
  }
  (*reactor)->run_to_completion(data_shards, daemon.stop());
  return outcome ? 0 : 1;
}

}  // namespace
}  // namespace lunaria::daemon

int main(int argc, char** argv) {
  const lunaria::daemon::OptionsOutcome options = lunaria::daemon::read_options(argc, argv);
  if (const int* status = std::get_if<int>(&options)) {
    return *status;
  }
  return lunaria::daemon::run(std::get<lunaria::daemon::Options>(options));
}
