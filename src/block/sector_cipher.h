#pragma once

// SectorCipher: AES-256-XTS (IEEE 1619) over the sectors of a disk, through libcrypto. The tweak is the sector's
// number, so that equal sectors look different and a sector is of no use elsewhere.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "base/secret.h"

namespace lunaria::block {

/// Keyed once; one thread at a time. Neither direction allocates.
class SectorCipher final {
 public:
  /// Bytes of a key: two independent AES-256 keys.
  static constexpr std::size_t kKeySize = 64;

  /// `key` has kKeySize random bytes; only its schedule is kept, which OpenSSL wipes.
  explicit SectorCipher(const Secret& key);
  SectorCipher(SectorCipher&& other) noexcept;
  SectorCipher& operator=(SectorCipher&& other) noexcept;
  ~SectorCipher();

  /// One sector, 16 bytes or more; `to` has the size of `from` and may be the same memory.
  void encrypt(std::uint64_t sector, std::span<const std::byte> from, std::span<std::byte> to) noexcept;
  void decrypt(std::uint64_t sector, std::span<const std::byte> from, std::span<std::byte> to) noexcept;

 private:
  struct Schedule;
  std::unique_ptr<Schedule> encryption_;
  std::unique_ptr<Schedule> decryption_;
};

}  // namespace lunaria::block
