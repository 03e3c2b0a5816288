#include "reactor/socket_address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstring>

namespace lunaria::reactor {

using runtime::IoError;
using runtime::ListenAddress;

namespace {

SocketAddress from_endpoint(const IpEndpoint& endpoint) {
  SocketAddress result;
  const auto& octets = endpoint.address.octets();
  if (endpoint.address.is_v4()) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(endpoint.port);
    std::memcpy(&address.sin_addr, octets.data(), sizeof(address.sin_addr));
    std::memcpy(&result.storage, &address, sizeof(address));
    result.length = sizeof(address);
  } else {
    sockaddr_in6 address{};
    address.sin6_family = AF_INET6;
    address.sin6_port = htons(endpoint.port);
    address.sin6_scope_id = endpoint.address.scope();
    std::memcpy(&address.sin6_addr, octets.data(), sizeof(address.sin6_addr));
    std::memcpy(&result.storage, &address, sizeof(address));
    result.length = sizeof(address);
  }
  return result;
}

}  // namespace

Result<SocketAddress, IoError> to_socket_address(const ListenAddress& address) {
  if (const auto* endpoint = std::get_if<IpEndpoint>(&address)) {
    return from_endpoint(*endpoint);
  }
  const auto& path = std::get<std::string>(address);
  sockaddr_un local{};
  if (path.empty()) {
    return fail(IoError{EINVAL});
  }
  if (path.size() >= sizeof(local.sun_path)) {
    return fail(IoError{ENAMETOOLONG});
  }
  local.sun_family = AF_UNIX;
  std::ranges::copy(path, local.sun_path);
  SocketAddress result;
  std::memcpy(&result.storage, &local, sizeof(local));
  result.length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size() + 1);
  return result;
}

IpEndpoint to_endpoint(const SocketAddress& address) {
  if (address.family() == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, &address.storage, sizeof(v4));
    std::array<std::uint8_t, 4> octets{};
    std::memcpy(octets.data(), &v4.sin_addr, octets.size());
    return {.address = IpAddress::v4(octets), .port = ntohs(v4.sin_port)};
  }
  if (address.family() == AF_INET6) {
    sockaddr_in6 v6{};
    std::memcpy(&v6, &address.storage, sizeof(v6));
    std::array<std::uint8_t, 16> octets{};
    std::memcpy(octets.data(), &v6.sin6_addr, octets.size());
    return {.address = IpAddress::v6(octets, v6.sin6_scope_id), .port = ntohs(v6.sin6_port)};
  }
  return {};
}

}  // namespace lunaria::reactor
