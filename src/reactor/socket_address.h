#pragma once

// Between our addresses and the kernel's. Internal to reactor.

#include <sys/socket.h>

#include "base/ip_address.h"
#include "base/result.h"
#include "runtime/io_error.h"
#include "runtime/network.h"

namespace lunaria::reactor {

/// An address as socket calls take it.
struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t length = sizeof(sockaddr_storage);

  sockaddr* get() { return static_cast<sockaddr*>(static_cast<void*>(&storage)); }
  int family() const { return storage.ss_family; }
};

/// ENAMETOOLONG for a path that does not fit (107 bytes do), EINVAL for an empty one.
Result<SocketAddress, runtime::IoError> to_socket_address(const runtime::ListenAddress& address);
/// 0.0.0.0:0 for what is not IP.
IpEndpoint to_endpoint(const SocketAddress& address);

}  // namespace lunaria::reactor
