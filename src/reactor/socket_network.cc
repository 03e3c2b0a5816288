#include "reactor/socket_network.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/check.h"
#include "reactor/acceptor.h"
#include "reactor/shard.h"
#include "reactor/socket_stream.h"

namespace lunaria::reactor {

using runtime::ConnectRequest;
using runtime::IoError;
using runtime::ListenAddress;

namespace {

constexpr int kBacklog = 4096;  // the kernel cuts it to net.core.somaxconn

/// Removes a socket file that is left over from a process that is gone; anything else stays.
Result<void, IoError> remove_stale_socket(const std::string& path, SocketAddress& address) {
  struct stat status{};
  if (::lstat(path.c_str(), &status) != 0) {
    return errno == ENOENT ? Result<void, IoError>() : fail(IoError{errno});
  }
  if (!S_ISSOCK(status.st_mode)) {
    return fail(IoError{EADDRINUSE});
  }
  const Descriptor probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!probe) {
    return fail(IoError{errno});
  }
  if (::connect(probe.get(), address.get(), address.length) == 0 || errno != ECONNREFUSED) {
    return fail(IoError{EADDRINUSE});
  }
  if (::unlink(path.c_str()) != 0) {
    return fail(IoError{errno});
  }
  return {};
}

}  // namespace

std::unique_ptr<runtime::Stream> make_stream(Shard& shard, Descriptor descriptor) {
  // Answers leave as they are made; gathering is done above. A Unix socket has no such option, and needs none.
  const int on = 1;
  static_cast<void>(::setsockopt(descriptor.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)));
  return std::make_unique<SocketStream>(shard, std::move(descriptor));
}

Result<std::unique_ptr<runtime::Listener>, IoError> SocketNetwork::listen(const ListenAddress& address) {
  Result<SocketAddress, IoError> target = to_socket_address(address);
  if (!target) {
    return fail(target.error());
  }
  Descriptor descriptor(::socket(target->family(), SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!descriptor) {
    return fail(IoError{errno});
  }
  const int fd = descriptor.get();
  const int on = 1;
  const auto* path = std::get_if<std::string>(&address);
  if (path != nullptr) {
    const Result<void, IoError> removed = remove_stale_socket(*path, *target);
    if (!removed) {
      return fail(removed.error());
    }
    // Before bind, so that the file never has another mode; umask may still take bits away.
    if (::fchmod(fd, shard_.unix_socket_mode()) != 0) {
      return fail(IoError{errno});
    }
  } else if (::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) != 0) {
    return fail(IoError{errno});
  }
  if (target->family() == AF_INET6 && ::setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)) != 0) {
    return fail(IoError{errno});
  }
  if (::bind(fd, target->get(), target->length) != 0) {
    return fail(IoError{errno});
  }
  if (path != nullptr && ::chmod(path->c_str(), shard_.unix_socket_mode()) != 0) {
    return fail(IoError{errno});
  }
  if (::listen(fd, kBacklog) != 0) {
    return fail(IoError{errno});
  }
  ListenAddress real = address;
  if (path == nullptr) {
    SocketAddress bound;
    if (::getsockname(fd, bound.get(), &bound.length) != 0) {
      return fail(IoError{errno});
    }
    real = to_endpoint(bound);
  }
  return std::make_unique<SocketListener>(shard_, std::move(descriptor), std::move(real));
}

bool SocketNetwork::submit(ConnectRequest& request) {
  const Result<SocketAddress, IoError> target = to_socket_address(request.address);
  if (!target) {
    request.result = -target.error().code;
    return true;
  }
  Descriptor descriptor(::socket(target->family(), SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!descriptor) {
    request.result = -errno;
    return true;
  }
  if (free_steps_ == nullptr) {
    free_steps_ = &steps_.emplace_back();
    free_steps_->network = this;
    free_steps_->kind = KernelRequest::Kind::kConnect;
    free_steps_->done = [](KernelRequest& kernel_request) noexcept {
      auto& self = static_cast<Step&>(kernel_request);
      self.network->on_connected(self);
    };
  }
  Step& step = *std::exchange(free_steps_, free_steps_->next_free);
  step.request = &request;
  step.target = *target;
  step.address = &step.target.storage;
  step.address_length = step.target.length;
  step.descriptor = std::move(descriptor);
  step.fd = step.descriptor.get();
  shard_.backend().start(step);
  return false;
}

void SocketNetwork::cancel(ConnectRequest& request) {
  // As many as ever connected at once: a few.
  const auto step = std::ranges::find(steps_, &request, &Step::request);
  check(step != steps_.end(), "what is cancelled is under way");
  shard_.backend().cancel(*step);
}

void SocketNetwork::on_connected(Step& step) {
  ConnectRequest& request = *std::exchange(step.request, nullptr);
  request.result = step.result;
  if (step.result == 0) {
    request.stream = make_stream(shard_, std::move(step.descriptor));
  }
  step.descriptor.reset();
  step.next_free = std::exchange(free_steps_, &step);
  request.complete();
}

}  // namespace lunaria::reactor
