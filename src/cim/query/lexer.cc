#include "cim/query/lexer.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <string>
#include <system_error>
#include <utility>

#include "cim/utf8.h"

namespace lunaria::cim::query {
namespace {

constexpr std::array<std::string_view, 7> kPairs = {"..", "::", "||", "<>", "!=", "<=", ">="};
constexpr std::string_view kSingles = "()[],.#*+-/=<>{}";

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool starts_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || static_cast<unsigned char>(c) >= 0x80;
}

/// Appends what "\u" and four hexadecimal digits stand for; false when they are no character.
bool append_unicode_escape(std::string_view digits, std::string& out) {
  unsigned unit = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), unit, 16);
  if (digits.size() != 4 || error != std::errc() || end != digits.data() + digits.size() || unit == 0 ||
      (unit >= 0xD800 && unit <= 0xDFFF)) {
    return false;
  }
  append_utf8(out, unit);
  return true;
}

}  // namespace

Token Lexer::finish(TokenKind kind, std::size_t length) {
  Token token;
  token.kind = kind;
  token.text = text_.substr(position_, length);
  token.position = position_;
  position_ += token.text.size();
  return token;
}

Token Lexer::fail_at(std::size_t length, std::string_view message) const {
  Token token;
  token.kind = TokenKind::kError;
  token.text = text_.substr(position_, length);
  token.position = position_;
  token.message = message;
  return token;
}

Token Lexer::next() {
  constexpr std::string_view kBlanks = " \t\r\n\f";
  while (position_ < text_.size() && kBlanks.find(text_[position_]) != std::string_view::npos) {
    ++position_;
  }
  if (position_ == text_.size()) {
    return finish(TokenKind::kEnd, 0);
  }
  const char c = peek();
  if (c == '\'' || c == '"') {
    return read_string();
  }
  if (is_digit(c) || (c == '.' && is_digit(peek(1)))) {
    return read_number();
  }
  if (starts_name(c)) {
    std::size_t length = 0;
    while (starts_name(peek(length)) || is_digit(peek(length))) {
      const std::size_t bytes = utf8_length(text_.substr(position_ + length));
      if (bytes == 0) {
        return fail_at(length + 1, "not valid UTF-8");
      }
      length += bytes;
    }
    return finish(TokenKind::kName, length);
  }
  const std::string_view two = text_.substr(position_, 2);
  if (std::ranges::find(kPairs, two) != kPairs.end()) {
    return finish(TokenKind::kPunctuation, 2);
  }
  if (kSingles.find(c) != std::string_view::npos) {
    return finish(TokenKind::kPunctuation, 1);
  }
  return fail_at(1, "this character has no place here");
}

// Unknown escapes stay as they are: in the pattern of LIKE the backslash has a meaning of its own.
Token Lexer::read_string() {
  const char quote = peek();
  std::string content;
  std::size_t length = 1;
  while (position_ + length < text_.size()) {
    const char c = peek(length);
    if (c == quote && peek(length + 1) == quote) {  // SQL's way to write the quote itself
      content += quote;
      length += 2;
    } else if (c == quote) {
      Token token = finish(TokenKind::kString, length + 1);
      token.value = Value(std::move(content));
      return token;
    } else if (c == '\\') {
      constexpr std::string_view kEscapes = "btnfr\"'\\";
      constexpr std::string_view kMeanings = "\b\t\n\f\r\"'\\";
      const auto index = kEscapes.find(peek(length + 1));
      if (peek(length + 1) == 'u' && append_unicode_escape(text_.substr(position_ + length + 2, 4), content)) {
        length += 6;
      } else if (index != std::string_view::npos && position_ + length + 1 < text_.size()) {
        content += kMeanings[index];
        length += 2;
      } else {
        content += c;
        ++length;
      }
    } else {
      const std::size_t bytes = utf8_length(text_.substr(position_ + length));
      if (bytes == 0 || c == '\0') {
        return fail_at(length + 1, "not valid UTF-8");
      }
      content += text_.substr(position_ + length, bytes);
      length += bytes;
    }
  }
  return fail_at(16, "string without an end");
}

Token Lexer::read_number() {
  std::size_t length = 0;
  bool is_real = false;
  const bool is_hexadecimal = peek() == '0' && fold_case(peek(1)) == 'x';
  while (starts_name(peek(length)) || is_digit(peek(length)) || (peek(length) == '.' && is_digit(peek(length + 1)))) {
    const char c = fold_case(peek(length));
    is_real = is_real || c == '.' || (c == 'e' && !is_hexadecimal);
    const bool has_sign = c == 'e' && !is_hexadecimal && (peek(length + 1) == '+' || peek(length + 1) == '-');
    length += has_sign ? 2 : 1;
  }
  const std::string_view text = text_.substr(position_, length);
  std::string_view digits = text;
  Value value;
  std::errc error{};
  const char* end = nullptr;
  if (is_real) {
    double number = 0;
    const auto result = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    error = result.ec;
    end = result.ptr;
    value = Value(number);
  } else {
    int base = 10;
    if (is_hexadecimal) {
      base = 16;
      digits.remove_prefix(2);
    } else if (fold_case(digits.back()) == 'b') {
      base = 2;
      digits.remove_suffix(1);
    }
    std::uint64_t number = 0;
    const auto result = std::from_chars(digits.data(), digits.data() + digits.size(), number, base);
    error = result.ec;
    end = result.ptr;
    value = Value(number);
  }
  if (error == std::errc::result_out_of_range) {
    return fail_at(length, "the number is out of range");
  }
  if (error != std::errc() || end != digits.data() + digits.size()) {
    return fail_at(length, "not a number");
  }
  Token token = finish(TokenKind::kNumber, length);
  token.value = std::move(value);
  return token;
}

Token Lexer::braced_text() {
  char quote = '\0';
  std::size_t length = 0;
  for (; position_ + length < text_.size(); ++length) {
    const char c = peek(length);
    if (quote != '\0') {
      length += c == '\\' ? 1 : 0;
      quote = c == quote ? '\0' : quote;
    } else if (c == '"' || c == '\'') {
      quote = c;
    } else if (c == '}') {
      Token token = finish(TokenKind::kString, length);
      ++position_;
      return token;
    }
  }
  return fail_at(16, "'}' is missing");
}

}  // namespace lunaria::cim::query
