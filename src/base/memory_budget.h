#pragma once

// MemoryBudget: a bound on what many holders have in memory together, beside the bounds of each one. Without it, as
// many clients as there may be could each have the largest of everything at once.

#include <algorithm>
#include <cstddef>

namespace lunaria {

/// Lives on one shard, longer than its shares.
class MemoryBudget final {
 public:
  /// The first `free_bytes` of each share are not counted: what is of ordinary size is served whatever the large ones
  /// take.
  MemoryBudget(std::size_t bytes_max, std::size_t free_bytes) : bytes_max_(bytes_max), free_bytes_(free_bytes) {}

  /// What one holder has, given back when destroyed.
  class Share final {
   public:
    explicit Share(MemoryBudget& budget) : budget_(budget) {}
    Share(const Share&) = delete;
    Share& operator=(const Share&) = delete;
    ~Share() { budget_.counted_ -= counted_; }

    /// Tells that the holder has `bytes` in all. A share keeps the most that it was told of. False, and nothing more
    /// counted, when there is no room.
    [[nodiscard]] bool hold(std::size_t bytes) {
      const std::size_t wanted = bytes - std::min(bytes, budget_.free_bytes_);
      if (wanted <= counted_) {
        return true;
      }
      const std::size_t more = wanted - counted_;
      if (more > budget_.bytes_max_ - budget_.counted_) {
        return false;
      }
      budget_.counted_ += more;
      counted_ = wanted;
      return true;
    }

   private:
    MemoryBudget& budget_;
    std::size_t counted_ = 0;
  };

 private:
  std::size_t bytes_max_;
  std::size_t free_bytes_;
  std::size_t counted_ = 0;
};

}  // namespace lunaria
