#include "daemon/journal_socket.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <cstring>
#include <utility>

namespace lunaria::daemon {

JournalSocket::JournalSocket(std::string path)
    : path_(std::move(path)), socket_(socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)) {}

bool JournalSocket::send(std::string_view datagram) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path_.size() >= sizeof address.sun_path) {
    return false;
  }
  std::memcpy(address.sun_path, path_.data(), path_.size());
  const auto* where = static_cast<const sockaddr*>(static_cast<const void*>(&address));
  const ssize_t sent =
      sendto(socket_.get(), datagram.data(), datagram.size(), MSG_NOSIGNAL | MSG_DONTWAIT, where, sizeof address);
  return sent >= 0 && static_cast<std::size_t>(sent) == datagram.size();
}

}  // namespace lunaria::daemon
