#include "cim/mof/lexer.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <system_error>
#include <utility>

#include "cim/limits.h"
#include "cim/schema_value.h"
#include "cim/utf8.h"

namespace lunaria::cim::mof {
namespace {

constexpr std::string_view kPunctuation = ";:,.=()[]{}";

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool starts_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || static_cast<unsigned char>(c) >= 0x80;
}
bool continues_name(char c) {
  return starts_name(c) || is_digit(c);
}

constexpr const char* kNotInXml = "XML, by which values are sent, does not have this character";

int hex_digit(char c) {
  if (is_digit(c)) {
    return c - '0';
  }
  const char lower = fold_case(c);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/// One to four hexadecimal digits after "\x"; consumes them.
std::optional<unsigned> take_unit(std::string_view text, std::size_t& position) {
  unsigned unit = 0;
  std::size_t count = 0;
  for (; count < 4 && position < text.size() && hex_digit(text[position]) >= 0; ++count, ++position) {
    unit = unit * 16 + static_cast<unsigned>(hex_digit(text[position]));
  }
  return count > 0 ? std::optional(unit) : std::nullopt;
}

/// An integer literal of DSP0004 annex A without its sign: binary (1010b), hexadecimal (0x), octal (leading 0),
/// decimal.
std::errc parse_integer(std::string_view digits, std::uint64_t& number) {
  int base = 10;
  if (digits.starts_with("0x") || digits.starts_with("0X")) {
    base = 16;
    digits.remove_prefix(2);
  } else if (digits.ends_with('b') || digits.ends_with('B')) {
    base = 2;
    digits.remove_suffix(1);
  } else if (digits.starts_with('0') && digits.size() > 1) {
    base = 8;
    digits.remove_prefix(1);
  }
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number, base);
  return error == std::errc() && end != digits.data() + digits.size() ? std::errc::invalid_argument : error;
}

}  // namespace

Lexer::Lexer(std::string_view text, std::uint32_t file) : text_(text), location_{file, 1, 1} {
  if (text_.starts_with("\xEF\xBB\xBF")) {
    text_.remove_prefix(3);
  }
}

void Lexer::advance(std::size_t length) {
  for (std::size_t i = position_; i < position_ + length; ++i) {
    const bool is_lone_return = text_[i] == '\r' && (i + 1 == text_.size() || text_[i + 1] != '\n');
    if (text_[i] == '\n' || is_lone_return) {
      ++location_.line;
      location_.column = 1;
    } else {
      ++location_.column;
    }
  }
  position_ += length;
}

Token Lexer::finish(TokenKind kind, std::size_t length) {
  Token token;
  token.kind = kind;
  token.text = text_.substr(position_, length);
  token.location = location_;
  advance(token.text.size());
  return token;
}

Token Lexer::fail_at(std::size_t length, std::string_view message) {
  Token token;
  token.kind = TokenKind::kError;
  token.text = text_.substr(position_, length);
  token.location = location_;
  token.message = message;
  return token;
}

bool Lexer::skip_comment(Token& error) {
  if (peek(1) == '/') {
    advance(std::min(text_.find_first_of("\r\n", position_), text_.size()) - position_);
    return true;
  }
  const auto end = text_.find("*/", position_ + 2);
  if (end == std::string_view::npos) {
    error = fail_at(2, "comment without an end");
    return false;
  }
  advance(end + 2 - position_);
  return true;
}

bool Lexer::skip_blanks(Token& error) {
  while (position_ < text_.size()) {
    const char c = peek();
    if (c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\f') {
      advance(1);
    } else if (c == '/' && (peek(1) == '/' || peek(1) == '*')) {
      if (!skip_comment(error)) {
        return false;
      }
    } else {
      break;
    }
  }
  return true;
}

void Lexer::skip_error(const Token& error) {
  const bool is_comment = error.text.starts_with("/*");
  advance(is_comment ? text_.size() - position_ : std::max(error.text.size(), std::size_t{1}));
}

Token Lexer::next() {
  Token error;
  if (!skip_blanks(error)) {
    return error;
  }
  if (position_ == text_.size()) {
    return finish(TokenKind::kEnd, 0);
  }
  const char c = peek();
  if (c == '"') {
    return read_string();
  }
  if (c == '\'') {
    return read_char();
  }
  if (c == '#') {
    return read_pragma();
  }
  const bool is_signed_number = (c == '+' || c == '-') && (is_digit(peek(1)) || peek(1) == '.');
  if (is_digit(c) || is_signed_number || (c == '.' && is_digit(peek(1)))) {
    return read_number();
  }
  if (kPunctuation.find(c) != std::string_view::npos) {
    return finish(TokenKind::kPunctuation, 1);
  }
  const bool is_alias = c == '$';
  std::size_t length = is_alias ? 1 : 0;
  if (!starts_name(peek(length))) {
    return fail_at(std::max(utf8_length(text_.substr(position_)), std::size_t{1}),
                   is_alias ? "'$' must be followed by the name of an alias" : "this character has no place here");
  }
  while (continues_name(peek(length))) {
    const std::size_t bytes = utf8_length(text_.substr(position_ + length));
    if (bytes == 0) {
      return fail_at(length + 1, "not valid UTF-8");
    }
    length += bytes;
  }
  if (length > limits::kNameBytesMax) {
    return fail_at(length, "the name is too long");
  }
  return finish(is_alias ? TokenKind::kAlias : TokenKind::kName, length);
}

