#pragma once

// Memory for coroutine frames: free lists per thread and size class, so that a warmed-up data path never reaches the
// heap. Under AddressSanitizer every frame is its own allocation, so that use after free is seen.

#include <cstddef>

namespace lunaria::runtime::internal {

/// Ends the process when memory is exhausted.
void* allocate_frame(std::size_t size);
/// May be called on another thread than the one that allocated; the memory then serves this thread.
void release_frame(void* frame, std::size_t size) noexcept;

}  // namespace lunaria::runtime::internal
