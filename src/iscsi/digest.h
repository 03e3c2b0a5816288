#pragma once

// Header and data digests: CRC32C, least significant byte first on the wire (RFC 7143 13.1 and its examples).

#include <cstddef>
#include <cstdint>
#include <span>

#include "base/crc32c.h"
#include "wire/fields.h"

namespace lunaria::iscsi {

inline constexpr std::size_t kDigestSize = 4;
using DigestField = wire::LittleEndian<std::uint32_t, 0>;

/// Bytes of padding after `length` bytes: segments end on four-byte words (RFC 7143 11.2.3).
constexpr std::size_t padding_after(std::size_t length) {
  return (4 - length % 4) % 4;
}

/// The digest of one run of bytes whose length is a multiple of four.
inline void write_digest(std::span<std::byte, kDigestSize> field, std::uint32_t crc) {
  DigestField::set(field, crc);
}
inline bool digest_matches(std::span<const std::byte, kDigestSize> field, std::uint32_t crc) {
  return DigestField::get(field) == crc;
}

}  // namespace lunaria::iscsi
