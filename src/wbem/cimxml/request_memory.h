#pragma once

// RequestMemory: the bound on what all requests hold together, beside the bounds of each one (limits.h). Without it, as
// many clients as there may be connections could each have the largest tree at once.

#include <algorithm>
#include <cstddef>

#include "wbem/cimxml/limits.h"

namespace lunaria::wbem::cimxml {

/// Lives on one shard, longer than its shares.
class RequestMemory final {
 public:
  explicit RequestMemory(std::size_t bytes_max) : bytes_max_(bytes_max) {}

  /// What one request holds, given back when destroyed. Its first kRequestShareBytes are not counted: requests of
  /// ordinary size are served whatever the large ones take.
  class Share final {
   public:
    explicit Share(RequestMemory& memory) : memory_(memory) {}
    Share(const Share&) = delete;
    Share& operator=(const Share&) = delete;
    ~Share() { memory_.counted_ -= counted_; }

    /// Tells that the request holds `bytes` in all. A share keeps the most that it was told of, for what is made of a
    /// message takes about as much as the message did. False, and nothing more counted, when there is no room.
    [[nodiscard]] bool hold(std::size_t bytes) {
      const std::size_t wanted = bytes - std::min(bytes, limits::kRequestShareBytes);
      if (wanted <= counted_) {
        return true;
      }
      const std::size_t more = wanted - counted_;
      if (more > memory_.bytes_max_ - memory_.counted_) {
        return false;
      }
      memory_.counted_ += more;
      counted_ = wanted;
      return true;
    }

   private:
    RequestMemory& memory_;
    std::size_t counted_ = 0;
  };

 private:
  std::size_t bytes_max_;
  std::size_t counted_ = 0;
};

}  // namespace lunaria::wbem::cimxml
