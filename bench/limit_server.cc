// limit_server: answers fixed-size requests with fixed-size answers over TCP and does nothing else: no protocol, no
// SCSI, no CIM. With --answer-file all answers are what that holds. With --file it reads (or writes) the data part
// through the page cache, with --memory in memory that is as large as a disk and so not in the processor's caches, as a
// target must. What it reaches with one core is what this machine has to give for that shape of traffic; iscsi_load
// --bare drives it. Two ways of asking the kernel: readiness and plain calls (epoll), and completions (io_uring, with
// buffers that the kernel picks).

#include <liburing.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <bit>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <random>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "machine.h"

namespace lunaria::bench {
namespace {

struct Arguments {
  std::uint16_t port = 0;
  std::size_t request_bytes = 48;
  std::size_t answer_bytes = 48 + 4096;
  std::string answer;
  std::string file;
  std::size_t memory_mib = 0;
  std::string engine = "epoll";
};

/// The file or the memory that requests read or write; neither without a path and a size.
class Backing {
 public:
  Backing(const std::string& path, std::size_t memory_mib)
      : file_(path.empty() ? nullptr : std::fopen(path.c_str(), "r+be")), memory_(memory_mib << 20, std::byte{0x5a}) {
    if (!path.empty() && (file_ == nullptr || std::fseek(file_, 0, SEEK_END) != 0)) {
      give_up(path);
    }
    size_ = file_ != nullptr ? static_cast<std::uint64_t>(std::ftell(file_)) : memory_.size();
  }
  ~Backing() {
    if (file_ != nullptr) {
      std::fclose(file_);
    }
  }
  Backing(const Backing&) = delete;
  Backing& operator=(const Backing&) = delete;

  void read(std::byte* into, std::size_t length) {
    if (file_ != nullptr && pread(fileno(file_), into, length, place(length)) < 0) {
      give_up("read");
    }
    if (!memory_.empty()) {
      std::memcpy(into, memory_.data() + place(length), length);
    }
  }
  void write(const std::byte* from, std::size_t length) {
    if (file_ != nullptr && pwrite(fileno(file_), from, length, place(length)) < 0) {
      give_up("write");
    }
    if (!memory_.empty()) {
      std::memcpy(memory_.data() + place(length), from, length);
    }
  }

 private:
  off_t place(std::size_t length) { return static_cast<off_t>(random_() % (size_ / length) * length); }

  std::FILE* file_;
  std::vector<std::byte> memory_;
  std::uint64_t size_ = 0;
  std::minstd_rand random_;
};

constexpr std::size_t kHeader = 48;

/// Turns requests into answers. The memory of the answers is kept; only the first `pending()` bytes mean anything.
class Exchange {
 public:
  Exchange(const Arguments& arguments, Backing& backing) : arguments_(&arguments), backing_(&backing) {}

  /// Answers every whole request among the bytes; returns how many bytes those were.
  std::size_t answer(std::span<const std::byte> bytes) {
    std::size_t at = 0;
    for (; bytes.size() - at >= arguments_->request_bytes; at += arguments_->request_bytes) {
      const std::size_t answer = pending_;
      pending_ += arguments_->answer_bytes;
      if (answers_.size() < pending_) {
        answers_.resize(2 * pending_);
      }
      if (!arguments_->answer.empty()) {
        std::memcpy(answers_.data() + answer, arguments_->answer.data(), arguments_->answer.size());
        continue;
      }
      if (arguments_->request_bytes > kHeader) {
        backing_->write(bytes.data() + at + kHeader, arguments_->request_bytes - kHeader);
      }
      if (arguments_->answer_bytes > kHeader) {
        backing_->read(answers_.data() + answer + kHeader, arguments_->answer_bytes - kHeader);
      }
    }
    return at;
  }
  [[nodiscard]] std::size_t request_bytes() const { return arguments_->request_bytes; }
  [[nodiscard]] std::size_t pending() const { return pending_; }
  /// The answers that wait; the exchange begins afresh in `spare`, which was given out before.
  void take(std::vector<std::byte>& spare, std::size_t& length) {
    std::swap(spare, answers_);
    length = std::exchange(pending_, 0);
  }

 private:
  const Arguments* arguments_;
  Backing* backing_;
  std::vector<std::byte> answers_;
  std::size_t pending_ = 0;
};

int listen_at(std::uint16_t port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int on = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  const sockaddr_in address = address_of("127.0.0.1", port);
  sockaddr generic{};
  std::memcpy(&generic, &address, sizeof generic);
  if (bind(fd, &generic, sizeof address) != 0 || listen(fd, 64) != 0) {
    give_up("listen");
  }
  return fd;
}

// Readiness and plain calls.

class EpollConnection {
 public:
  EpollConnection(int fd, const Arguments& arguments, Backing& backing)
      : fd_(fd), exchange_(arguments, backing), input_(kInputBytes) {}

