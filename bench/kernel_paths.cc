// What the kernel's other ways would cost, beside those that the data plane takes: sends without a copy, receives into
// buffers that the kernel picks, registered files and buffers, a CRC fused with the copy before it. Prints nanoseconds
// of the calling thread's processor time, medians of rounds that take turns. `kernel_paths DIRECTORY`: where the file
// of the direct reads is made. docs/decisions/0017.

#include <fcntl.h>
#include <fmt/format.h>
#include <isa-l/crc.h>
#include <liburing.h>
#include <netinet/in.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "block/nontemporal_copy.h"
#include "machine.h"

namespace lunaria::bench {
namespace {

constexpr int kRounds = 5;
constexpr std::size_t kPage = 4096;
constexpr std::size_t kFileBytes = std::size_t{64} << 20;

std::uint64_t thread_cpu_ns() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000'000U + static_cast<std::uint64_t>(time.tv_nsec);
}

int checked(int result, const char* what) {
  if (result < 0) {
    errno = -result;
    give_up(what);
  }
  return result;
}

/// Memory on page borders, as direct files and registered buffers want it.
struct Memory {
  /// `advice`: of madvise, before the first touch.
  explicit Memory(std::size_t bytes, int advice = MADV_NORMAL)
      : owner(static_cast<std::byte*>(std::aligned_alloc(kPage, bytes)), &std::free), bytes(owner.get(), bytes) {
    madvise(owner.get(), bytes, advice);
    std::memset(owner.get(), 0x5A, bytes);
  }
  std::unique_ptr<std::byte, decltype(&std::free)> owner;
  std::span<std::byte> bytes;
};

/// Set up as the data plane's.
class Ring final {
 public:
  Ring() {
    io_uring_params parameters{};
    parameters.flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN;
    checked(io_uring_queue_init_params(256, &ring_, &parameters), "io_uring");
  }
  Ring(const Ring&) = delete;
  Ring& operator=(const Ring&) = delete;
  ~Ring() { io_uring_queue_exit(&ring_); }
  io_uring* get() { return &ring_; }
  io_uring_sqe* entry() { return io_uring_get_sqe(&ring_); }
  /// Submits, waits for one completion at least and hands over all that there are.
  void turn(const std::function<void(const io_uring_cqe&)>& take) {
    checked(io_uring_submit_and_wait(&ring_, 1), "io_uring_enter");
    unsigned head = 0;
    unsigned seen = 0;
    io_uring_cqe* completion = nullptr;
    io_uring_for_each_cqe(&ring_, head, completion) {
      ++seen;
      take(*completion);
    }
    io_uring_cq_advance(&ring_, seen);
  }

