#pragma once

// The addresses of this host's interfaces.

#include <vector>

#include "base/ip_address.h"

namespace lunaria::daemon {

/// Loopback included, in no particular order. Blocks for a moment; empty when the kernel does not tell.
std::vector<IpAddress> local_addresses();

/// The machine's name with its domain where it has one; "localhost" when it has none.
std::string host_name();

}  // namespace lunaria::daemon