  /// Reads what is there and answers every whole request, in as few calls as there can be. False: closed by the peer.
  bool serve() {
    const ssize_t count = recv(fd_, input_.data() + held_, input_.size() - held_, MSG_DONTWAIT);
    if (count <= 0) {
      return count < 0 && errno == EAGAIN;
    }
    held_ += static_cast<std::size_t>(count);
    const std::size_t used = exchange_.answer(std::span(input_).first(held_));
    std::memmove(input_.data(), input_.data() + used, held_ - used);
    held_ -= used;
    return flush();
  }

 private:
  static constexpr std::size_t kInputBytes = std::size_t{1} << 20;

  /// The peer reads all the time, so a full socket is waited for.
  bool flush() {
    std::size_t length = 0;
    exchange_.take(output_, length);
    for (std::size_t at = 0; at < length;) {
      const ssize_t count = ::send(fd_, output_.data() + at, length - at, MSG_NOSIGNAL);
      if (count < 0) {
        return false;
      }
      at += static_cast<std::size_t>(count);
    }
    return true;
  }

  int fd_;
  Exchange exchange_;
  std::vector<std::byte> input_;
  std::vector<std::byte> output_;
  std::size_t held_ = 0;
};

void watch(int poller, int fd) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.fd = fd;
  epoll_ctl(poller, EPOLL_CTL_ADD, fd, &event);
}

[[noreturn]] void serve_with_epoll(int listener, const Arguments& arguments, Backing& backing) {
  const int poller = epoll_create1(EPOLL_CLOEXEC);
  watch(poller, listener);
  std::map<int, EpollConnection> connections;
  while (true) {
    std::array<epoll_event, 64> events;
    const int count = epoll_wait(poller, events.data(), static_cast<int>(events.size()), -1);
    for (int i = 0; i < count; ++i) {
      const int fd = events[static_cast<std::size_t>(i)].data.fd;
      if (fd == listener) {
        const int peer = accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
        connections.emplace(peer, EpollConnection(peer, arguments, backing));
        watch(poller, peer);
      } else if (auto found = connections.find(fd); !found->second.serve()) {
        close(fd);
        connections.erase(found);
      }
    }
  }
}

// Completions: one receive that stays armed and fills buffers that the kernel picks, one send at a time.

class RingServer {
 public:
  RingServer(int listener, const Arguments& arguments, Backing& backing)
      : listener_(listener), arguments_(arguments), backing_(backing), memory_(kBuffers * kBufferBytes) {
    io_uring_params parameters{};
    parameters.flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN;
    errno = -io_uring_queue_init_params(256, &ring_, &parameters);
    if (errno != 0) {
      give_up("io_uring");
    }
    io_uring_buf_reg registration{};
    void* const entries = std::aligned_alloc(4096, kBuffers * sizeof(io_uring_buf));
    buffers_ = static_cast<io_uring_buf_ring*>(entries);
    registration.ring_addr = std::bit_cast<std::uint64_t>(entries);
    registration.ring_entries = kBuffers;
    errno = -io_uring_register_buf_ring(&ring_, &registration, 0);
    if (errno != 0) {
      give_up("buffer ring");
    }
    io_uring_buf_ring_init(buffers_);
    for (unsigned short i = 0; i < kBuffers; ++i) {
      return_buffer(i);
    }
  }

  [[noreturn]] void run() {
    io_uring_sqe& accepting = entry();
    io_uring_prep_multishot_accept(&accepting, listener_, nullptr, nullptr, SOCK_CLOEXEC);
    io_uring_sqe_set_data(&accepting, nullptr);
    while (true) {
      io_uring_submit_and_wait(&ring_, 1);
      unsigned head = 0;
      unsigned seen = 0;
      io_uring_cqe* completion = nullptr;
      io_uring_for_each_cqe(&ring_, head, completion) {
        ++seen;
        on_completion(*completion);
      }
      io_uring_cq_advance(&ring_, seen);
      for (auto& [fd, connection] : connections_) {
        send_answers(*connection);
      }
    }
  }

 private:
  static constexpr unsigned short kBuffers = 64;
  static constexpr unsigned kBufferBytes = 1U << 16;

  struct Connection;
  struct Operation {
    Connection* connection = nullptr;
  };
  struct Connection {
    Connection(int socket, const Arguments& arguments, Backing& backing) : fd(socket), exchange(arguments, backing) {}
    int fd;
    Exchange exchange;
    std::vector<std::byte> rest;  // of a request that lies in two buffers
    std::vector<std::byte> output;
    std::size_t output_bytes = 0;
    bool is_sending = false;
    bool is_over = false;
    Operation receive{this};
    Operation send{this};
  };

