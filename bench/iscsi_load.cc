// iscsi_load: keeps a disk behind an iSCSI target busy and prints what came of it as one line of JSON. One thread.
// Where a measurement is about the target, this program must not be what is full: it copies nothing and looks at no
// data.

#include <fmt/format.h>
#include <sys/epoll.h>
#include <sys/resource.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "iscsi_session.h"
#include "machine.h"
#include "session.h"

namespace lunaria::bench {
namespace {

struct Arguments {
  std::vector<std::string> urls;
  std::string kind = "randread";
  Workload workload;
  unsigned sessions = 1;
  double warm_s = 1;
  double time_s = 4;
  int server_pid = 0;
  bool fill = false;
  bool hold = false;
  std::vector<std::size_t> bare;  // request and answer bytes
};

/// What is compared between the beginning and the end of the measured time.
struct Reading {
  std::uint64_t time_ns;
  std::uint64_t server_ns;
  std::uint64_t own_ns;
};

Reading read_clocks(int server_pid) {
  rusage own{};
  getrusage(RUSAGE_SELF, &own);
  const auto nanoseconds = [](const timeval& time) {
    return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000'000 + static_cast<std::uint64_t>(time.tv_usec) * 1000;
  };
  return {.time_ns = now_ns(),
          .server_ns = server_pid != 0 ? process_cpu_ns(server_pid) : 0,
          .own_ns = nanoseconds(own.ru_utime) + nanoseconds(own.ru_stime)};
}

/// The sessions of a run, what came of each, and who has something to read.
class Load {
 public:
  explicit Load(const Arguments& arguments) : outcomes_(arguments.urls.size() * arguments.sessions) {
    Workload workload = arguments.workload;
    if (outcomes_.size() > kManySessions) {
      workload.input_bytes = kInputBytesOfMany;
    }
    for (unsigned i = 0; i < outcomes_.size(); ++i) {
      const Url url = Url::parse(arguments.urls[i % arguments.urls.size()]);
      if (arguments.bare.empty()) {
        sessions_.push_back(std::make_unique<IscsiSession>(url, workload, i, outcomes_[i]));
      } else {
        sessions_.push_back(std::make_unique<BareSession>(connect_to(address_of(url.ip, url.port)), workload,
                                                          arguments.bare[0] - Session::kHeaderBytes,
                                                          arguments.bare[1] - Session::kHeaderBytes, outcomes_[i]));
      }
      watch(EPOLL_CTL_ADD, *sessions_[i], false);
    }
  }

  void start() {
    for (auto& session : sessions_) {
      session->start();
    }
  }
  void record() {
    for (Outcome& outcome : outcomes_) {
      outcome.recording = true;
    }
  }
  void run_until(std::uint64_t end_ns) {
    while (now_ns() < end_ns) {
      serve();
    }
  }
  void serve();
  [[nodiscard]] const std::vector<Outcome>& outcomes() const { return outcomes_; }

 private:
  static constexpr std::size_t kManySessions = 64;
  static constexpr std::size_t kInputBytesOfMany = std::size_t{64} << 10;

  void watch(int operation, Session& session, bool output_too) const {
    epoll_event event{};
    event.events = EPOLLIN | (output_too ? EPOLLOUT : 0U);
    event.data.ptr = &session;
    epoll_ctl(poller_, operation, session.fd(), &event);
  }

