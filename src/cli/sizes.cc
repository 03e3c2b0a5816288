#include "cli/sizes.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <optional>

#include "cim/name.h"

namespace lunaria::cli {
namespace {

constexpr std::uint64_t kSizeMax = std::numeric_limits<std::int64_t>::max();

struct Unit {
  std::string_view name;
  std::uint64_t bytes;
};
constexpr auto kUnits = std::to_array<Unit>({{"", 1},
                                             {"B", 1},
                                             {"KiB", 1ULL << 10},
                                             {"MiB", 1ULL << 20},
                                             {"GiB", 1ULL << 30},
                                             {"TiB", 1ULL << 40},
                                             {"PiB", 1ULL << 50},
                                             {"KB", 1'000},
                                             {"MB", 1'000'000},
                                             {"GB", 1'000'000'000},
                                             {"TB", 1'000'000'000'000},
                                             {"PB", 1'000'000'000'000'000}});

std::optional<std::uint64_t> unit_bytes(std::string_view name) {
  for (const Unit& unit : kUnits) {
    if (cim::name_equal(unit.name, name)) {
      return unit.bytes;
    }
  }
  return std::nullopt;
}

std::string_view take_digits(std::string_view& text) {
  const std::size_t end = std::min(text.find_first_not_of("0123456789"), text.size());
  const std::string_view digits = text.substr(0, end);
  text.remove_prefix(end);
  return digits;
}

std::string no_unit(std::string_view unit) {
  constexpr std::string_view kLetters = "kmgtpKMGTP";
  if (unit.size() == 1 && kLetters.contains(unit.front())) {
    const char letter = cim::fold_case(unit.front());
    const char upper = static_cast<char>(letter - 'a' + 'A');
    return fmt::format("'{0}' can mean {1}iB (by 1024) or {1}B (by 1000): write the one you mean", unit, upper);
  }
  return fmt::format("'{}' is no unit: use KiB, MiB, GiB, TiB (by 1024) or KB, MB, GB, TB (by 1000)", unit);
}

/// The bytes of 0.`digits` of a unit; nullopt when that is no whole number.
std::optional<std::uint64_t> fraction_bytes(std::string_view digits, std::uint64_t unit) {
  std::uint64_t numerator = 0;
  std::uint64_t denominator = 1;
  for (const char digit : digits) {
    numerator = numerator * 10 + static_cast<std::uint64_t>(digit - '0');
    denominator *= 10;
  }
  // Units are at most 2^50 and three digits at most are taken, so that the product stays below 2^60.
  const std::uint64_t product = numerator * unit;
  return product % denominator == 0 ? std::optional(product / denominator) : std::nullopt;
}

}  // namespace

Result<std::uint64_t, std::string> parse_size(std::string_view text) {
  constexpr std::size_t kFractionDigitsMax = 3;
  const std::string_view whole_text = text;
  const std::string_view whole = take_digits(text);
  std::string_view fraction;
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    fraction = take_digits(text);
    if (fraction.empty() || fraction.size() > kFractionDigitsMax) {
      return fail(fmt::format("'{}': one to three digits follow the point", whole_text));
    }
  }
  if (whole.empty()) {
    return fail(fmt::format("'{}' is no size: write a number and a unit, such as 10GiB", whole_text));
  }
  text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
  const auto unit = unit_bytes(text);
  if (!unit) {
    return fail(no_unit(text));
  }
  std::uint64_t count = 0;
  const auto read = std::from_chars(whole.data(), whole.data() + whole.size(), count);
  if (read.ec != std::errc() || count > kSizeMax / *unit) {
    return fail(fmt::format("'{}' is more than the largest size, 8 EiB less one byte", whole_text));
  }
  const auto rest = fraction_bytes(fraction, *unit);
  if (!rest) {
    return fail(fmt::format("'{}' is no whole number of bytes", whole_text));
  }
  const std::uint64_t bytes = count * *unit + *rest;
  if (bytes > kSizeMax) {
    return fail(fmt::format("'{}' is more than the largest size, 8 EiB less one byte", whole_text));
  }
  if (bytes == 0) {
    return fail(std::string("the size must not be zero"));
  }
  return bytes;
}

std::string format_size(std::uint64_t bytes) {
  static constexpr auto kNames = std::to_array<std::string_view>({"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"});
  std::size_t index = 0;
  while (index + 1 < kNames.size() && (bytes >> (10 * (index + 1))) != 0) {
    ++index;
  }
  const std::uint64_t unit = 1ULL << (10 * index);
  const std::uint64_t whole = bytes / unit;
  // The rest is below 2^60: a division first keeps the product within 64 bits, at a loss far below a hundredth.
  const std::uint64_t rest = bytes % unit;
  const std::uint64_t hundredths = unit >= (1ULL << 50) ? (rest >> 20) * 100 / (unit >> 20) : rest * 100 / unit;
  if (hundredths == 0) {
    return fmt::format("{} {}", whole, kNames[index]);
  }
  return hundredths % 10 == 0 ? fmt::format("{}.{} {}", whole, hundredths / 10, kNames[index])
                              : fmt::format("{}.{:02} {}", whole, hundredths, kNames[index]);
}

}  // namespace lunaria::cli