 private:
  io_uring ring_{};
};

/// Two ends of a TCP connection over the loopback interface.
struct Connection {
  Connection() {
    const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address = address_of("127.0.0.1", 0);
    socklen_t length = sizeof(address);
    if (bind(listener, std::bit_cast<sockaddr*>(&address), length) != 0 || listen(listener, 1) != 0 ||
        getsockname(listener, std::bit_cast<sockaddr*>(&address), &length) != 0) {
      give_up("listen");
    }
    near = connect_to(address);
    far = accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
    if (far < 0) {
      give_up("accept");
    }
    close(listener);
  }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection() {
    close(near);
    close(far);
  }
  int near = -1;
  int far = -1;
};

/// Reads everything away until the other end closes.
void drain(int fd) {
  std::vector<std::byte> away(std::size_t{1} << 20);
  while (recv(fd, away.data(), away.size(), 0) > 0) {
  }
}

double each_ns(int operations, const std::function<void()>& work) {
  const std::uint64_t start = thread_cpu_ns();
  work();
  return static_cast<double>(thread_cpu_ns() - start) / operations;
}

double send_copied(std::size_t bytes, int operations) {
  Connection connection;
  std::thread reader([&] { drain(connection.far); });
  const Memory memory(bytes);
  const double cost = each_ns(operations, [&] {
    for (int i = 0; i < operations; ++i) {
      std::size_t sent = 0;
      while (sent < bytes) {
        const ssize_t count = send(connection.near, memory.bytes.data() + sent, bytes - sent, MSG_NOSIGNAL);
        sent += static_cast<std::size_t>(checked(static_cast<int>(count), "send"));
      }
    }
  });
  shutdown(connection.near, SHUT_WR);
  reader.join();
  return cost;
}

double send_without_copy(std::size_t bytes, int operations) {
  Connection connection;
  std::thread reader([&] { drain(connection.far); });
  const Memory memory(bytes);
  Ring ring;
  const double cost = each_ns(operations, [&] {
    for (int i = 0; i < operations; ++i) {
      io_uring_prep_send_zc(ring.entry(), connection.near, memory.bytes.data(), bytes, MSG_WAITALL | MSG_NOSIGNAL, 0);
      bool is_sent = false;
      bool is_free = false;
      while (!is_sent || !is_free) {
        ring.turn([&](const io_uring_cqe& completion) {
          if ((completion.flags & IORING_CQE_F_NOTIF) != 0) {
            is_free = true;
            return;
          }
          checked(completion.res, "send without a copy");
          is_sent = true;
          is_free = (completion.flags & IORING_CQE_F_MORE) == 0;
        });
      }
    }
  });
  shutdown(connection.near, SHUT_WR);
  reader.join();
  return cost;
}

/// Requests of 48 bytes that are there already, 32 at a time: the processor time of taking them alone.
constexpr int kBatch = 32;
constexpr std::size_t kRequestBytes = 48;

double receive(int batches, const std::function<void(int fd)>& take_batch) {
  Connection connection;
  const std::vector<std::byte> requests(kBatch * kRequestBytes);
  double total = 0;
  for (int i = 0; i < batches; ++i) {
    checked(static_cast<int>(send(connection.far, requests.data(), requests.size(), 0)), "send");
    total += each_ns(1, [&] { take_batch(connection.near); });
  }
  return total / batches;
}

double receive_by_call(int batches) {
  std::vector<std::byte> buffer(std::size_t{64} << 10);
  return receive(batches, [&](int fd) {
    std::size_t taken = 0;
    while (taken < kBatch * kRequestBytes) {
      const ssize_t count = recv(fd, buffer.data(), buffer.size(), MSG_DONTWAIT);
      taken += count > 0 ? static_cast<std::size_t>(count) : 0;
    }
  });
}

double receive_by_ring(int batches) {
  std::vector<std::byte> buffer(std::size_t{64} << 10);
  Ring ring;
  return receive(batches, [&](int fd) {
    std::size_t taken = 0;
    while (taken < kBatch * kRequestBytes) {
      io_uring_prep_recv(ring.entry(), fd, buffer.data(), buffer.size(), 0);
      ring.turn([&](const io_uring_cqe& completion) {
        taken += static_cast<std::size_t>(checked(completion.res, "receive"));
      });
    }
  });
}

double receive_into_provided_buffers(int batches) {
  constexpr unsigned short kBuffers = 16;
  constexpr unsigned kBufferBytes = 64U << 10;
  std::vector<std::byte> memory(std::size_t{kBuffers} * kBufferBytes);
  Ring ring;
  const Memory entries(kPage);
  auto* const buffers = std::bit_cast<io_uring_buf_ring*>(entries.bytes.data());
  io_uring_buf_reg registration{};
  registration.ring_addr = std::bit_cast<std::uint64_t>(buffers);
  registration.ring_entries = kBuffers;
  checked(io_uring_register_buf_ring(ring.get(), &registration, 0), "buffer ring");
  io_uring_buf_ring_init(buffers);
  const auto give = [&](unsigned short number) {
    io_uring_buf_ring_add(buffers, memory.data() + std::size_t{number} * kBufferBytes, kBufferBytes, number,
                          io_uring_buf_ring_mask(kBuffers), 0);
    io_uring_buf_ring_advance(buffers, 1);
  };
  for (unsigned short i = 0; i < kBuffers; ++i) {
    give(i);
  }
  bool is_armed = false;
  return receive(batches, [&](int fd) {
    std::size_t taken = 0;
    while (taken < kBatch * kRequestBytes) {
      if (!is_armed) {
        io_uring_sqe* const sqe = ring.entry();
        io_uring_prep_recv_multishot(sqe, fd, nullptr, 0, 0);
        sqe->flags |= IOSQE_BUFFER_SELECT;
        is_armed = true;
      }
      ring.turn([&](const io_uring_cqe& completion) {
        taken += static_cast<std::size_t>(checked(completion.res, "receive"));
        give(static_cast<unsigned short>(completion.flags >> IORING_CQE_BUFFER_SHIFT));
        is_armed = (completion.flags & IORING_CQE_F_MORE) != 0;
      });
    }
  });
}

/// Reads of 4 KiB past the page cache, 32 at a time.
double read_direct(int fd, bool registered, int operations) {
  Memory memory(kBatch * kPage);
  Ring ring;
  const iovec all{.iov_base = memory.bytes.data(), .iov_len = memory.bytes.size()};
  if (registered) {
    checked(io_uring_register_buffers(ring.get(), &all, 1), "registered buffers");
    checked(io_uring_register_files(ring.get(), &fd, 1), "registered files");
  }
  std::uint64_t number = 0;
  return each_ns(operations, [&] {
    for (int i = 0; i < operations; i += kBatch) {
      for (int k = 0; k < kBatch; ++k) {
        std::byte* const block = memory.bytes.data() + static_cast<std::size_t>(k) * kPage;
        const std::uint64_t offset = ++number * 7919 % (kFileBytes / kPage) * kPage;
        io_uring_sqe* const sqe = ring.entry();
        if (registered) {
          io_uring_prep_read_fixed(sqe, 0, block, kPage, offset, 0);
          sqe->flags |= IOSQE_FIXED_FILE;
        } else {
          io_uring_prep_read(sqe, fd, block, kPage, offset);
        }
      }
      for (int left = kBatch; left > 0;) {
        ring.turn([&](const io_uring_cqe& completion) {
          checked(completion.res, "read");
          --left;
        });
      }
    }
  });
}

/// Blocks that no cache holds are copied and, where `crc` says so, checked afterwards: no fused loop can be cheaper
/// than the copy alone.
double copy(std::span<const std::byte> source, std::size_t bytes, bool crc, int operations) {
  std::vector<std::byte> target(bytes);
  std::uint32_t sum = 0;
  const double cost = each_ns(operations, [&] {
    std::uint64_t number = 0;
    for (int i = 0; i < operations; ++i) {
      const std::size_t at = ++number * 7919 % (source.size() / bytes) * bytes;
      std::memcpy(target.data(), source.data() + at, bytes);
      if (crc) {
        sum += crc32_iscsi(std::bit_cast<unsigned char*>(target.data()), static_cast<int>(bytes), ~0U);
      }
    }
  });
  return sum == 1 ? cost + 1 : cost;  // so that the sum is needed
}

/// Blocks that a cache holds are copied to where none does, as a RAM disk stores them.
double store(std::span<std::byte> target, std::size_t bytes, bool nontemporal, int operations) {
  const std::vector<std::byte> source(bytes, std::byte{1});
  std::uint64_t number = 0;
  return each_ns(operations, [&] {
    for (int i = 0; i < operations; ++i) {
      const std::size_t at = ++number * 7919 % (target.size() / bytes) * bytes;
      if (nontemporal) {
        block::nontemporal_copy(target.data() + at, source);
      } else {
        std::memcpy(target.data() + at, source.data(), bytes);
      }
    }
  });
}

int make_file(const std::string& path) {
  const int fd = open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_DIRECT | O_CLOEXEC, 0600);
  if (fd < 0) {
    give_up("open " + path);
  }
  unlink(path.c_str());
  const Memory memory(std::size_t{1} << 20);
  for (std::size_t at = 0; at < kFileBytes; at += memory.bytes.size()) {
    if (pwrite(fd, memory.bytes.data(), memory.bytes.size(), static_cast<off_t>(at)) < 0) {
      give_up("write");
    }
  }
  return fd;
}

