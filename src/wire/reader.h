#pragma once

// Bounds-checked reading and writing of variable parts. A short read is a nullopt, never a crash.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <type_traits>
#include <vector>

#include "wire/fields.h"

namespace lunaria::wire {

/// Walks a run of bytes from the front. Views into the bytes stay valid as long as the bytes do.
class Reader final {
 public:
  explicit Reader(std::span<const std::byte> bytes) : bytes_(bytes) {}

  std::size_t remaining() const { return bytes_.size(); }

  /// The next `length` bytes, or nullopt (and nothing is consumed) when fewer are left.
  std::optional<std::span<const std::byte>> take(std::size_t length) {
    if (length > bytes_.size()) {
      return std::nullopt;
    }
    const auto taken = bytes_.first(length);
    bytes_ = bytes_.subspan(length);
    return taken;
  }

  /// The next big-endian integer of Width bytes.
  template <class T, std::size_t Width = sizeof(T)>
  std::optional<T> take_big_endian() {
    const auto taken = take(Width);
    if (!taken) {
      return std::nullopt;
    }
    return BigEndian<T, 0, Width>::get(taken->template first<Width>());
  }

 private:
  std::span<const std::byte> bytes_;
};

/// Fills a caller's buffer from the front; what does not fit is counted, not written, so that `needed()` says how long
/// the whole would have been (SCSI's allocation length wants both).
class Writer final {
 public:
  explicit Writer(std::span<std::byte> buffer) : buffer_(buffer) {}

  void put(std::span<const std::byte> bytes) {
    for (const std::byte byte : bytes) {
      if (needed_ < buffer_.size()) {
        buffer_[needed_] = byte;
      }
      ++needed_;
    }
  }
  void put_text(std::string_view text) { put(std::as_bytes(std::span(text))); }
  template <class T, std::size_t Width = sizeof(T)>
  void put_big_endian(T value) {
    std::byte raw[Width];
    BigEndian<T, 0, Width>::set(std::span<std::byte, Width>(raw), value);
    put(raw);
  }
  void put_zeros(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      put(std::span(&kZero, 1));
    }
  }

  /// Bytes put so far, whether or not they fitted.
  std::size_t needed() const { return needed_; }
  /// The part of the buffer that has been written.
  std::span<std::byte> written() const { return buffer_.first(needed_ < buffer_.size() ? needed_ : buffer_.size()); }

 private:
  static constexpr std::byte kZero{};
  std::span<std::byte> buffer_;
  std::size_t needed_ = 0;
};

}  // namespace lunaria::wire
