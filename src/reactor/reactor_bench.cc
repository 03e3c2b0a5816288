// What the ways to the kernel cost: `reactor_bench DIRECTORY`, where DIRECTORY is on the file system to measure.
// Prints nanoseconds per operation of processor time and of wall time; medians of kRounds rounds that take turns.

#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <deque>
#include <vector>

#include "base/check.h"
#include "reactor/reactor.h"
#include "runtime/submit.h"

namespace lunaria::reactor {
namespace {

using runtime::FileRequest;
using runtime::Gate;
using runtime::Task;

constexpr int kRounds = 7;
constexpr int kOperations = 100'000;
constexpr std::size_t kBlock = 4096;
constexpr std::size_t kFileSize = std::size_t{64} << 20;

/// A KernelRequest that can be awaited: the ring without the attempt before it.
struct RingCall : KernelRequest {
  runtime::Operation* waiter = nullptr;
};
struct RingWait : runtime::Operation {
  RingCall call;
};
struct Ring {
  Backend& backend;
  bool submit(RingWait& wait) const {
    wait.call.waiter = &wait;
    wait.call.done = [](KernelRequest& request) noexcept { static_cast<RingCall&>(request).waiter->complete(); };
    backend.start(wait.call);
    return false;
  }
};

/// Blocks all over the file, never the same one soon, however many take from it.
class Offsets final {
 public:
  std::uint64_t next() { return ++count_ * 7919 % (kFileSize / kBlock) * kBlock; }

 private:
  std::uint64_t count_ = 0;
};

Task<void> read_by_submit(Shard& shard, runtime::File& file, runtime::FileOperation operation, Offsets& offsets,
                          int count) {
  alignas(kBlock) std::array<std::byte, kBlock> block{};
  const iovec part{.iov_base = block.data(), .iov_len = block.size()};
  for (int i = 0; i < count; ++i) {
    FileRequest request;
    request.file = &file;
    request.operation = operation;
    request.offset = offsets.next();
    request.length = kBlock;
    request.memory = {&part, 1};
    co_await submit(shard, request);
    check(request.result == kBlock, "the file is there");
  }
}

Task<void> read_by_ring(Shard& shard, int fd, KernelRequest::Kind kind, Offsets& offsets, int count) {
  alignas(kBlock) std::array<std::byte, kBlock> block{};
  const iovec part{.iov_base = block.data(), .iov_len = block.size()};
  Ring ring{shard.backend()};
  for (int i = 0; i < count; ++i) {
    RingWait wait;
    wait.call.kind = kind;
    wait.call.fd = fd;
    wait.call.parts = &part;
    wait.call.part_count = 1;
    wait.call.offset = offsets.next();
    wait.call.length = kBlock;
    co_await submit(ring, wait);
    check(wait.call.result == kBlock, "the file is there");
  }
}

using Sockets = std::array<int, 2>;  // connected; what is sent on the second is received on the first

Task<void> receive_by_call(Shard& shard, Sockets sockets, int count) {
  std::array<std::byte, 48> header{};
  for (int i = 0; i < count; ++i) {
    check(::send(sockets[1], header.data(), header.size(), 0) == 48, "there is room");
    check(::recv(sockets[0], header.data(), header.size(), MSG_DONTWAIT) == 48, "bytes are waiting");
  }
  co_await runtime::yield_on(shard);
}

Task<void> receive_by_ring(Shard& shard, Sockets sockets, int count) {
  std::array<std::byte, 48> header{};
  const iovec part{.iov_base = header.data(), .iov_len = header.size()};
  Ring ring{shard.backend()};
  for (int i = 0; i < count; ++i) {
    check(::send(sockets[1], header.data(), header.size(), 0) == 48, "there is room");
    RingWait wait;
    wait.call.kind = KernelRequest::Kind::kReceive;
    wait.call.fd = sockets[0];
    wait.call.parts = &part;
    wait.call.part_count = 1;
    co_await submit(ring, wait);
    check(wait.call.result == 48, "bytes are waiting");
  }
}

Task<void> side_by_side(std::vector<Task<void>> tasks) {
  Gate gate;
  for (Task<void>& task : tasks) {
    check(spawn(gate, std::move(task)), "the gate is open");
  }
  gate.close();
  co_await gate.drained();
}

Task<void> hop(Shard& here, Shard& there, int count) {
  for (int i = 0; i < count; ++i) {
    co_await runtime::move_to(i % 2 == 0 ? there : here);
  }
}

struct Cost {
  double cpu_ns = 0;
  double wall_ns = 0;
};

double cpu_now() {
  rusage usage{};
  check(::getrusage(RUSAGE_SELF, &usage) == 0, "a process knows its usage");
  const auto ns = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) * 1e9 + static_cast<double>(time.tv_usec) * 1e3;
  };
  return ns(usage.ru_utime) + ns(usage.ru_stime);
}

