#pragma once

// Dice: the seeded source of everything that happens by chance in a simulated world.

#include <bit>
#include <cstdint>

namespace lunaria::sim {

/// xoshiro256**-like generator: small, fast, the same on every machine. Not for secrets.
class Dice final {
 public:
  explicit Dice(std::uint64_t seed) {
    for (std::uint64_t& word : state_) {
      seed += 0x9e3779b97f4a7c15;
      std::uint64_t mixed = seed;
      mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9;
      mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111eb;
      word = mixed ^ (mixed >> 31);
    }
  }

  std::uint64_t next() {
    const std::uint64_t result = std::rotl(state_[1] * 5, 7) * 9;
    const std::uint64_t shifted = state_[1] << 17;
    state_[2] ^= state_[0];
    state_[3] ^= state_[1];
    state_[1] ^= state_[2];
    state_[0] ^= state_[3];
    state_[2] ^= shifted;
    state_[3] = std::rotl(state_[3], 45);
    return result;
  }
  /// 0..bound-1; `bound` at least 1.
  std::uint64_t below(std::uint64_t bound) { return next() % bound; }
  /// first..last, both included.
  std::uint64_t between(std::uint64_t first, std::uint64_t last) { return first + below(last - first + 1); }
  /// True in `per_mille` of 1000 cases.
  bool chance(std::uint32_t per_mille) { return per_mille != 0 && below(1000) < per_mille; }

 private:
  std::uint64_t state_[4];
};

}  // namespace lunaria::sim
