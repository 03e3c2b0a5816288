#include "simulation/sectors.h"

#include <algorithm>
#include <cstring>

namespace lunaria::simulation {

namespace {

constexpr std::size_t kWords = kSectorSize / sizeof(std::uint64_t);

std::uint64_t word_at(Origin origin, std::uint64_t sector, std::size_t index) {
  const auto id = static_cast<std::uint64_t>(origin);
  switch (index) {
    case 0:
      return id;
    case 1:
      return ~sector;
    default:
      return (id * 0x9e3779b97f4a7c15 + sector) * 0xbf58476d1ce4e5b9 + index;
  }
}

}  // namespace

void fill_sectors(std::span<std::byte> bytes, Origin origin, std::uint64_t first) {
  if (origin == kZeros) {
    std::ranges::fill(bytes, std::byte{});
    return;
  }
  for (std::size_t at = 0; at < bytes.size(); at += kSectorSize) {
    for (std::size_t i = 0; i < kWords; ++i) {
      const std::uint64_t word = word_at(origin, first + at / kSectorSize, i);
      std::memcpy(bytes.data() + at + i * sizeof(word), &word, sizeof(word));
    }
  }
}

std::optional<Origin> origin_of(std::span<const std::byte, kSectorSize> bytes, std::uint64_t sector) {
  std::uint64_t id = 0;
  std::memcpy(&id, bytes.data(), sizeof(id));
  std::byte expected[kSectorSize];
  fill_sectors(expected, Origin{id}, sector);
  return std::ranges::equal(bytes, expected) ? std::optional(Origin{id}) : std::nullopt;
}

}  // namespace lunaria::simulation
