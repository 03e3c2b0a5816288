#pragma once

// What is left of a scattered request after part of it has been done. Internal to reactor.

#include <sys/uio.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace lunaria::reactor {

/// Parts of a continued request that go to the kernel at once; the rest follows when they are done.
inline constexpr std::size_t kPartsMax = 16;

/// The sum of the lengths.
inline std::uint64_t length_of(std::span<const iovec> memory) {
  std::uint64_t length = 0;
  for (const iovec& part : memory) {
    length += part.iov_len;
  }
  return length;
}

/// A request's memory without its first `done` bytes, as much as fits; returns how many parts.
inline unsigned remaining_parts(std::span<const iovec> memory, std::uint64_t done, std::array<iovec, kPartsMax>& out) {
  unsigned count = 0;
  for (const iovec& part : memory) {
    if (done >= part.iov_len) {
      done -= part.iov_len;
      continue;
    }
    out[count++] = {.iov_base = static_cast<std::byte*>(part.iov_base) + done, .iov_len = part.iov_len - done};
    done = 0;
    if (count == out.size()) {
      break;
    }
  }
  return count;
}

}  // namespace lunaria::reactor
