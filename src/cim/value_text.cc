// Values as text and back (DSP0201 5.2.4, DSP0004 5.2).

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <cstddef>
#include <iterator>
#include <limits>
#include <system_error>

#include "cim/name.h"
#include "cim/object_path.h"
#include "cim/value.h"

namespace lunaria::cim {
namespace {

std::string_view without_sign(std::string_view text, bool& is_negative) {
  is_negative = text.starts_with('-');
  if (is_negative || text.starts_with('+')) {
    text.remove_prefix(1);
  }
  return text;
}

/// Decimal, or hexadecimal after 0x. No octal: leading zeros are just zeros (DSP0201 5.2.4.1).
Result<std::uint64_t, ValueError> parse_magnitude(std::string_view text) {
  int base = 10;
  if (text.starts_with("0x") || text.starts_with("0X")) {
    base = 16;
    text.remove_prefix(2);
  }
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, base);
  if (end != text.data() + text.size() || error == std::errc::invalid_argument) {
    return fail(ValueError::kSyntax);
  }
  if (error == std::errc::result_out_of_range) {
    return fail(ValueError::kRange);
  }
  return number;
}

Result<Value, ValueError> parse_integer(Type type, std::string_view text) {
  bool is_negative = false;
  const auto magnitude = parse_magnitude(without_sign(text, is_negative));
  if (!magnitude) {
    return fail(magnitude.error());
  }
  const unsigned bits = integer_bits(type);
  if (is_unsigned(type)) {
    if ((is_negative && *magnitude != 0) || (bits < 64 && *magnitude >> bits != 0)) {
      return fail(ValueError::kRange);
    }
    return Value::of_unsigned(type, *magnitude);
  }
  const std::uint64_t limit = (std::uint64_t{1} << (bits - 1)) - (is_negative ? 0U : 1U);
  if (*magnitude > limit) {
    return fail(ValueError::kRange);
  }
  return Value::of_signed(type, static_cast<std::int64_t>(is_negative ? 0 - *magnitude : *magnitude));
}

template <class Real>
Result<Value, ValueError> parse_real(std::string_view text) {
  bool is_negative = false;
  const std::string_view digits = without_sign(text, is_negative);
  Real number{};
  if (name_equal(digits, "INF")) {
    number = std::numeric_limits<Real>::infinity();
  } else if (text == "NaN") {
    number = std::numeric_limits<Real>::quiet_NaN();
  } else {
    const bool starts = !digits.empty() && ((digits[0] >= '0' && digits[0] <= '9') || digits[0] == '.');
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    if (!starts || end != digits.data() + digits.size() || error == std::errc::invalid_argument) {
      return fail(ValueError::kSyntax);
    }
    if (error == std::errc::result_out_of_range) {
      return fail(ValueError::kRange);
    }
  }
  return Value(is_negative ? -number : number);
}

/// One code point of at most three bytes of UTF-8, not a surrogate.
Result<Value, ValueError> parse_char16(std::string_view text) {
  const auto byte = [text](std::size_t i) { return static_cast<unsigned>(static_cast<unsigned char>(text[i])); };
  const auto follows = [&byte](std::size_t i) { return (byte(i) & 0xC0U) == 0x80U; };
  unsigned unit = 0;
  if (text.size() == 1 && byte(0) < 0x80) {
    unit = byte(0);
  } else if (text.size() == 2 && (byte(0) & 0xE0U) == 0xC0U && follows(1)) {
    unit = (byte(0) & 0x1FU) << 6 | (byte(1) & 0x3FU);
    unit = unit < 0x80 ? 0x10000 : unit;
  } else if (text.size() == 3 && (byte(0) & 0xF0U) == 0xE0U && follows(1) && follows(2)) {
    unit = (byte(0) & 0x0FU) << 12 | (byte(1) & 0x3FU) << 6 | (byte(2) & 0x3FU);
    unit = unit < 0x800 || (unit >= 0xD800 && unit <= 0xDFFF) ? 0x10000 : unit;
  } else {
    return fail(ValueError::kSyntax);
  }
  if (unit > 0xFFFF) {
    return fail(ValueError::kSyntax);
  }
  return Value(static_cast<Char16>(unit));
}

void append_char16(std::string& out, unsigned unit) {
  if (unit < 0x80) {
    out += static_cast<char>(unit);
  } else if (unit < 0x800) {
    out += static_cast<char>(0xC0U | unit >> 6);
    out += static_cast<char>(0x80U | (unit & 0x3FU));
  } else {
    out += static_cast<char>(0xE0U | unit >> 12);
    out += static_cast<char>(0x80U | (unit >> 6 & 0x3FU));
    out += static_cast<char>(0x80U | (unit & 0x3FU));
  }
}

/// Shortest text that reads back to the same number, always with a point or an exponent.
template <class Real>
void append_real(std::string& out, Real number) {
  if (std::isnan(number)) {
    out += "NaN";
    return;
  }
  if (std::isinf(number)) {
    out += number < 0 ? "-INF" : "INF";
    return;
  }
  const std::string text = fmt::format("{}", number);
  out += text;
  if (text.find_first_of(".e") == std::string::npos) {
    out += ".0";
  } else if (const auto exponent = text.find('e');
             exponent != std::string::npos && text.find('.') == std::string::npos) {
    out.insert(out.size() - (text.size() - exponent), ".0");
  }
}

}  // namespace

