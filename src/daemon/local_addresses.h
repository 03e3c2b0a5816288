#pragma once

// The addresses of this host's interfaces.

#include <sys/socket.h>

#include <optional>
#include <string>
#include <vector>

#include "base/ip_address.h"

namespace lunaria::daemon {

/// nullopt for null, and for what is neither IPv4 nor IPv6. `address` is as long as its family asks for.
std::optional<IpAddress> to_ip_address(const sockaddr* address);

/// Loopback included, in no particular order. Blocks for a moment; empty when the kernel does not tell.
std::vector<IpAddress> local_addresses();

/// The machine's name with its domain where it has one; "localhost" when it has none.
std::string host_name();

}  // namespace lunaria::daemon
