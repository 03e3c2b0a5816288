#include "runtime/frame_pool.h"

#include <array>
#include <cstdlib>
#include <utility>

#include "base/check.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define LUNARIA_PLAIN_FRAMES 1  // the pool would hide use after free from the sanitizer
#endif
#endif

namespace lunaria::runtime::internal {
namespace {

void* allocate_from_heap(std::size_t size) {
  void* memory = std::malloc(size);
  check(memory != nullptr, "memory for a coroutine frame");
  return memory;
}

#ifndef LUNARIA_PLAIN_FRAMES
constexpr std::size_t kGranule = 64;
constexpr std::size_t kClassCount = 64;  // frames above 4 KiB go to the heap

struct FreeFrame {
  FreeFrame* next;
};

class FreeLists final {
 public:
  FreeLists() = default;
  FreeLists(const FreeLists&) = delete;
  FreeLists& operator=(const FreeLists&) = delete;
  ~FreeLists() {
    for (FreeFrame* head : heads_) {
      while (head != nullptr) {
        std::free(std::exchange(head, head->next));
      }
    }
  }
  FreeFrame*& operator[](std::size_t index) { return heads_[index]; }

 private:
  std::array<FreeFrame*, kClassCount> heads_{};
};

thread_local FreeLists free_lists;

std::size_t class_of(std::size_t size) {
  return (size - 1) / kGranule;
}
#endif

}  // namespace

#ifdef LUNARIA_PLAIN_FRAMES
void* allocate_frame(std::size_t size) {
  return allocate_from_heap(size);
}
void release_frame(void* frame, std::size_t /*size*/) noexcept {
  std::free(frame);
}
#else
void* allocate_frame(std::size_t size) {
  const std::size_t index = class_of(size);
  if (index >= kClassCount) {
    return allocate_from_heap(size);
  }
  FreeFrame*& head = free_lists[index];
  if (head == nullptr) {
    return allocate_from_heap((index + 1) * kGranule);
  }
  return std::exchange(head, head->next);
}

void release_frame(void* frame, std::size_t size) noexcept {
  const std::size_t index = class_of(size);
  if (index >= kClassCount) {
    std::free(frame);
    return;
  }
  auto* free_frame = static_cast<FreeFrame*>(frame);
  free_frame->next = std::exchange(free_lists[index], free_frame);
}
#endif

}  // namespace lunaria::runtime::internal
