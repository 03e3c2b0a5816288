#pragma once

// CRC32C (Castagnoli), the digest of iSCSI (RFC 7143 13.1), computed by ISA-L with the processor's instructions.

#include <cstddef>
#include <cstdint>
#include <span>

namespace lunaria {

/// Continues a CRC over more bytes. Start from `kCrc32cSeed`, end with `crc32c_finish`.
inline constexpr std::uint32_t kCrc32cSeed = 0xFFFF'FFFF;
std::uint32_t crc32c_update(std::uint32_t state, std::span<const std::byte> bytes);
constexpr std::uint32_t crc32c_finish(std::uint32_t state) {
  return ~state;
}

/// The CRC of one run of bytes; the check value of "123456789" is 0xE3069283.
inline std::uint32_t crc32c(std::span<const std::byte> bytes) {
  return crc32c_finish(crc32c_update(kCrc32cSeed, bytes));
}

}  // namespace lunaria
