#pragma once

// Serial: a sequence number that wraps (RFC 1982 with SERIAL_BITS 32): CmdSN, StatSN, DataSN, R2TSN.

#include <cstdint>

namespace lunaria::iscsi {

/// `Tag` keeps kinds apart. Two numbers exactly 2^31 apart are unordered: neither is before the other.
template <class Tag>
class Serial final {
 public:
  constexpr Serial() = default;
  explicit constexpr Serial(std::uint32_t value) : value_(value) {}

  constexpr std::uint32_t value() const { return value_; }
  constexpr Serial operator+(std::uint32_t count) const { return Serial(value_ + count); }
  constexpr Serial operator-(std::uint32_t count) const { return Serial(value_ - count); }
  constexpr Serial& operator++() {
    ++value_;
    return *this;
  }
  /// Steps from `earlier` to this one.
  constexpr std::uint32_t since(Serial earlier) const { return value_ - earlier.value_; }
  constexpr bool is_before(Serial other) const {
    const std::uint32_t distance = other.value_ - value_;
    return distance != 0 && distance < 0x8000'0000U;
  }
  constexpr bool is_after(Serial other) const { return other.is_before(*this); }
  friend constexpr bool operator==(Serial, Serial) = default;

 private:
  std::uint32_t value_ = 0;
};

using CommandSn = Serial<struct CommandSnTag>;
using StatusSn = Serial<struct StatusSnTag>;

}  // namespace lunaria::iscsi