std::string_view to_string(ValueError error) {
  switch (error) {
    case ValueError::kSyntax:
      return "not a value of this type";
    case ValueError::kRange:
      return "out of range for this type";
    case ValueError::kNotText:
      return "this type has no text form";
  }
  return "bad value";
}

Result<Value, ValueError> Value::parse(Type type, std::string_view text) {
  if (is_integer(type)) {
    return parse_integer(type, text);
  }
  switch (type) {
    case Type::kBoolean:
      if (name_equal(text, "true") || name_equal(text, "false")) {
        return Value(text.size() == 4);
      }
      return fail(ValueError::kSyntax);
    case Type::kReal32:
      return parse_real<float>(text);
    case Type::kReal64:
      return parse_real<double>(text);
    case Type::kChar16:
      return parse_char16(text);
    case Type::kString:
      return Value(text);
    case Type::kDatetime:
      if (const auto value = DateTime::parse(text)) {
        return Value(*value);
      }
      return fail(ValueError::kSyntax);
    case Type::kReference:
      if (auto path = ObjectPath::parse(text)) {
        return Value(std::move(*path));
      }
      return fail(ValueError::kSyntax);
    default:
      return fail(ValueError::kNotText);
  }
}

std::string Value::to_text() const {
  std::string text;
  append_text(text);
  return text;
}

void Value::append_text(std::string& out) const {
  if (const std::string* text = as_string()) {
    out += *text;
  } else if (const auto flag = as_bool()) {
    out += *flag ? "TRUE" : "FALSE";
  } else if (const auto unit = as_char16()) {
    append_char16(out, static_cast<unsigned>(*unit));
  } else if (const auto* number = std::get_if<std::uint64_t>(&content_)) {
    fmt::format_to(std::back_inserter(out), "{}", *number);
  } else if (const auto* signed_number = std::get_if<std::int64_t>(&content_)) {
    fmt::format_to(std::back_inserter(out), "{}", *signed_number);
  } else if (const auto* real = std::get_if<double>(&content_)) {
    type_ == Type::kReal32 ? append_real(out, static_cast<float>(*real)) : append_real(out, *real);
  } else if (const auto* moment = std::get_if<DateTime>(&content_)) {
    moment->append_to(out);
  } else if (const auto* path = std::get_if<ObjectPathPtr>(&content_)) {
    out += (*path)->to_string();
  }
}

}  // namespace lunaria::cim
