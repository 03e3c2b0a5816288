#pragma once

// Service values into CIM values and back: setting properties by their schema name, reading parameters and changes.

#include <chrono>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "cim/error.h"
#include "cim/instance.h"
#include "cim/provider.h"
#include "runtime/clock.h"

namespace lunaria::providers {

/// 2^20 bytes: what the WT classes count sizes in.
inline constexpr std::uint64_t kMebibyte = std::uint64_t{1} << 20;
/// Whole MiB in a number of bytes, as the 32-bit properties hold them (capped at 4 PiB).
constexpr std::uint32_t mebibytes_down(std::uint64_t bytes) {
  const std::uint64_t count = bytes / kMebibyte;
  return static_cast<std::uint32_t>(
      count < std::numeric_limits<std::uint32_t>::max() ? count : std::numeric_limits<std::uint32_t>::max());
}
/// The same rounded up, so that what takes little space does not seem to take none.
constexpr std::uint32_t mebibytes_up(std::uint64_t bytes) {
  return mebibytes_down(bytes / kMebibyte * kMebibyte + (bytes % kMebibyte == 0 ? 0 : kMebibyte));
}

/// An enumeration of the schema as a value of its property's type.
template <class Enum>
  requires std::is_enum_v<Enum>
cim::Value enum_value(Enum value) {
  return cim::Value(std::to_underlying(value));
}

/// Sets a property that the class has (a bug otherwise).
void set(cim::Instance& instance, std::string_view property, cim::Value value);
template <class Enum>
  requires std::is_enum_v<Enum>
void set(cim::Instance& instance, std::string_view property, Enum value) {
  set(instance, property, enum_value(value));
}
/// NULL of the property's type.
void set_null(cim::Instance& instance, std::string_view property);
/// A point in time, shown in UTC; NULL for nullopt.
void set_time(cim::Instance& instance, std::string_view property, std::optional<runtime::WallTime> time);
/// The text, or NULL when it is empty.
void set_text_or_null(cim::Instance& instance, std::string_view property, std::string_view text);

/// A string property, "" when it is absent or NULL.
std::string text_value(const cim::Instance& instance, std::string_view property);

// Method parameters: nullopt when the parameter is absent or NULL. The object manager has checked the types.

std::optional<std::string> text_parameter(const cim::ParameterValues& in, std::string_view name);
std::optional<std::uint64_t> number_parameter(const cim::ParameterValues& in, std::string_view name);
std::optional<bool> flag_parameter(const cim::ParameterValues& in, std::string_view name);
/// INVALID_PARAMETER when it is not there.
Result<std::string, cim::Error> required_text(const cim::ParameterValues& in, std::string_view name);
Result<std::uint64_t, cim::Error> required_number(const cim::ParameterValues& in, std::string_view name);

// Changes of ModifyInstance: nullopt when the property stays.

/// NULL means the empty text.
std::optional<std::string> changed_text(const cim::Instance& changes, std::string_view property);
/// INVALID_PARAMETER for NULL.
Result<std::optional<bool>, cim::Error> changed_flag(const cim::Instance& changes, std::string_view property);
/// INVALID_PARAMETER for NULL and for what is above `max`.
Result<std::optional<std::uint64_t>, cim::Error> changed_number(const cim::Instance& changes, std::string_view property,
                                                                std::uint64_t max);
/// Writable by the schema, but kept nowhere: NOT_SUPPORTED when a property other than `kept` would get a new value.
Result<void, cim::Error> check_other_changes(const cim::Instance& changes, const cim::Instance& current,
                                             std::initializer_list<std::string_view> kept);

/// A key of an instance path as the object manager hands it on: present and typed.
std::string_view text_key(const cim::ObjectPath& path, std::string_view name);
std::uint64_t number_key(const cim::ObjectPath& path, std::string_view name);

}  // namespace lunaria::providers
