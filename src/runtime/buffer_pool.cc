#include "runtime/buffer_pool.h"

#include <bit>
#include <cstdlib>

#include "base/check.h"

namespace lunaria::runtime {

Buffer& Buffer::operator=(Buffer&& other) noexcept {
  if (this != &other) {
    reset();
    pool_ = std::exchange(other.pool_, nullptr);
    data_ = other.data_;
    size_class_ = other.size_class_;
  }
  return *this;
}

std::span<std::byte> Buffer::memory() const {
  return pool_ == nullptr ? std::span<std::byte>() : std::span(data_, BufferPool::kSizeMin << size_class_);
}

void Buffer::reset() noexcept {
  if (pool_ != nullptr) {
    std::exchange(pool_, nullptr)->give_back(data_, size_class_);
  }
}

BufferPool::BufferPool(std::size_t budget) : budget_(budget) {
  check(budget >= kSizeMax, "the budget holds the largest buffer");
}

BufferPool::~BufferPool() {
  check(bytes_in_use_ == 0, "every buffer is back before its pool goes");
  for (FreeBuffer* head : free_) {
    while (head != nullptr) {
      std::free(std::exchange(head, head->next));
    }
  }
}

std::uint8_t BufferPool::class_of(std::size_t size) {
  check(size >= 1 && size <= kSizeMax, "buffers have 1 byte to 8 MiB");
  const std::size_t rounded = size <= kSizeMin ? kSizeMin : std::bit_ceil(size);
  return static_cast<std::uint8_t>(std::countr_zero(rounded) - std::countr_zero(kSizeMin));
}

Buffer BufferPool::try_allocate(std::size_t size) {
  if (first_waiter_ != nullptr) {
    return {};
  }
  return take(class_of(size));
}

Buffer BufferPool::take(std::uint8_t size_class) {
  const std::size_t size = kSizeMin << size_class;
  FreeBuffer*& head = free_[size_class];
  std::byte* data = nullptr;
  if (head != nullptr) {
    data = reinterpret_cast<std::byte*>(std::exchange(head, head->next));
  } else {
    if (!make_room(size)) {
      return {};
    }
    data = static_cast<std::byte*>(std::aligned_alloc(kSizeMin, size));
    check(data != nullptr, "memory within the configured budget");
    bytes_taken_ += size;
  }
  bytes_in_use_ += size;
  return Buffer(this, data, size_class);
}

// Idle buffers of other sizes go back to the system when the budget has no room for a new one.
bool BufferPool::make_room(std::size_t size) {
  for (std::size_t i = kClassCount; i-- > 0 && bytes_taken_ + size > budget_;) {
    while (free_[i] != nullptr && bytes_taken_ + size > budget_) {
      std::free(std::exchange(free_[i], free_[i]->next));
      bytes_taken_ -= kSizeMin << i;
    }
  }
  return bytes_taken_ + size <= budget_;
}

void BufferPool::give_back(std::byte* data, std::uint8_t size_class) noexcept {
  auto* freed = reinterpret_cast<FreeBuffer*>(data);
  freed->next = std::exchange(free_[size_class], freed);
  bytes_in_use_ -= kSizeMin << size_class;
  if (first_waiter_ != nullptr) {
    serve_waiters();
  }
}

void BufferPool::serve_waiters() {
  while (first_waiter_ != nullptr) {
    Allocation& first = *first_waiter_;
    first.buffer_ = take(class_of(first.size_));
    if (!first.buffer_) {
      return;
    }
    first_waiter_ = first.next_;
    if (first_waiter_ == nullptr) {
      last_waiter_ = nullptr;
    }
    first.waiter_.resume();
  }
}

void BufferPool::Allocation::await_suspend(std::coroutine_handle<> waiter) {
  waiter_ = waiter;
  (pool_.last_waiter_ != nullptr ? pool_.last_waiter_->next_ : pool_.first_waiter_) = this;
  pool_.last_waiter_ = this;
}

}  // namespace lunaria::runtime
