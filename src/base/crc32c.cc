#include "base/crc32c.h"

#include <isa-l/crc.h>

#include <algorithm>

namespace lunaria {

std::uint32_t crc32c_update(std::uint32_t state, std::span<const std::byte> bytes) {
  constexpr std::size_t kChunkMax = 1U << 30;  // ISA-L takes an int.
  while (!bytes.empty()) {
    const std::size_t length = std::min(bytes.size(), kChunkMax);
    // ISA-L's signature lacks const; it only reads.
    auto* start = const_cast<unsigned char*>(reinterpret_cast<const unsigned char*>(bytes.data()));
    state = crc32_iscsi(start, static_cast<int>(length), state);
    bytes = bytes.subspan(length);
  }
  return state;
}

}  // namespace lunaria