struct Case {
  std::string name;
  std::function<Task<void>(int)> make;  // of so many operations
  std::vector<Cost> costs;
};

void run_once(Reactor& reactor, Case& item) {
  const double cpu = cpu_now();
  const runtime::Instant start = reactor.clock().now();
  reactor.run_to_completion(0, item.make(kOperations));
  const auto wall = static_cast<double>((reactor.clock().now() - start).count());
  item.costs.push_back({.cpu_ns = (cpu_now() - cpu) / kOperations, .wall_ns = wall / kOperations});
}

int run(const std::string& directory) {
  auto started = Reactor::start({.shard_count = 2});
  check(started.has_value(), "the reactor starts");
  Reactor& reactor = **started;
  const std::string path = directory + "/reactor_bench.tmp";
  static_cast<void>(reactor.files().remove(path));
  auto opened = reactor.files().open(path, {.create_new = true});
  check(opened.has_value(), "a file can be made in the directory");
  runtime::File& file = **opened;
  check(file.write_at(0, std::vector<std::byte>(kFileSize, std::byte{1})).has_value(), "there is space");
  const int fd = static_cast<LocalFile&>(file).fd();
  Sockets sockets{};
  check(::socketpair(AF_UNIX, SOCK_STREAM, 0, sockets.data()) == 0, "a pair of sockets can be made");

  Shard& shard = reactor.shard(0);
  Offsets offsets;
  const auto parallel = [](int width, const std::function<Task<void>(int)>& make, int count) {
    std::vector<Task<void>> tasks;
    for (int i = 0; i < width; ++i) {
      tasks.push_back(make(count / width));
    }
    return side_by_side(std::move(tasks));
  };
  const auto ring_of = [&](KernelRequest::Kind kind) {
    return [&shard, fd, kind, &offsets](int count) { return read_by_ring(shard, fd, kind, offsets, count); };
  };
  const auto submit_of = [&](runtime::FileOperation operation) {
    return [&shard, &file, operation, &offsets](int count) {
      return read_by_submit(shard, file, operation, offsets, count);
    };
  };
  using Operation = runtime::FileOperation;
  using Kind = KernelRequest::Kind;
  std::vector<Case> cases;
  cases.push_back({"read 4 KiB, cached, submit()", submit_of(Operation::kRead), {}});
  cases.push_back({"read 4 KiB, cached, ring, 1 at a time", ring_of(Kind::kRead), {}});
  cases.push_back({"read 4 KiB, cached, ring, 32 at a time",
                   [&](int count) { return parallel(32, ring_of(Kind::kRead), count); },
                   {}});
  cases.push_back({"write 4 KiB, buffered, submit()", submit_of(Operation::kWrite), {}});
  cases.push_back({"write 4 KiB, buffered, ring, 1 at a time", ring_of(Kind::kWrite), {}});
  cases.push_back({"write 4 KiB, buffered, ring, 32 at a time",
                   [&](int count) { return parallel(32, ring_of(Kind::kWrite), count); },
                   {}});
  cases.push_back(
      {"send and receive 48 bytes, recv()", [&](int count) { return receive_by_call(shard, sockets, count); }, {}});
  cases.push_back(
      {"send and receive 48 bytes, ring", [&](int count) { return receive_by_ring(shard, sockets, count); }, {}});
  cases.push_back(
      {"move_to another shard that sleeps", [&](int count) { return hop(shard, reactor.shard(1), count); }, {}});
  for (int round = 0; round < kRounds; ++round) {
    for (Case& item : cases) {
      run_once(reactor, item);
    }
  }
  for (Case& item : cases) {
    const auto middle = item.costs.begin() + kRounds / 2;
    std::ranges::nth_element(item.costs, middle, {}, &Cost::cpu_ns);
    fmt::print("{:<48} {:>8.0f} ns cpu {:>8.0f} ns wall\n", item.name, middle->cpu_ns, middle->wall_ns);
  }
  ::close(sockets[0]);
  ::close(sockets[1]);
  return reactor.files().remove(path) ? 0 : 1;
}

}  // namespace
}  // namespace lunaria::reactor

int main(int argc, char** argv) {
  if (argc != 2) {
    fmt::print(stderr, "usage: reactor_bench DIRECTORY\n");
    return 2;
  }
  return lunaria::reactor::run(argv[1]);
}
