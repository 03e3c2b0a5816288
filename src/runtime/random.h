#pragma once

// Random bytes as code may see them: the kernel's in the daemon, seeded ones in tests.

#include <cstddef>
#include <cstdint>
#include <span>

namespace lunaria::runtime {

/// Fit for keys, challenges and identities when it is the real one. Thread-safe.
class Random {
 public:
  virtual ~Random() = default;
  virtual void fill(std::span<std::byte> bytes) = 0;

  std::uint64_t next_u64() {
    std::uint64_t value = 0;
    fill(std::as_writable_bytes(std::span(&value, 1)));
    return value;
  }
};

}  // namespace lunaria::runtime