  io_uring_sqe& entry() {
    io_uring_sqe* sqe = io_uring_get_sqe(&ring_);
    if (sqe == nullptr) {
      io_uring_submit(&ring_);
      sqe = io_uring_get_sqe(&ring_);
    }
    return *sqe;
  }
  void return_buffer(unsigned short number) {
    io_uring_buf_ring_add(buffers_, memory_.data() + std::size_t{number} * kBufferBytes, kBufferBytes, number,
                          io_uring_buf_ring_mask(kBuffers), 0);
    io_uring_buf_ring_advance(buffers_, 1);
  }
  void receive(Connection& connection) {
    io_uring_sqe& receiving = entry();
    io_uring_prep_recv_multishot(&receiving, connection.fd, nullptr, 0, 0);
    receiving.flags |= IOSQE_BUFFER_SELECT;
    io_uring_sqe_set_data(&receiving, &connection.receive);
  }
  void on_completion(const io_uring_cqe& completion) {
    auto* const operation = static_cast<Operation*>(io_uring_cqe_get_data(&completion));
    if (operation == nullptr) {
      auto& added = connections_[completion.res];
      added = std::make_unique<Connection>(completion.res, arguments_, backing_);
      receive(*added);
    } else if (operation == &operation->connection->send) {
      operation->connection->is_sending = false;
    } else {
      on_received(*operation->connection, completion);
    }
  }
  void on_received(Connection& connection, const io_uring_cqe& completion) {
    if (completion.res > 0) {
      const auto number = static_cast<unsigned short>(completion.flags >> IORING_CQE_BUFFER_SHIFT);
      take(connection,
           std::span(memory_).subspan(std::size_t{number} * kBufferBytes, static_cast<std::size_t>(completion.res)));
      return_buffer(number);
    }
    if ((completion.flags & IORING_CQE_F_MORE) == 0) {
      connection.is_over = completion.res == 0 || (completion.res < 0 && completion.res != -ENOBUFS);
      if (connection.is_over) {
        shutdown(connection.fd, SHUT_RDWR);  // the run is over; the process goes soon
      } else {
        receive(connection);
      }
    }
  }
  static void take(Connection& connection, std::span<const std::byte> bytes) {
    if (!connection.rest.empty()) {
      const std::size_t wanted = std::min(bytes.size(), connection.exchange.request_bytes() - connection.rest.size());
      connection.rest.insert(connection.rest.end(), bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(wanted));
      bytes = bytes.subspan(wanted);
      if (connection.exchange.answer(connection.rest) != 0) {
        connection.rest.clear();
      }
    }
    bytes = bytes.subspan(connection.exchange.answer(bytes));
    connection.rest.insert(connection.rest.end(), bytes.begin(), bytes.end());
  }
  void send_answers(Connection& connection) {
    if (connection.is_sending || connection.is_over || connection.exchange.pending() == 0) {
      return;
    }
    connection.exchange.take(connection.output, connection.output_bytes);
    connection.is_sending = true;
    io_uring_sqe& sending = entry();
    io_uring_prep_send(&sending, connection.fd, connection.output.data(), connection.output_bytes,
                       MSG_WAITALL | MSG_NOSIGNAL);
    io_uring_sqe_set_data(&sending, &connection.send);
  }

  int listener_;
  const Arguments& arguments_;
  Backing& backing_;
  io_uring ring_{};
  io_uring_buf_ring* buffers_ = nullptr;
  std::vector<std::byte> memory_;
  std::map<int, std::unique_ptr<Connection>> connections_;
};

int run(int argc, char** argv) {
  Arguments arguments;
  std::string answer_file;
  CLI::App app("Answers requests of a fixed size, to show what the machine can do");
  app.add_option("port", arguments.port, "on 127.0.0.1")->required();
  app.add_option("--request", arguments.request_bytes, "bytes of a request");
  app.add_option("--answer", arguments.answer_bytes, "bytes of an answer");
  app.add_option("--answer-file", answer_file, "every answer is what this file holds");
  app.add_option("--engine", arguments.engine)->check(CLI::IsMember({"epoll", "io_uring"}));
  app.add_option("--file", arguments.file, "read answers from, and write requests to, random places of this file");
  app.add_option("--memory", arguments.memory_mib, "the same in memory of so many MiB")->excludes("--file");
  CLI11_PARSE(app, argc, argv);
  if (!answer_file.empty()) {
    std::ifstream in(answer_file, std::ios::binary);
    arguments.answer.assign(std::istreambuf_iterator<char>(in), {});
    if (arguments.answer.empty()) {
      give_up(answer_file);
    }
    arguments.answer_bytes = arguments.answer.size();
  }

  Backing backing(arguments.file, arguments.memory_mib);
  const int listener = listen_at(arguments.port);
  if (arguments.engine == "io_uring") {
    RingServer(listener, arguments, backing).run();
  }
  serve_with_epoll(listener, arguments, backing);
}

}  // namespace
}  // namespace lunaria::bench

int main(int argc, char** argv) {
  return lunaria::bench::run(argc, argv);
}
