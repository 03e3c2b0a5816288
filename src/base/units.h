#pragma once

// Byte sizes as literals: `using namespace lunaria::units;` inside a function, then `64_KiB`.

#include <cstdint>

namespace lunaria::units {

constexpr std::uint64_t operator""_KiB(unsigned long long count) {
  return count << 10;
}
constexpr std::uint64_t operator""_MiB(unsigned long long count) {
  return count << 20;
}
constexpr std::uint64_t operator""_GiB(unsigned long long count) {
  return count << 30;
}
constexpr std::uint64_t operator""_TiB(unsigned long long count) {
  return count << 40;
}

}  // namespace lunaria::units
