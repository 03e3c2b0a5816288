#pragma once

// CIM datetime values (DSP0004 5.2.4): points in time and intervals, with the asterisks that mark what is unknown.

#include <chrono>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace lunaria::cim {

/// A timestamp "yyyymmddhhmmss.mmmmmmsutc" or an interval "ddddddddhhmmss.mmmmmm:000". A 16-byte value.
class DateTime final {
 public:
  static constexpr std::size_t kTextSize = 25;

  /// The interval of length zero.
  DateTime() = default;
  /// A moment, shown with an offset from UTC of -999 to 999 minutes. Years 0 to 9999; others are clamped.
  static DateTime timestamp(std::chrono::sys_time<std::chrono::microseconds> moment,
                            std::chrono::minutes utc_offset = std::chrono::minutes(0));
  /// An interval; negative ones become zero, those beyond 99,999,999 days the longest there is.
  static DateTime interval(std::chrono::microseconds length);
  /// Exactly 25 characters, every field in range, asterisks only for whole trailing fields or trailing digits of the
  /// microseconds; nullopt otherwise.
  static std::optional<DateTime> parse(std::string_view text);

  bool is_interval() const { return is_interval_; }
  /// False when any field is asterisks.
  bool is_precise() const { return significant_digits_ == kDigits; }
  /// The moment; unknown fields count as their least value. Only for timestamps.
  std::chrono::sys_time<std::chrono::microseconds> moment() const;
  /// The length; unknown fields count as zero. Only for intervals.
  std::chrono::microseconds length() const { return std::chrono::microseconds(microseconds_); }
  /// Offset from UTC that a timestamp is shown with.
  std::chrono::minutes utc_offset() const { return std::chrono::minutes(utc_offset_minutes_); }

  std::string to_string() const;
  /// Appends what to_string() returns.
  void append_to(std::string& out) const;
  /// Same kind, same moment (whatever offset it is shown with) or length, same fields known.
  friend bool operator==(const DateTime& left, const DateTime& right);
  /// Earlier or later, as far as the known fields tell (DSP0004 5.2.4): nullopt for a timestamp against an interval,
  /// and where the ranges that the two may stand for overlap without being one precise value.
  static std::optional<std::strong_ordering> compare(const DateTime& left, const DateTime& right);

 private:
  static constexpr std::uint8_t kDigits = 20;
  std::int64_t uncertainty() const;

  // Timestamps: local time since 1970-01-01 00:00. Intervals: length.
  std::int64_t microseconds_ = 0;
  std::int16_t utc_offset_minutes_ = 0;
  std::uint8_t significant_digits_ = kDigits;
  bool is_interval_ = true;
};

}  // namespace lunaria::cim
