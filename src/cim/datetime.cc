#include "cim/datetime.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdlib>

namespace lunaria::cim {
namespace {

using std::chrono::days;
using std::chrono::microseconds;
using std::chrono::sys_days;
using std::chrono::sys_time;

constexpr std::int64_t kMicrosPerSecond = 1'000'000;
constexpr std::int64_t kMicrosPerDay = 86'400 * kMicrosPerSecond;
constexpr std::int64_t kDaysMax = 99'999'999;
constexpr std::int64_t kIntervalMax = kDaysMax * kMicrosPerDay + kMicrosPerDay - 1;
constexpr int kOffsetMax = 999;
constexpr std::size_t kPointPosition = 14;
constexpr std::size_t kSignPosition = 21;
constexpr std::size_t kWholeDigits = 14;  // in front of the point

constexpr sys_time<microseconds> kFirst{sys_days(std::chrono::year(0) / 1 / 1)};
constexpr sys_time<microseconds> kLast{sys_days(std::chrono::year(10000) / 1 / 1) - microseconds(1)};

/// Ends of the fields before the point, as counts of digits.
constexpr std::array<std::uint8_t, 6> kTimestampFields = {4, 6, 8, 10, 12, 14};
constexpr std::array<std::uint8_t, 4> kIntervalFields = {8, 10, 12, 14};

bool ends_a_field(std::size_t digits, bool is_interval) {
  if (digits == 0 || digits >= kWholeDigits) {
    return true;
  }
  return is_interval ? std::ranges::find(kIntervalFields, digits) != kIntervalFields.end()
                     : std::ranges::find(kTimestampFields, digits) != kTimestampFields.end();
}

/// The 20 digits without point and suffix.
using Digits = std::array<char, 20>;

std::int64_t number(const Digits& digits, std::size_t first, std::size_t count) {
  std::int64_t value = 0;
  for (std::size_t i = first; i < first + count; ++i) {
    value = value * 10 + (digits[i] - '0');
  }
  return value;
}

void put_number(Digits& digits, std::size_t first, std::size_t count, std::int64_t value) {
  for (std::size_t i = first + count; i > first; --i) {
    digits[i - 1] = static_cast<char>('0' + value % 10);
    value /= 10;
  }
}

/// Microseconds of hour, minute, second and fraction; nullopt when one is out of range.
std::optional<std::int64_t> time_of_day(const Digits& digits) {
  const std::int64_t hour = number(digits, 8, 2);
  const std::int64_t minute = number(digits, 10, 2);
  const std::int64_t second = number(digits, 12, 2);
  if (hour > 23 || minute > 59 || second > 59) {
    return std::nullopt;
  }
  return ((hour * 60 + minute) * 60 + second) * kMicrosPerSecond + number(digits, 14, 6);
}

/// Months and days that are asterisks count as 1.
std::optional<std::int64_t> date(const Digits& digits, std::size_t known) {
  const auto year = std::chrono::year(static_cast<int>(number(digits, 0, 4)));
  const auto month = std::chrono::month(known < 6 ? 1U : static_cast<unsigned>(number(digits, 4, 2)));
  const auto day = std::chrono::day(known < 8 ? 1U : static_cast<unsigned>(number(digits, 6, 2)));
  const auto ymd = year / month / day;
  if (!ymd.ok()) {
    return std::nullopt;
  }
  return sys_days(ymd).time_since_epoch().count() * kMicrosPerDay;
}

}  // namespace

DateTime DateTime::timestamp(sys_time<microseconds> moment, std::chrono::minutes utc_offset) {
  DateTime value;
  value.is_interval_ = false;
  const auto offset = std::clamp(utc_offset.count(), decltype(utc_offset.count()){-kOffsetMax},
                                 decltype(utc_offset.count()){kOffsetMax});
  value.utc_offset_minutes_ = static_cast<std::int16_t>(offset);
  const auto shift = std::chrono::minutes(offset);
  const auto local = std::clamp(moment, kFirst - shift, kLast - shift) + shift;
  value.microseconds_ = local.time_since_epoch().count();
  return value;
}

DateTime DateTime::interval(microseconds length) {
  DateTime value;
  value.microseconds_ = std::clamp(std::int64_t{length.count()}, std::int64_t{0}, kIntervalMax);
  return value;
}

std::optional<DateTime> DateTime::parse(std::string_view text) {
  if (text.size() != kTextSize || text[kPointPosition] != '.') {
    return std::nullopt;
  }
  Digits digits{};
  std::ranges::copy(text.substr(0, kPointPosition), digits.begin());
  std::ranges::copy(text.substr(kPointPosition + 1, 6), digits.begin() + kPointPosition);
  const auto star = std::find(digits.begin(), digits.end(), '*');
  const auto known = static_cast<std::size_t>(star - digits.begin());
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  const std::string_view suffix = text.substr(kSignPosition + 1);
  if (!std::all_of(digits.begin(), star, is_digit) ||
      !std::all_of(star, digits.end(), [](char c) { return c == '*'; }) || !std::ranges::all_of(suffix, is_digit)) {
    return std::nullopt;
  }
  const char sign = text[kSignPosition];
  DateTime value;
  value.is_interval_ = sign == ':';
  if (!ends_a_field(known, value.is_interval_)) {
    return std::nullopt;
  }
  std::fill(star, digits.end(), '0');
  const auto time = time_of_day(digits);
  const auto days_part = value.is_interval_ ? number(digits, 0, 8) * kMicrosPerDay : date(digits, known);
  if (!time || !days_part) {
    return std::nullopt;
  }
  value.significant_digits_ = static_cast<std::uint8_t>(known);
  value.microseconds_ = *days_part + *time;
  if (value.is_interval_) {
    return suffix == "000" ? std::optional(value) : std::nullopt;
  }
  if (sign != '+' && sign != '-') {
    return std::nullopt;
  }
  const int offset = (suffix[0] - '0') * 100 + (suffix[1] - '0') * 10 + (suffix[2] - '0');
  value.utc_offset_minutes_ = static_cast<std::int16_t>(sign == '-' ? -offset : offset);
  return value;
}

sys_time<microseconds> DateTime::moment() const {
  return sys_time<microseconds>(microseconds(microseconds_)) - std::chrono::minutes(utc_offset_minutes_);
}

std::string DateTime::to_string() const {
  std::string text;
  append_to(text);
  return text;
}

void DateTime::append_to(std::string& out) const {
  Digits digits{};
  std::int64_t of_day = microseconds_ % kMicrosPerDay;
  std::int64_t day_count = microseconds_ / kMicrosPerDay;
  if (of_day < 0) {
    of_day += kMicrosPerDay;
    --day_count;
  }
  if (is_interval_) {
    put_number(digits, 0, 8, day_count);
  } else {
    const std::chrono::year_month_day ymd{sys_days(days(day_count))};
    put_number(digits, 0, 4, static_cast<int>(ymd.year()));
    put_number(digits, 4, 2, static_cast<unsigned>(ymd.month()));
    put_number(digits, 6, 2, static_cast<unsigned>(ymd.day()));
  }
  const std::int64_t seconds = of_day / kMicrosPerSecond;
  put_number(digits, 8, 2, seconds / 3600);
  put_number(digits, 10, 2, seconds / 60 % 60);
  put_number(digits, 12, 2, seconds % 60);
  put_number(digits, 14, 6, of_day % kMicrosPerSecond);
  std::fill(digits.begin() + significant_digits_, digits.end(), '*');

  std::array<char, kTextSize> text{};
  std::copy_n(digits.begin(), kPointPosition, text.begin());
  text[kPointPosition] = '.';
  std::copy(digits.begin() + kPointPosition, digits.end(), text.begin() + kPointPosition + 1);
  text[kSignPosition] = is_interval_ ? ':' : (utc_offset_minutes_ < 0 ? '-' : '+');
  const int offset = std::abs(static_cast<int>(utc_offset_minutes_));
  text[kSignPosition + 1] = static_cast<char>('0' + offset / 100);
  text[kSignPosition + 2] = static_cast<char>('0' + offset / 10 % 10);
  text[kSignPosition + 3] = static_cast<char>('0' + offset % 10);
  out.append(text.data(), text.size());
}

bool operator==(const DateTime& left, const DateTime& right) {
  if (left.is_interval_ != right.is_interval_ || left.significant_digits_ != right.significant_digits_) {
    return false;
  }
  return left.is_interval_ ? left.microseconds_ == right.microseconds_ : left.moment() == right.moment();
}

std::int64_t DateTime::uncertainty() const {
  if (significant_digits_ >= kWholeDigits) {
    std::int64_t span = 1;
    for (std::size_t digit = significant_digits_; digit < kDigits; ++digit) {
      span *= 10;
    }
    return span;
  }
  if (significant_digits_ >= 8) {
    constexpr std::array<std::int64_t, 3> kSpans = {86'400, 3'600, 60};
    return kSpans[(significant_digits_ - 8U) / 2] * kMicrosPerSecond;
  }
  if (is_interval_) {
    return kIntervalMax + 1;
  }
  constexpr std::int64_t kLongestMonth = 31;
  constexpr std::int64_t kLongestYear = 366;
  if (significant_digits_ >= 4) {
    return (significant_digits_ == 6 ? kLongestMonth : kLongestYear) * kMicrosPerDay;
  }
  return (kLast - kFirst).count();
}

std::optional<std::strong_ordering> DateTime::compare(const DateTime& left, const DateTime& right) {
  if (left.is_interval_ != right.is_interval_) {
    return std::nullopt;
  }
  const auto start = [](const DateTime& value) {
    return value.is_interval_ ? value.microseconds_ : value.moment().time_since_epoch().count();
  };
  if (left.is_precise() && right.is_precise()) {
    return start(left) <=> start(right);
  }
  if (start(left) + left.uncertainty() <= start(right)) {
    return std::strong_ordering::less;
  }
  if (start(right) + right.uncertainty() <= start(left)) {
    return std::strong_ordering::greater;
  }
  return std::nullopt;
}

}  // namespace lunaria::cim
