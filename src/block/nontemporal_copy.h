#pragma once

// nontemporal_copy: memcpy into memory that will not be needed soon.

#include <cstddef>
#include <span>

namespace lunaria::block {

/// Copies `from` to where `to` points; the two do not overlap. Whole cache lines go to memory without being read into
/// the caches first, which is what most of a large copy costs there (docs/decisions/0019). Other threads see the bytes
/// as they would after memcpy. Any alignment, any length; pieces below `kNontemporalMin` are copied plainly.
void nontemporal_copy(std::byte* to, std::span<const std::byte> from) noexcept;

/// Bytes.
inline constexpr std::size_t kNontemporalMin = 2048;

}  // namespace lunaria::block