struct Case {
  std::string name;
  std::function<double()> run;
  std::vector<double> costs;
};

int run(const std::string& directory) {
  const int file = make_file(directory + "/kernel_paths.tmp");
  const Memory source(std::size_t{256} << 20, MADV_NOHUGEPAGE);
  const Memory huge(std::size_t{256} << 20, MADV_HUGEPAGE);
  std::vector<Case> cases;
  for (const std::size_t kib : {4U, 16U, 64U, 256U, 1024U}) {
    const int operations = static_cast<int>(std::size_t{256} * 1024 / kib);
    cases.push_back({fmt::format("send {} KiB, copied", kib), [=] { return send_copied(kib << 10, operations); }, {}});
    cases.push_back({fmt::format("send {} KiB, IORING_OP_SEND_ZC", kib),
                     [=] { return send_without_copy(kib << 10, operations); },
                     {}});
  }
  constexpr int kBatches = 20'000;
  cases.push_back({"receive 32 requests, recv", [] { return receive_by_call(kBatches); }, {}});
  cases.push_back({"receive 32 requests, ring", [] { return receive_by_ring(kBatches); }, {}});
  cases.push_back({"receive 32 requests, multishot", [] { return receive_into_provided_buffers(kBatches); }, {}});
  for (const bool registered : {false, true}) {
    cases.push_back({fmt::format("read 4 KiB, direct, {}", registered ? "all registered" : "nothing registered"),
                     [=] { return read_direct(file, registered, 32'000); },
                     {}});
  }
  for (const std::size_t kib : {4U, 64U}) {
    for (const bool crc : {false, true}) {
      cases.push_back({fmt::format("copy {} KiB{}", kib, crc ? ", then CRC32C" : ""),
                       [&source, kib, crc] { return copy(source.bytes, kib << 10, crc, 20'000); },
                       {}});
    }
    cases.push_back({fmt::format("copy {} KiB, huge pages", kib),
                     [&huge, kib] { return copy(huge.bytes, kib << 10, false, 20'000); },
                     {}});
    for (const bool nontemporal : {false, true}) {
      cases.push_back({fmt::format("store {} KiB{}", kib, nontemporal ? ", non-temporal" : ""),
                       [&source, kib, nontemporal] { return store(source.bytes, kib << 10, nontemporal, 20'000); },
                       {}});
    }
  }
  for (int round = 0; round < kRounds; ++round) {
    for (Case& item : cases) {
      item.costs.push_back(item.run());
    }
  }
  for (Case& item : cases) {
    const auto middle = item.costs.begin() + kRounds / 2;
    std::ranges::nth_element(item.costs, middle);
    fmt::print("{:<40} {:>10.0f} ns\n", item.name, *middle);
  }
  close(file);
  return 0;
}

}  // namespace
}  // namespace lunaria::bench

int main(int argc, char** argv) {
  if (argc != 2) {
    fmt::print(stderr, "usage: kernel_paths DIRECTORY\n");
    return 2;
  }
  return lunaria::bench::run(argv[1]);
}
