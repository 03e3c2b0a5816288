// Counts how often this test program asks the heap, by replacing operator new. Not under ThreadSanitizer, whose runtime
// has replaced it already.

#include <atomic>
#include <cstdlib>
#include <new>

#include "reactor/test_support.h"

#if !__has_feature(thread_sanitizer)

namespace lunaria::reactor::testing {
namespace {
std::atomic<std::uint64_t> calls{0};
}  // namespace

std::uint64_t heap_calls() {
  return calls.load();
}

static void* counted(std::size_t size) {
  ++calls;
  void* memory = std::malloc(size);
  if (memory == nullptr) {
    std::abort();
  }
  return memory;
}

}  // namespace lunaria::reactor::testing

void* operator new(std::size_t size) {
  return lunaria::reactor::testing::counted(size);
}
void* operator new[](std::size_t size) {
  return lunaria::reactor::testing::counted(size);
}
void operator delete(void* memory) noexcept {
  std::free(memory);
}
void operator delete[](void* memory) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::size_t /*size*/) noexcept {
  std::free(memory);
}
void operator delete[](void* memory, std::size_t /*size*/) noexcept {
  std::free(memory);
}

#endif