Token Lexer::read_pragma() {
  std::size_t length = 1;
  while (continues_name(peek(length))) {
    ++length;
  }
  if (!name_equal(text_.substr(position_, length), "#pragma")) {
    return fail_at(length, "only #pragma may follow '#'");
  }
  return finish(TokenKind::kPragma, length);
}

const char* Lexer::read_hex_escape(std::size_t& position, std::string& out) const {
  const auto unit = take_unit(text_, position);
  if (!unit) {
    return "\\x needs one to four hexadecimal digits";
  }
  if (*unit == 0) {
    return "the character NUL is not allowed";
  }
  if (!is_xml_character(*unit)) {
    return kNotInXml;
  }
  if (*unit < 0xD800 || *unit > 0xDFFF) {
    append_utf8(out, *unit);
    return nullptr;
  }
  // UTF-16: a high surrogate is one half of a character, its low one must follow.
  const std::string_view rest = text_.substr(std::min(position, text_.size()));
  if (*unit <= 0xDBFF && (rest.starts_with("\\x") || rest.starts_with("\\X"))) {
    position += 2;
    const auto low = take_unit(text_, position);
    if (low && *low >= 0xDC00 && *low <= 0xDFFF) {
      append_utf8(out, 0x10000 + ((*unit - 0xD800) << 10) + (*low - 0xDC00));
      return nullptr;
    }
  }
  return "half of a surrogate pair";
}

const char* Lexer::read_character(std::size_t& position, std::string& out) const {
  const char c = text_[position];
  if (c != '\\') {
    if (static_cast<unsigned char>(c) < 0x20 && c != '\t') {
      return "line breaks and control characters must be written as escapes";
    }
    const std::size_t length = utf8_length(text_.substr(position));
    if (length == 0) {
      return "not valid UTF-8";
    }
    out += text_.substr(position, length);
    position += length;
    return nullptr;
  }
  constexpr std::string_view kEscapes = "btnfr\"'\\";
  constexpr std::string_view kMeanings = "\b\t\n\f\r\"'\\";
  const char escape = position + 1 < text_.size() ? text_[position + 1] : '\0';
  position += 2;
  if (escape == 'x' || escape == 'X') {
    return read_hex_escape(position, out);
  }
  const auto index = kEscapes.find(escape);
  if (index == std::string_view::npos) {
    return "no such escape";
  }
  if (!is_xml_character(static_cast<unsigned char>(kMeanings[index]))) {
    return kNotInXml;
  }
  out += kMeanings[index];
  return nullptr;
}

Token Lexer::read_string() {
  std::string content;
  std::size_t position = position_ + 1;
  while (position < text_.size() && text_[position] != '"') {
    const std::size_t start = position;
    if (const char* message = read_character(position, content)) {
      const bool is_break = text_[start] == '\n' || text_[start] == '\r';
      advance(is_break ? 0 : start - position_);
      return fail_at(is_break ? start - position_ : position - start + 1,
                     is_break ? "string literal without an end on its line" : message);
    }
    if (content.size() > limits::kMofStringBytesMax) {
      return fail_at(16, "the string is too long");
    }
  }
  if (position >= text_.size()) {
    return fail_at(16, "string literal without an end");
  }
  Token token = finish(TokenKind::kString, position + 1 - position_);
  token.value = Value(std::move(content));
  return token;
}

Token Lexer::read_char() {
  std::string content;
  std::size_t position = position_ + 1;
  if (position < text_.size() && text_[position] != '\'') {
    if (const char* message = read_character(position, content)) {
      return fail_at(position - position_, message);
    }
  }
  auto value = Value::parse(Type::kChar16, content);
  if (!value || position >= text_.size() || text_[position] != '\'') {
    return fail_at(std::min(position + 1, text_.size()) - position_, "a char16 is one character between single quotes");
  }
  Token token = finish(TokenKind::kChar, position + 1 - position_);
  token.value = std::move(*value);
  return token;
}

Token Lexer::read_number() {
  const bool has_sign = peek() == '+' || peek() == '-';
  const bool is_negative = peek() == '-';
  std::size_t length = has_sign ? 1 : 0;
  const bool is_hex = peek(length) == '0' && fold_case(peek(length + 1)) == 'x';
  bool is_real = false;
  while (continues_name(peek(length)) || peek(length) == '.') {
    const char c = fold_case(peek(length));
    is_real = is_real || c == '.';
    const bool has_exponent_sign = c == 'e' && !is_hex && (peek(length + 1) == '+' || peek(length + 1) == '-');
    length += has_exponent_sign ? 2 : 1;
  }
  const std::string_view digits = text_.substr(position_ + (has_sign ? 1 : 0), length - (has_sign ? 1 : 0));
  Value value;
  if (is_real) {
    double number = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    if (error == std::errc::result_out_of_range) {
      return fail_at(length, "the number is out of range");
    }
    if (error != std::errc() || end != digits.data() + digits.size() || !is_digit(digits.back())) {
      return fail_at(length, "not a number");
    }
    value = Value(is_negative ? -number : number);
  } else {
    std::uint64_t number = 0;
    const std::errc error = parse_integer(digits, number);
    const bool is_too_small = is_negative && number > std::uint64_t{1} << 63;
    if (error == std::errc::result_out_of_range || (error == std::errc() && is_too_small)) {
      return fail_at(length, "the number is out of range");
    }
    if (error != std::errc()) {
      return fail_at(length, "not a number");
    }
    value = is_negative && number != 0 ? Value(static_cast<std::int64_t>(0 - number)) : Value(number);
  }
  Token token = finish(TokenKind::kNumber, length);
  token.value = std::move(value);
  return token;
}

}  // namespace lunaria::cim::mof
