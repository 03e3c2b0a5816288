#include "machine.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <fstream>

namespace lunaria::bench {

void give_up(const std::string& what) {
  const int reason = errno;
  std::fprintf(stderr, "%s%s%s\n", what.c_str(), reason != 0 ? ": " : "", reason != 0 ? std::strerror(reason) : "");
  std::exit(2);
}

std::uint64_t now_ns() {
  timespec time{};
  clock_gettime(CLOCK_MONOTONIC, &time);
  return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000'000 + static_cast<std::uint64_t>(time.tv_nsec);
}

std::uint64_t process_cpu_ns(int pid) {
  // The first number of schedstat is nanoseconds on a processor; /proc/PID/stat counts in hundredths of a second.
  std::uint64_t sum = 0;
  std::error_code error;
  const std::filesystem::path tasks = "/proc/" + std::to_string(pid) + "/task";
  for (const auto& task : std::filesystem::directory_iterator(tasks, error)) {
    std::uint64_t running = 0;
    if (std::ifstream(task.path() / "schedstat") >> running) {
      sum += running;
    }
  }
  if (error) {
    give_up("no process " + std::to_string(pid));
  }
  return sum;
}

int connect_to(const sockaddr_in& address) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int on = 1;
  sockaddr generic{};
  std::memcpy(&generic, &address, sizeof generic);
  if (fd < 0 || connect(fd, &generic, sizeof address) != 0) {
    give_up("cannot connect");
  }
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return fd;
}

sockaddr_in address_of(const std::string& ip, std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  if (inet_pton(AF_INET, ip.c_str(), &address.sin_addr) != 1) {
    errno = 0;
    give_up(ip + ": not an IPv4 address");
  }
  return address;
}

}  // namespace lunaria::bench
