#include "daemon/neighbours.h"

#include <linux/neighbour.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <map>
#include <span>
#include <vector>

#include "reactor/descriptor.h"

namespace lunaria::daemon {
namespace {

using Bytes = std::span<const std::byte>;

/// Netlink pads everything to this.
constexpr std::size_t kAlignment = 4;
constexpr std::size_t padded(std::size_t size) {
  return (size + kAlignment - 1) / kAlignment * kAlignment;
}

/// The plain fields at the start of `bytes`; all zeros when it is too short.
template <class Fields>
Fields read_fields(Bytes bytes) {
  Fields fields{};
  if (bytes.size() >= sizeof fields) {
    std::memcpy(&fields, bytes.data(), sizeof fields);
  }
  return fields;
}

template <class Fields>
void append(std::vector<std::byte>& message, const Fields& fields) {
  const std::size_t start = message.size();
  message.resize(start + padded(sizeof fields));
  std::memcpy(message.data() + start, &fields, sizeof fields);
}

Bytes address_bytes(const IpAddress& address) {
  return std::as_bytes(std::span(address.octets())).first(address.is_v4() ? 4 : 16);
}

void append_attribute(std::vector<std::byte>& message, std::uint16_t type, Bytes value) {
  append(message, rtattr{static_cast<unsigned short>(sizeof(rtattr) + value.size()), type});
  message.insert(message.end(), value.begin(), value.end());
  message.resize(padded(message.size()));
}

/// Asks the kernel; what it answers, without the header; empty when it has no answer.
template <class Fields>
std::vector<std::byte> ask(int socket, std::uint16_t type, const Fields& fields, std::uint16_t attribute,
                           const IpAddress& address) {
  std::vector<std::byte> request;
  append(request,
         nlmsghdr{.nlmsg_len = 0, .nlmsg_type = type, .nlmsg_flags = NLM_F_REQUEST, .nlmsg_seq = type, .nlmsg_pid = 0});
  append(request, fields);
  append_attribute(request, attribute, address_bytes(address));
  const auto length = static_cast<std::uint32_t>(request.size());
  std::memcpy(request.data(), &length, sizeof length);
  if (send(socket, request.data(), request.size(), 0) != static_cast<ssize_t>(request.size())) {
    return {};
  }
  std::vector<std::byte> answer(16384);
  const ssize_t received = recv(socket, answer.data(), answer.size(), 0);
  const auto header = read_fields<nlmsghdr>(Bytes(answer).first(received > 0 ? static_cast<std::size_t>(received) : 0));
  const bool is_whole = header.nlmsg_len >= sizeof header && static_cast<ssize_t>(header.nlmsg_len) <= received;
  if (!is_whole || header.nlmsg_type == NLMSG_ERROR || header.nlmsg_seq != type) {
    return {};
  }
  answer.resize(header.nlmsg_len);
  answer.erase(answer.begin(), answer.begin() + sizeof header);
  return answer;
}

/// The attributes behind the fixed fields of an answer.
std::map<std::uint16_t, Bytes> attributes_of(Bytes bytes) {
  std::map<std::uint16_t, Bytes> attributes;
  while (bytes.size() >= sizeof(rtattr)) {
    const auto head = read_fields<rtattr>(bytes);
    if (head.rta_len < sizeof head || head.rta_len > bytes.size()) {
      break;
    }
    attributes[head.rta_type] = bytes.subspan(sizeof head, head.rta_len - sizeof head);
    bytes = bytes.subspan(std::min(bytes.size(), padded(head.rta_len)));
  }
  return attributes;
}

template <class Fields>
Bytes behind(const std::vector<std::byte>& answer) {
  return Bytes(answer).subspan(std::min(answer.size(), padded(sizeof(Fields))));
}

/// The interface on whose link the address is; nullopt when it is ours, or behind a router.
std::optional<int> find_link(int socket, const IpAddress& address) {
  if (address.scope() != 0) {
    return static_cast<int>(address.scope());
  }
  rtmsg fields{};
  fields.rtm_family = address.is_v4() ? AF_INET : AF_INET6;
  fields.rtm_dst_len = address.is_v4() ? 32 : 128;
  const std::vector<std::byte> answer = ask(socket, RTM_GETROUTE, fields, RTA_DST, address);
  if (answer.empty() || read_fields<rtmsg>(answer).rtm_type != RTN_UNICAST) {
    return std::nullopt;
  }
  const auto attributes = attributes_of(behind<rtmsg>(answer));
  const auto link = attributes.find(RTA_OIF);
  if (link == attributes.end() || attributes.contains(RTA_GATEWAY) || attributes.contains(RTA_VIA)) {
    return std::nullopt;
  }
  return read_fields<int>(link->second);
}

}  // namespace

std::optional<MacAddress> find_neighbour(const IpAddress& address) {
  const reactor::Descriptor socket(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE));
  if (!socket || address.is_loopback() || address.is_any()) {
    return std::nullopt;
  }
  const timeval second{.tv_sec = 1, .tv_usec = 0};
  setsockopt(socket.get(), SOL_SOCKET, SO_RCVTIMEO, &second, sizeof second);
  const std::optional<int> link = find_link(socket.get(), address);
  if (!link) {
    return std::nullopt;
  }
  ndmsg fields{};
  fields.ndm_family = address.is_v4() ? AF_INET : AF_INET6;
  fields.ndm_ifindex = *link;
  const std::vector<std::byte> answer = ask(socket.get(), RTM_GETNEIGH, fields, NDA_DST, address);
  constexpr unsigned kKnown = NUD_REACHABLE | NUD_STALE | NUD_DELAY | NUD_PROBE | NUD_PERMANENT;
  if (answer.empty() || (read_fields<ndmsg>(answer).ndm_state & kKnown) == 0) {
    return std::nullopt;
  }
  const auto attributes = attributes_of(behind<ndmsg>(answer));
  const auto found = attributes.find(NDA_LLADDR);
  MacAddress mac;
  if (found == attributes.end() || found->second.size() != mac.octets.size()) {
    return std::nullopt;
  }
  std::memcpy(mac.octets.data(), found->second.data(), mac.octets.size());
  return mac;
}

}  // namespace lunaria::daemon
