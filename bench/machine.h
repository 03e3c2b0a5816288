#pragma once

// What the bench programs ask of the machine: the time, the processor time of a process, sockets that are ready to use.
// They end the process with one line when the machine refuses; a measurement has nothing to salvage.

#include <netinet/in.h>

#include <cstdint>
#include <string>

namespace lunaria::bench {

/// Ends the process: `what`, and the reason of errno when there is one.
[[noreturn]] void give_up(const std::string& what);

/// CLOCK_MONOTONIC.
[[nodiscard]] std::uint64_t now_ns();

/// Processor time that all threads of a process have used so far, kernel workers of its rings among them.
[[nodiscard]] std::uint64_t process_cpu_ns(int pid);

/// A connected TCP socket without Nagle's delay.
[[nodiscard]] int connect_to(const sockaddr_in& address);

/// `a.b.c.d` and a port.
[[nodiscard]] sockaddr_in address_of(const std::string& ip, std::uint16_t port);

}  // namespace lunaria::bench
