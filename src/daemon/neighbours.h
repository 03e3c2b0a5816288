#pragma once

// Neighbours: MAC addresses of hosts on the same link, from the kernel's neighbour table (ARP, IPv6 neighbour
// discovery).

#include <optional>

#include "base/ip_address.h"
#include "base/mac_address.h"

namespace lunaria::daemon {

/// The MAC address of a host that just sent us something. nullopt when it is this host, behind a router, or on a link
/// without MAC addresses. From any thread; asks the kernel twice and waits for nothing else.
///
/// It is no proof: whoever is on the link can send with any address. Rules by MAC address keep mistakes apart, not
/// attackers.
std::optional<MacAddress> find_neighbour(const IpAddress& address);

}  // namespace lunaria::daemon
