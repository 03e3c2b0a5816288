// limit_server: answers fixed-size requests with fixed-size answers over TCP and does nothing else: no protocol, no
// SCSI. With --file it reads (or writes) the data part through the page cache, as a target must. What it reaches with
// one core is what this machine has to give for that shape of traffic; iscsi_load --bare drives it.

#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "machine.h"

namespace lunaria::bench {
namespace {

struct Arguments {
  std::uint16_t port = 0;
  std::size_t request_bytes = 48;
  std::size_t answer_bytes = 48 + 4096;
  std::string file;
};

/// The file that requests read or write; none without a path.
class Backing {
 public:
  explicit Backing(const std::string& path) : file_(path.empty() ? nullptr : std::fopen(path.c_str(), "r+be")) {
    if (!path.empty() && (file_ == nullptr || std::fseek(file_, 0, SEEK_END) != 0)) {
      give_up(path);
    }
    size_ = file_ != nullptr ? static_cast<std::uint64_t>(std::ftell(file_)) : 0;
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
  }
  void write(const std::byte* from, std::size_t length) {
    if (file_ != nullptr && pwrite(fileno(file_), from, length, place(length)) < 0) {
      give_up("write");
    }
  }

 private:
  off_t place(std::size_t length) { return static_cast<off_t>(random_() % (size_ / length) * length); }

  std::FILE* file_;
  std::uint64_t size_ = 0;
  std::minstd_rand random_;
};

class Connection {
 public:
  Connection(int fd, const Arguments& arguments) : fd_(fd), arguments_(&arguments), input_(kInputBytes) {}

  /// Reads what is there and answers every whole request, in as few calls as there can be. False: closed by the peer.
  bool serve(Backing& backing) {
    const ssize_t count = recv(fd_, input_.data() + held_, input_.size() - held_, MSG_DONTWAIT);
    if (count <= 0) {
      return count < 0 && errno == EAGAIN;
    }
    held_ += static_cast<std::size_t>(count);
    std::size_t at = 0;
    for (; held_ - at >= arguments_->request_bytes; at += arguments_->request_bytes) {
      const std::size_t answer = answered_;
      answered_ += arguments_->answer_bytes;
      if (output_.size() < answered_) {
        output_.resize(answered_);
      }
      if (arguments_->request_bytes > kHeader) {
        backing.write(input_.data() + at + kHeader, arguments_->request_bytes - kHeader);
      }
      if (arguments_->answer_bytes > kHeader) {
        backing.read(output_.data() + answer + kHeader, arguments_->answer_bytes - kHeader);
      }
    }
    std::memmove(input_.data(), input_.data() + at, held_ - at);
    held_ -= at;
    return flush();
  }

 private:
  static constexpr std::size_t kHeader = 48;
  static constexpr std::size_t kInputBytes = std::size_t{1} << 20;

  /// The peer reads all the time, so a full socket is waited for.
  bool flush() {
    for (std::size_t at = 0; at < answered_;) {
      const ssize_t count = ::send(fd_, output_.data() + at, answered_ - at, MSG_NOSIGNAL);
      if (count < 0) {
        return false;
      }
      at += static_cast<std::size_t>(count);
    }
    answered_ = 0;
    return true;
  }

  int fd_;
  const Arguments* arguments_;
  std::vector<std::byte> input_;
  std::vector<std::byte> output_;
  std::size_t held_ = 0;
  std::size_t answered_ = 0;  // bytes at the front of output_ that are to be sent
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

void watch(int poller, int fd) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.fd = fd;
  epoll_ctl(poller, EPOLL_CTL_ADD, fd, &event);
}

int run(int argc, char** argv) {
  Arguments arguments;
  CLI::App app("Answers requests of a fixed size, to show what the machine can do");
  app.add_option("port", arguments.port, "on 127.0.0.1")->required();
  app.add_option("--request", arguments.request_bytes, "bytes of a request");
  app.add_option("--answer", arguments.answer_bytes, "bytes of an answer");
  app.add_option("--file", arguments.file, "read answers from, and write requests to, random places of this file");
  CLI11_PARSE(app, argc, argv);

  Backing backing(arguments.file);
  const int listener = listen_at(arguments.port);
  const int poller = epoll_create1(EPOLL_CLOEXEC);
  watch(poller, listener);
  std::map<int, Connection> connections;
  while (true) {
    std::array<epoll_event, 64> events;
    const int count = epoll_wait(poller, events.data(), static_cast<int>(events.size()), -1);
    for (int i = 0; i < count; ++i) {
      const int fd = events[static_cast<std::size_t>(i)].data.fd;
      if (fd == listener) {
        const int peer = accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
        connections.emplace(peer, Connection(peer, arguments));
        watch(poller, peer);
      } else if (auto found = connections.find(fd); !found->second.serve(backing)) {
        close(fd);
        connections.erase(found);
      }
    }
  }
}

}  // namespace
}  // namespace lunaria::bench

int main(int argc, char** argv) {
  return lunaria::bench::run(argc, argv);
}
