#include "block/nontemporal_copy.h"

#include <bit>
#include <cstdint>
#include <cstring>

namespace lunaria::block {
namespace {

constexpr std::size_t kCacheLine = 64;

using Vector = long long __attribute__((vector_size(16)));
constexpr std::size_t kVectorsPerLine = kCacheLine / sizeof(Vector);

/// A whole line, to an address that is a multiple of its size.
void store_line(std::byte* to, const std::byte* from) noexcept {
  Vector line[kVectorsPerLine];
  std::memcpy(line, from, sizeof line);
  auto* target = static_cast<Vector*>(static_cast<void*>(to));
  for (std::size_t i = 0; i < kVectorsPerLine; ++i) {
    __builtin_nontemporal_store(line[i], target + i);
  }
}

}  // namespace

void nontemporal_copy(std::byte* to, std::span<const std::byte> from) noexcept {
  if (from.size() < kNontemporalMin) {
    std::memcpy(to, from.data(), from.size());
    return;
  }
  const std::size_t past_line = std::bit_cast<std::uintptr_t>(to) % kCacheLine;
  const std::size_t head = past_line == 0 ? 0 : kCacheLine - past_line;
  std::memcpy(to, from.data(), head);
  std::size_t at = head;
  for (; from.size() - at >= kCacheLine; at += kCacheLine) {
    store_line(to + at, from.data() + at);
  }
  std::memcpy(to + at, from.data() + at, from.size() - at);
  // Such stores are not ordered with others: without it, who learns of the write could read what was there before.
  __builtin_ia32_sfence();
}

}  // namespace lunaria::block
