#include "cim/query/comparison.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <compare>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

#include "cim/datetime.h"
#include "cim/name.h"
#include "cim/object_path.h"
#include "cim/query/wql_path.h"

namespace lunaria::cim::query {
namespace {

using Order = std::optional<std::partial_ordering>;

bool is_number(const Value& value) {
  return is_numeric(value.type());
}

Order order_of_numbers(const Value& left, const Value& right) {
  if (is_integer(left.type()) && is_integer(right.type())) {
    const auto left_unsigned = left.as_unsigned();
    const auto right_unsigned = right.as_unsigned();
    if (left_unsigned && right_unsigned) {
      return *left_unsigned <=> *right_unsigned;
    }
    if (!left_unsigned && !right_unsigned) {
      return *left.as_signed() <=> *right.as_signed();
    }
    return left_unsigned ? std::partial_ordering::greater : std::partial_ordering::less;
  }
  const auto left_real = left.as_real();
  const auto right_real = right.as_real();
  return left_real && right_real ? Order(*left_real <=> *right_real) : std::nullopt;
}

Order order_of_texts(Language language, std::string_view left, std::string_view right) {
  return language == Language::kWql ? std::partial_ordering(name_compare(left, right))
                                    : std::partial_ordering(left <=> right);
}

Order order_of_datetimes(const DateTime& left, const DateTime& right) {
  const auto order = DateTime::compare(left, right);
  if (order) {
    return std::partial_ordering(*order);
  }
  return left == right ? Order(std::partial_ordering::equivalent) : std::nullopt;
}

/// A value as another type, when a text is compared with something that has a text form.
std::optional<Value> as_type(const Value& text, Type type) {
  return text.as_string() != nullptr ? text.converted_to(type) : std::nullopt;
}

/// unordered: different, but neither less nor greater.
Order order_of_references(const Value& left, const Value& right) {
  ObjectPath left_path = *left.as_reference();
  ObjectPath right_path = *right.as_reference();
  if (left_path.name_space().empty() || right_path.name_space().empty()) {
    left_path.set_name_space({});
    right_path.set_name_space({});
  }
  return ObjectPath::equal_ignoring_host(left_path, right_path) ? std::partial_ordering::equivalent
                                                                : std::partial_ordering::unordered;
}

/// What a text stands for beside a value of another type, in WQL alone, as Windows clients write: TRUE in any case,
/// paths with keys in single quotes.
std::optional<Value> as_wql_type(Language language, const Value& text, Type type) {
  const std::string* const string = language == Language::kWql ? text.as_string() : nullptr;
  if (string != nullptr && type == Type::kBoolean && (name_equal(*string, "true") || name_equal(*string, "false"))) {
    return Value(name_equal(*string, "true"));
  }
  if (string != nullptr && type == Type::kReference) {
    auto path = parse_wql_path(*string, [](const ObjectPath& /*class_path*/) { return std::string(); });
    return path ? std::optional(Value(*std::move(path))) : std::nullopt;
  }
  return std::nullopt;
}

Order order_of(Language language, const Value& left, const Value& right) {
  if (is_number(left) && is_number(right)) {
    return order_of_numbers(left, right);
  }
  if (left.type() == right.type()) {
    switch (left.type()) {
      case Type::kString:
        return order_of_texts(language, *left.as_string(), *right.as_string());
      case Type::kBoolean:
        return *left.as_bool() == *right.as_bool() ? std::partial_ordering::equivalent
                                                   : std::partial_ordering::unordered;
      case Type::kChar16:
        return *left.as_char16() <=> *right.as_char16();
      case Type::kDatetime:
        return order_of_datetimes(*left.as_datetime(), *right.as_datetime());
      case Type::kReference:
        return order_of_references(left, right);
      default:
        return left == right ? std::partial_ordering::equivalent : std::partial_ordering::unordered;
    }
  }
  if (const auto other = as_type(right, left.type())) {
    return order_of(language, left, *other);
  }
  if (const auto other = as_type(left, right.type())) {
    return order_of(language, *other, right);
  }
  if (const auto other = as_wql_type(language, right, left.type())) {
    return order_of(language, left, *other);
  }
  if (const auto other = as_wql_type(language, left, right.type())) {
    return order_of(language, *other, right);
  }
  if (language == Language::kWql && (is_number(left) || is_number(right))) {  // Id = '5', as Windows clients write
    const Value& text = is_number(left) ? right : left;
    if (text.as_string() != nullptr) {
      const Value number = number_of_text(*text.as_string());
      return number.is_null() ? std::nullopt
                              : order_of_numbers(is_number(left) ? left : number, is_number(left) ? number : right);
    }
  }
  if (language == Language::kWql && (left.as_bool() || right.as_bool())) {  // Active = 1; TRUE is -1 to some clients
    const Value& flag = left.as_bool() ? left : right;
    const auto number = (left.as_bool() ? right : left).as_signed();
    if (number) {
      return *flag.as_bool() == (*number != 0) ? std::partial_ordering::equivalent : std::partial_ordering::unordered;
    }
  }
  return std::nullopt;
}

std::optional<bool> compare_arrays(Language language, Comparison comparison, const Value& left, const Value& right) {
  const bool is_equality = comparison == Comparison::kEqual || comparison == Comparison::kNotEqual;
  if (!left.is_array() || !right.is_array() || !is_equality) {
    return std::nullopt;
  }
  const auto is_equal = [language](const Value& a, const Value& b) {
    const bool both_null = a.is_null() && b.is_null();
    return both_null || compare(language, Comparison::kEqual, a, b).value_or(false);
  };
  return std::ranges::equal(left.elements(), right.elements(), is_equal) == (comparison == Comparison::kEqual);
}

/// nullopt when the result does not fit.
std::optional<std::int64_t> calculate_integers(NodeKind operation, std::int64_t left, std::int64_t right) {
  std::int64_t result = 0;
  bool overflows = false;
  switch (operation) {
    case NodeKind::kAdd:
      overflows = __builtin_add_overflow(left, right, &result);
      break;
    case NodeKind::kSubtract:
      overflows = __builtin_sub_overflow(left, right, &result);
      break;
    case NodeKind::kMultiply:
      overflows = __builtin_mul_overflow(left, right, &result);
      break;
    default:
      if (right == 0 || right == -1 || left % right != 0) {
        return std::nullopt;
      }
      result = left / right;
  }
  return overflows ? std::nullopt : std::optional(result);
}

Value calculate_reals(NodeKind operation, double left, double right) {
  switch (operation) {
    case NodeKind::kAdd:
      return Value(left + right);
    case NodeKind::kSubtract:
      return Value(left - right);
    case NodeKind::kMultiply:
      return Value(left * right);
    default:
      return right == 0.0 ? Value::null(Type::kReal64) : Value(left / right);
  }
}

/// An interval so many times, or divided by a number.
Value scaled(NodeKind operation, const DateTime& interval, std::int64_t factor) {
  const bool is_division = operation == NodeKind::kDivide;
  const auto length =
      interval.is_interval() && interval.is_precise() ? std::optional(interval.length().count()) : std::nullopt;
  std::int64_t result = 0;
  const bool is_possible = length && factor >= 0 && (is_division ? factor != 0 : operation == NodeKind::kMultiply) &&
                           (is_division || !__builtin_mul_overflow(*length, factor, &result));
  if (!is_possible) {
    return Value::null(Type::kDatetime);
  }
  return Value(DateTime::interval(std::chrono::microseconds(is_division ? *length / factor : result)));
}

Value calculate_datetimes(NodeKind operation, const DateTime& left, const DateTime& right) {
  Value none = Value::null(Type::kDatetime);
  if (operation == NodeKind::kDivide && left.is_interval() && right.is_interval() && left.is_precise() &&
      right.is_precise()) {
    const std::int64_t whole = left.length().count();
    const std::int64_t part = right.length().count();
    const auto count = calculate_integers(operation, whole, part);
    return count ? Value(*count) : calculate_reals(operation, static_cast<double>(whole), static_cast<double>(part));
  }
  if (!left.is_precise() || !right.is_precise() || (operation != NodeKind::kAdd && operation != NodeKind::kSubtract)) {
    return none;
  }
  const bool is_sum = operation == NodeKind::kAdd;
  if (left.is_interval() && right.is_interval()) {
    return Value(DateTime::interval(is_sum ? left.length() + right.length() : left.length() - right.length()));
  }
  if (!left.is_interval() && !right.is_interval()) {
    return is_sum ? none : Value(DateTime::interval(left.moment() - right.moment()));
  }
  if (left.is_interval()) {
    return is_sum ? Value(DateTime::timestamp(right.moment() + left.length(), right.utc_offset())) : none;
  }
  return Value(
      DateTime::timestamp(is_sum ? left.moment() + right.length() : left.moment() - right.length(), left.utc_offset()));
}

}  // namespace

Value number_of_text(std::string_view text) {
  for (const Type type : {Type::kUint64, Type::kSint64, Type::kReal64}) {
    if (auto number = Value::parse(type, text)) {
      return *std::move(number);
    }
  }
  return Value::null(Type::kReal64);
}

std::optional<bool> compare(Language language, Comparison comparison, const Value& left, const Value& right) {
  if (left.is_null() || right.is_null()) {
    return std::nullopt;
  }
  if (left.is_array() || right.is_array()) {
    return compare_arrays(language, comparison, left, right);
  }
  const Order order = order_of(language, left, right);
  if (!order) {
    return std::nullopt;
  }
  switch (comparison) {
    case Comparison::kEqual:
      return *order == 0;
    case Comparison::kNotEqual:
      return *order != 0;
    case Comparison::kLess:
      return *order < 0;
    case Comparison::kLessOrEqual:
      return *order <= 0;
    case Comparison::kGreater:
      return *order > 0;
    case Comparison::kGreaterOrEqual:
      return *order >= 0;
  }
  return std::nullopt;
}

int sort_order(const Value& left, const Value& right) {
  if (left.is_null() || right.is_null()) {
    return static_cast<int>(right.is_null()) - static_cast<int>(left.is_null()) == 0 ? 0 : (left.is_null() ? -1 : 1);
  }
  if (left.is_array() || right.is_array()) {
    return 0;
  }
  if (left.as_bool() && right.as_bool()) {
    return static_cast<int>(*left.as_bool()) - static_cast<int>(*right.as_bool());
  }
  const Order order = order_of(Language::kCql, left, right);
  return !order || *order == std::partial_ordering::unordered ? 0 : *order < 0 ? -1 : *order > 0 ? 1 : 0;
}

Value calculate(NodeKind operation, const Value& left, const Value& right) {
  if (left.as_datetime() && right.as_datetime()) {
    return calculate_datetimes(operation, *left.as_datetime(), *right.as_datetime());
  }
  if (left.as_datetime() && right.as_signed()) {
    return scaled(operation, *left.as_datetime(), *right.as_signed());
  }
  if (operation == NodeKind::kMultiply && left.as_signed() && right.as_datetime()) {
    return scaled(operation, *right.as_datetime(), *left.as_signed());
  }
  if (left.is_null() || right.is_null() || left.is_array() || right.is_array() || !is_number(left) ||
      !is_number(right)) {
    return Value::null(Type::kReal64);
  }
  const auto left_integer = left.as_signed();
  const auto right_integer = right.as_signed();
  if (left_integer && right_integer) {
    if (const auto result = calculate_integers(operation, *left_integer, *right_integer)) {
      return Value(*result);
    }
  }
  return calculate_reals(operation, left.as_real().value_or(0), right.as_real().value_or(0));
}

}  // namespace lunaria::cim::query
