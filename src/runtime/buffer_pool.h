#pragma once

// Buffers for data in flight: page-aligned, in power-of-two sizes, from one bounded budget per shard. When the budget
// is spent a command waits; nothing fails and nothing grows.

#include <array>
#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

namespace lunaria::runtime {

class BufferPool;

/// Owns one buffer; gives it back when destroyed, which must happen on the pool's shard.
class Buffer final {
 public:
  Buffer() = default;
  Buffer(Buffer&& other) noexcept
      : pool_(std::exchange(other.pool_, nullptr)), data_(other.data_), size_class_(other.size_class_) {}
  Buffer& operator=(Buffer&& other) noexcept;
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;
  ~Buffer() { reset(); }

  explicit operator bool() const { return pool_ != nullptr; }
  /// The whole buffer: at least as long as was asked for.
  std::span<std::byte> memory() const;
  void reset() noexcept;

 private:
  friend class BufferPool;
  Buffer(BufferPool* pool, std::byte* data, std::uint8_t size_class)
      : pool_(pool), data_(data), size_class_(size_class) {}

  BufferPool* pool_ = nullptr;
  std::byte* data_ = nullptr;
  std::uint8_t size_class_ = 0;
};

/// One shard's buffers. Memory is taken from the system on first use and kept, up to the budget.
class BufferPool final {
 public:
  static constexpr std::size_t kSizeMin = std::size_t{4} << 10;
  static constexpr std::size_t kSizeMax = std::size_t{8} << 20;

  /// `budget` in bytes; at least kSizeMax.
  explicit BufferPool(std::size_t budget);
  BufferPool(const BufferPool&) = delete;
  BufferPool& operator=(const BufferPool&) = delete;
  /// Every buffer must be back.
  ~BufferPool();

  /// A buffer of at least `size` bytes (1..kSizeMax), or an empty one when the budget is spent or others wait.
  Buffer try_allocate(std::size_t size);

  /// Waits until there is one. Served in order, so that a large request is not starved by small ones.
  class Allocation final {
   public:
    Allocation(BufferPool& pool, std::size_t size) : pool_(pool), size_(size) {}
    bool await_ready() {
      buffer_ = pool_.try_allocate(size_);
      return static_cast<bool>(buffer_);
    }
    void await_suspend(std::coroutine_handle<> waiter);
    Buffer await_resume() { return std::move(buffer_); }

   private:
    friend class BufferPool;
    BufferPool& pool_;
    std::size_t size_;
    Buffer buffer_;
    std::coroutine_handle<> waiter_;
    Allocation* next_ = nullptr;
  };
  Allocation allocate(std::size_t size) { return Allocation(*this, size); }

  std::size_t bytes_in_use() const { return bytes_in_use_; }
  std::size_t budget() const { return budget_; }

 private:
  friend class Buffer;
  static constexpr std::size_t kClassCount = 12;  // 4 KiB .. 8 MiB
  static_assert(kSizeMin << (kClassCount - 1) == kSizeMax);
  struct FreeBuffer {
    FreeBuffer* next;
  };

  static std::uint8_t class_of(std::size_t size);
  Buffer take(std::uint8_t size_class);
  bool make_room(std::size_t size);
  void give_back(std::byte* data, std::uint8_t size_class) noexcept;
  void serve_waiters();

  std::size_t budget_;
  std::size_t bytes_taken_ = 0;   // from the system
  std::size_t bytes_in_use_ = 0;  // handed out
  std::array<FreeBuffer*, kClassCount> free_{};
  Allocation* first_waiter_ = nullptr;
  Allocation* last_waiter_ = nullptr;
};

}  // namespace lunaria::runtime
