// iscsi_load: keeps a disk behind an iSCSI target busy and prints what came of it as one line of JSON. One thread.
// Where a measurement is about the target, this program must not be what is full: it copies nothing and looks at no
// data.

#include <fmt/format.h>
#include <poll.h>
#include <sys/resource.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <string>
#include <vector>

#include "iscsi_session.h"
#include "machine.h"
#include "session.h"

namespace lunaria::bench {
namespace {

struct Arguments {
  std::string url;
  std::string kind = "randread";
  Workload workload;
  unsigned sessions = 1;
  double warm_s = 1;
  double time_s = 4;
  int server_pid = 0;
  bool fill = false;
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

std::vector<std::unique_ptr<Session>> connect_all(const Arguments& arguments, Outcome& outcome) {
  std::vector<std::unique_ptr<Session>> sessions;
  for (unsigned i = 0; i < arguments.sessions; ++i) {
    const Url url = Url::parse(arguments.url);
    if (arguments.bare.empty()) {
      sessions.push_back(std::make_unique<IscsiSession>(url, arguments.workload, i, outcome));
    } else {
      sessions.push_back(std::make_unique<BareSession>(connect_to(address_of(url.ip, url.port)), arguments.workload,
                                                       arguments.bare[0] - Session::kHeaderBytes,
                                                       arguments.bare[1] - Session::kHeaderBytes, outcome));
    }
  }
  return sessions;
}

/// Serves all sessions once. One session without waiting output blocks in recv: a system call less.
void serve(std::vector<std::unique_ptr<Session>>& sessions, std::vector<pollfd>& waits) {
  if (sessions.size() == 1 && !sessions[0]->output_waits()) {
    sessions[0]->pump(true);
    return;
  }
  for (std::size_t i = 0; i < sessions.size(); ++i) {
    const int events = POLLIN | (sessions[i]->output_waits() ? POLLOUT : 0);
    waits[i] = {.fd = sessions[i]->fd(), .events = static_cast<short>(events), .revents = 0};
  }
  poll(waits.data(), waits.size(), 1000);
  for (std::size_t i = 0; i < sessions.size(); ++i) {
    if ((waits[i].revents & (POLLIN | POLLHUP | POLLERR)) != 0) {
      sessions[i]->pump(false);
    }
    if ((waits[i].revents & POLLOUT) != 0) {
      sessions[i]->flush();
    }
  }
}

void run_until(std::uint64_t end_ns, std::vector<std::unique_ptr<Session>>& sessions) {
  std::vector<pollfd> waits(sessions.size());
  while (now_ns() < end_ns) {
    serve(sessions, waits);
  }
}

/// Writes the whole span once, in order.
int fill(const Arguments& arguments) {
  constexpr std::uint32_t kBlockBytes = 131072;
  constexpr std::uint32_t kDepth = 8;
  Outcome outcome;
  outcome.recording = true;
  std::vector<std::unique_ptr<Session>> sessions;
  const Workload workload{.write = true,
                          .random = false,
                          .block_bytes = kBlockBytes,
                          .depth = kDepth,
                          .span_bytes = arguments.workload.span_bytes,
                          .seed = 1};
  auto session = std::make_unique<IscsiSession>(Url::parse(arguments.url), workload, 0, outcome);
  const std::uint64_t blocks = session->span_bytes() / kBlockBytes;
  sessions.push_back(std::move(session));
  sessions[0]->start();
  std::vector<pollfd> waits(1);
  while (outcome.latency.count() < blocks + kDepth) {
    serve(sessions, waits);
  }
  return outcome.errors == 0 ? 0 : 1;
}

void print(const Outcome& outcome, const Arguments& arguments, const Reading& first, const Reading& last) {
  const double seconds = static_cast<double>(last.time_ns - first.time_ns) / 1e9;
  const double server_s = static_cast<double>(last.server_ns - first.server_ns) / 1e9;
  const double own_s = static_cast<double>(last.own_ns - first.own_ns) / 1e9;
  const auto count = static_cast<double>(outcome.latency.count());
  fmt::print(
      R"({{"iops": {:.1f}, "mib_per_s": {:.2f}, "errors": {}, "mean_us": {:.2f}, "p50_us": {:.2f}, "p99_us": {:.2f}, )"
      R"("server_cpu_s_per_million": {:.4f}, "server_share": {:.3f}, "initiator_share": {:.3f}}})"
      "\n",
      count / seconds, count * arguments.workload.block_bytes / seconds / 1048576, outcome.errors,
      outcome.latency.mean() / 1e3, static_cast<double>(outcome.latency.percentile(0.50)) / 1e3,
      static_cast<double>(outcome.latency.percentile(0.99)) / 1e3, count > 0 ? server_s / count * 1e6 : 0,
      server_s / seconds, own_s / seconds);
}

int run(int argc, char** argv) {
  Arguments arguments;
  CLI::App app("Load on an iSCSI target, measured; one line of JSON on standard output");
  app.add_option("url", arguments.url, "iscsi://IP:PORT/TARGET/LUN; what is written replaces the data there")
      ->required();
  app.add_option("--kind", arguments.kind)->check(CLI::IsMember({"randread", "randwrite", "read", "write"}));
  app.add_option("--block", arguments.workload.block_bytes, "bytes of a command");
  app.add_option("--depth", arguments.workload.depth, "commands in flight, each session");
  app.add_option("--span", arguments.workload.span_bytes, "bytes from the start of the disk; 0: all");
  app.add_option("--seed", arguments.workload.seed);
  app.add_option("--sessions", arguments.sessions);
  app.add_option("--warm", arguments.warm_s, "seconds before measuring");
  app.add_option("--time", arguments.time_s, "seconds of measuring");
  app.add_option("--pid", arguments.server_pid, "the server's process, for its processor time");
  app.add_flag("--fill", arguments.fill, "write the whole span once, and end");
  app.add_option("--bare", arguments.bare, "no iSCSI: requests and answers of so many bytes, for limit_server")
      ->expected(2)
      ->check(CLI::Range(std::size_t{48}, std::size_t{1} << 20));
  CLI11_PARSE(app, argc, argv);
  arguments.workload.write = arguments.kind.ends_with("write");
  arguments.workload.random = arguments.kind.starts_with("rand");

  if (arguments.fill) {
    return fill(arguments);
  }
  Outcome outcome;
  auto sessions = connect_all(arguments, outcome);
  for (auto& session : sessions) {
    session->start();
  }
  run_until(now_ns() + static_cast<std::uint64_t>(arguments.warm_s * 1e9), sessions);
  const Reading first = read_clocks(arguments.server_pid);
  outcome.recording = true;
  run_until(first.time_ns + static_cast<std::uint64_t>(arguments.time_s * 1e9), sessions);
  print(outcome, arguments, first, read_clocks(arguments.server_pid));
  return outcome.errors == 0 ? 0 : 1;
}

}  // namespace
}  // namespace lunaria::bench

int main(int argc, char** argv) {
  return lunaria::bench::run(argc, argv);
}
