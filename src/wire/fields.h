#pragma once

// Typed big- and little-endian fields over fixed-extent spans. A header is a list of these, checked at compile time:
// a field that ends past its span does not compile, and nothing is cast over bytes.

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>

namespace lunaria::wire {

namespace internal {

template <class T>
struct Underlying {
  using type = T;
};
template <class T>
  requires std::is_enum_v<T>
struct Underlying<T> {
  using type = std::underlying_type_t<T>;
};

}  // namespace internal

/// An unsigned integer (or enumeration) of Width bytes at Offset, most significant byte first.
template <class T, std::size_t Offset, std::size_t Width = sizeof(T)>
struct BigEndian {
  static_assert(Width >= 1 && Width <= sizeof(T));
  using Raw = std::make_unsigned_t<typename internal::Underlying<T>::type>;
  static constexpr std::size_t kEnd = Offset + Width;

  template <std::size_t Extent>
  static constexpr T get(std::span<const std::byte, Extent> bytes) {
    static_assert(Extent != std::dynamic_extent && kEnd <= Extent, "the field ends past its header");
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < Width; ++i) {
      value = value << 8 | std::to_integer<std::uint64_t>(bytes[Offset + i]);
    }
    return static_cast<T>(static_cast<Raw>(value));
  }
  template <std::size_t Extent>
  static constexpr T get(std::span<std::byte, Extent> bytes) {
    return get(std::span<const std::byte, Extent>(bytes));
  }
  template <std::size_t Extent>
  static constexpr void set(std::span<std::byte, Extent> bytes, T value) {
    static_assert(Extent != std::dynamic_extent && kEnd <= Extent, "the field ends past its header");
    auto rest = static_cast<std::uint64_t>(static_cast<Raw>(value));
    for (std::size_t i = Width; i-- > 0;) {
      bytes[Offset + i] = static_cast<std::byte>(rest & 0xFF);
      rest >>= 8;
    }
  }
};

/// An unsigned integer of Width bytes at Offset, least significant byte first.
template <class T, std::size_t Offset, std::size_t Width = sizeof(T)>
struct LittleEndian {
  static_assert(Width >= 1 && Width <= sizeof(T));
  using Raw = std::make_unsigned_t<typename internal::Underlying<T>::type>;
  static constexpr std::size_t kEnd = Offset + Width;

  template <std::size_t Extent>
  static constexpr T get(std::span<const std::byte, Extent> bytes) {
    static_assert(Extent != std::dynamic_extent && kEnd <= Extent, "the field ends past its header");
    std::uint64_t value = 0;
    for (std::size_t i = Width; i-- > 0;) {
      value = value << 8 | std::to_integer<std::uint64_t>(bytes[Offset + i]);
    }
    return static_cast<T>(static_cast<Raw>(value));
  }
  template <std::size_t Extent>
  static constexpr void set(std::span<std::byte, Extent> bytes, T value) {
    static_assert(Extent != std::dynamic_extent && kEnd <= Extent, "the field ends past its header");
    auto rest = static_cast<std::uint64_t>(static_cast<Raw>(value));
    for (std::size_t i = 0; i < Width; ++i) {
      bytes[Offset + i] = static_cast<std::byte>(rest & 0xFF);
      rest >>= 8;
    }
  }
};

/// Some bits of the byte at Offset: `Width` of them, the lowest being bit `Shift` (0 is the least significant).
template <class T, std::size_t Offset, unsigned Shift, unsigned Width = 1>
struct Bits {
  static_assert(Shift + Width <= 8 && Width >= 1);
  static constexpr std::uint8_t kMask = static_cast<std::uint8_t>(((1U << Width) - 1U) << Shift);

  template <std::size_t Extent>
  static constexpr T get(std::span<const std::byte, Extent> bytes) {
    static_assert(Extent != std::dynamic_extent && Offset < Extent, "the field ends past its header");
    return static_cast<T>((std::to_integer<unsigned>(bytes[Offset]) & kMask) >> Shift);
  }
  template <std::size_t Extent>
  static constexpr T get(std::span<std::byte, Extent> bytes) {
    return get(std::span<const std::byte, Extent>(bytes));
  }
  template <std::size_t Extent>
  static constexpr void set(std::span<std::byte, Extent> bytes, T value) {
    static_assert(Extent != std::dynamic_extent && Offset < Extent, "the field ends past its header");
    const auto kept =
        std::to_integer<unsigned>(bytes[Offset]) & static_cast<unsigned>(static_cast<std::uint8_t>(~kMask));
    bytes[Offset] = static_cast<std::byte>(kept | ((static_cast<unsigned>(value) << Shift) & kMask));
  }
};

}  // namespace lunaria::wire
