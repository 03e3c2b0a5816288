#pragma once

// ReceiveBuffer: received bytes that wait to be parsed, contiguous. Its owner asks for a capacity before each receive
// and gives the memory back between messages. Internal to this folder.

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>
#include <span>

#include "base/check.h"

namespace lunaria::http::internal {

class ReceiveBuffer final {
 public:
  std::span<const std::byte> content() const { return {memory_.get() + first_, last_ - first_}; }
  bool empty() const { return first_ == last_; }
  std::size_t capacity() const { return capacity_; }

  /// Makes room for at least one more byte, in a buffer of at least `capacity` bytes, and returns all the room.
  std::span<std::byte> space(std::size_t capacity) {
    if (empty()) {
      first_ = last_ = 0;
    }
    const std::size_t size = last_ - first_;
    const std::size_t wanted = std::max(capacity, size + 1);
    if (capacity_ < wanted) {
      const std::size_t grown = size == 0 ? wanted : std::max(wanted, 2 * capacity_);
      auto memory = std::make_unique_for_overwrite<std::byte[]>(grown);
      std::ranges::copy(content(), memory.get());
      memory_ = std::move(memory);
      capacity_ = grown;
      first_ = 0;
      last_ = size;
    } else if (last_ == capacity_) {
      std::memmove(memory_.get(), memory_.get() + first_, size);
      first_ = 0;
      last_ = size;
    }
    return {memory_.get() + last_, capacity_ - last_};
  }
  /// `size` bytes of the room are filled.
  void commit(std::size_t size) {
    check(size <= capacity_ - last_, "no more arrives than there was room for");
    last_ += size;
  }
  void drop(std::size_t size) {
    check(size <= last_ - first_, "only what is there is dropped");
    first_ += size;
  }
  /// Gives the memory back when nothing is in it and it is larger than `kept` bytes.
  void shrink(std::size_t kept) {
    if (empty() && capacity_ > kept) {
      memory_.reset();
      capacity_ = first_ = last_ = 0;
    }
  }

 private:
  std::unique_ptr<std::byte[]> memory_;
  std::size_t capacity_ = 0;
  std::size_t first_ = 0;
  std::size_t last_ = 0;
};

}  // namespace lunaria::http::internal