  std::vector<Outcome> outcomes_;
  std::vector<std::unique_ptr<Session>> sessions_;
  int poller_ = epoll_create1(EPOLL_CLOEXEC);
};

/// Serves all sessions that have something, once. A single one without waiting output blocks in recv: a system call
/// less.
void Load::serve() {
  if (sessions_.size() == 1 && !sessions_[0]->output_waits()) {
    sessions_[0]->pump(true);
    return;
  }
  std::array<epoll_event, 256> events;
  const int count = epoll_wait(poller_, events.data(), static_cast<int>(events.size()), 1000);
  for (int i = 0; i < count; ++i) {
    const epoll_event& event = events[static_cast<std::size_t>(i)];
    Session& session = *static_cast<Session*>(event.data.ptr);
    const bool waited = (event.events & EPOLLOUT) != 0;
    if ((event.events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0) {
      session.pump(false);
    }
    if (waited) {
      session.flush();
    }
    if (waited != session.output_waits()) {
      watch(EPOLL_CTL_MOD, session, session.output_waits());
    }
  }
}

/// Writes the whole span once, in order.
int fill(Arguments arguments) {
  constexpr std::uint32_t kBlockBytes = 131072;
  constexpr std::uint32_t kDepth = 8;
  arguments.workload = {.write_percent = 100,
                        .random = false,
                        .block_bytes = kBlockBytes,
                        .depth = kDepth,
                        .span_bytes = arguments.workload.span_bytes};
  Outcome unused;
  const std::uint64_t blocks =
      IscsiSession(Url::parse(arguments.urls.front()), arguments.workload, 1, unused).span_bytes() / kBlockBytes;
  arguments.sessions = 1;
  Load load(arguments);
  load.record();
  load.start();
  const Outcome& outcome = load.outcomes().front();
  while (outcome.latency.count() < blocks + kDepth) {
    load.serve();
  }
  return outcome.errors == 0 ? 0 : 1;
}

double microseconds(std::uint64_t nanoseconds) {
  return static_cast<double>(nanoseconds) / 1e3;
}

void print(const Load& load, const Arguments& arguments, const Reading& first, const Reading& last) {
  Histogram all;
  std::uint64_t errors = 0;
  std::vector<std::uint64_t> slowest;  // of each session, its 99th percentile
  std::vector<std::uint64_t> counts;
  for (const Outcome& outcome : load.outcomes()) {
    all.add(outcome.latency);
    errors += outcome.errors;
    slowest.push_back(outcome.latency.percentile(0.99));
    counts.push_back(outcome.latency.count());
  }
  std::ranges::sort(slowest);
  std::ranges::sort(counts);
  const double seconds = static_cast<double>(last.time_ns - first.time_ns) / 1e9;
  const double server_s = static_cast<double>(last.server_ns - first.server_ns) / 1e9;
  const double own_s = static_cast<double>(last.own_ns - first.own_ns) / 1e9;
  const auto count = static_cast<double>(all.count());
  fmt::print(
      R"({{"iops": {:.1f}, "mib_per_s": {:.2f}, "errors": {}, "mean_us": {:.2f}, "p50_us": {:.2f}, "p99_us": {:.2f}, )"
      R"("server_cpu_s_per_million": {:.4f}, "server_share": {:.3f}, "initiator_share": {:.3f}, )"
      R"("session_p99_median_us": {:.2f}, "session_p99_max_us": {:.2f}, "session_count_median": {}, )"
      R"("session_count_min": {}}})"
      "\n",
      count / seconds, count * arguments.workload.block_bytes / seconds / 1048576, errors, all.mean() / 1e3,
      microseconds(all.percentile(0.50)), microseconds(all.percentile(0.99)), count > 0 ? server_s / count * 1e6 : 0,
      server_s / seconds, own_s / seconds, microseconds(slowest[slowest.size() / 2]), microseconds(slowest.back()),
      counts[counts.size() / 2], counts.front());
}

int run(int argc, char** argv) {
  Arguments arguments;
  CLI::App app("Load on an iSCSI target, measured; one line of JSON on standard output");
  app.add_option("url", arguments.urls,
                 "iscsi://IP:PORT/TARGET/LUN, one or many; what is written replaces the data there")
      ->required();
  app.add_option("--kind", arguments.kind)->check(CLI::IsMember({"randread", "randwrite", "randrw", "read", "write"}));
  app.add_option("--block", arguments.workload.block_bytes, "bytes of a command");
  app.add_option("--depth", arguments.workload.depth, "commands in flight, each session");
  app.add_option("--span", arguments.workload.span_bytes, "bytes from the start of the disk; 0: all");
  app.add_option("--seed", arguments.workload.seed);
  app.add_option("--sessions", arguments.sessions, "for each URL");
  app.add_option("--warm", arguments.warm_s, "seconds before measuring");
  app.add_option("--time", arguments.time_s, "seconds of measuring");
  app.add_option("--pid", arguments.server_pid, "the server's process, for its processor time");
  app.add_flag("--fill", arguments.fill, "write the whole span once, and end");
  app.add_flag("--hold", arguments.hold, "log in, say so, and stay idle until standard input ends");
  app.add_option("--bare", arguments.bare, "no iSCSI: requests and answers of so many bytes, for limit_server")
      ->expected(2)
      ->check(CLI::Range(std::size_t{48}, std::size_t{1} << 20));
  CLI11_PARSE(app, argc, argv);
  arguments.workload.write_percent = arguments.kind.ends_with("write") ? 100 : arguments.kind.ends_with("rw") ? 50 : 0;
  arguments.workload.random = arguments.kind.starts_with("rand");

  if (arguments.fill) {
    return fill(arguments);
  }
  Load load(arguments);
  if (arguments.hold) {
    std::puts("logged in");
    std::fflush(stdout);
    while (std::getchar() != EOF) {
    }
    return 0;
  }
  load.start();
  load.run_until(now_ns() + static_cast<std::uint64_t>(arguments.warm_s * 1e9));
  const Reading first = read_clocks(arguments.server_pid);
  load.record();
  load.run_until(first.time_ns + static_cast<std::uint64_t>(arguments.time_s * 1e9));
  print(load, arguments, first, read_clocks(arguments.server_pid));
  return 0;
}

}  // namespace
}  // namespace lunaria::bench

int main(int argc, char** argv) {
  return lunaria::bench::run(argc, argv);
}
