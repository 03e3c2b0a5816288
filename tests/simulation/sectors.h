#pragma once

// Sectors: what a simulated initiator writes. Every sector of 512 bytes says which write it belongs to and where, so
// that a sector read back names its origin, and one that is torn, misplaced or foreign names none.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace lunaria::simulation {

inline constexpr std::size_t kSectorSize = 512;

/// Which write; 0 stands for zeros.
enum class Origin : std::uint64_t {};
inline constexpr Origin kZeros{0};

/// Sectors of one disk.
struct Range {
  std::uint64_t first = 0;
  std::uint64_t count = 0;
  std::uint64_t end() const { return first + count; }
};

/// Fills whole sectors, the first of which is sector `first` of its disk.
void fill_sectors(std::span<std::byte> bytes, Origin origin, std::uint64_t first);
/// Whose sector this is; nothing when it is nobody's.
std::optional<Origin> origin_of(std::span<const std::byte, kSectorSize> bytes, std::uint64_t sector);

}  // namespace lunaria::simulation
