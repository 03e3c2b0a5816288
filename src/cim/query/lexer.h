#pragma once

// Splits the text of a query into tokens, for CQL, FQL and WQL alike. No I/O; time is linear in the text.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "cim/name.h"
#include "cim/value.h"

namespace lunaria::cim::query {

enum class TokenKind : std::uint8_t {
  kEnd,
  kName,         ///< identifier or keyword
  kString,       ///< value() is its content
  kNumber,       ///< value() is a uint64 or real64; signs are operators
  kPunctuation,  ///< ( ) [ ] , . .. :: # * + - / || = <> != < <= > >= { }
  kError,        ///< message() says why
};

struct Token {
  TokenKind kind = TokenKind::kEnd;
  std::string_view text;  ///< as it stands in the query
  std::size_t position = 0;
  Value value;
  std::string_view message;  ///< of errors; a literal

  bool is(std::string_view punctuation) const { return kind == TokenKind::kPunctuation && text == punctuation; }
  bool is_keyword(std::string_view keyword) const { return kind == TokenKind::kName && name_equal(text, keyword); }
};

/// The text outlives the lexer and its tokens.
class Lexer final {
 public:
  explicit Lexer(std::string_view text) : text_(text) {}
  /// After an error or the end, the same again.
  Token next();
  /// What stands between the brace that was the last token and its closing one (`ASSOCIATORS OF {path}`), where quotes
  /// hide braces; consumes the closing one. A token of kind kString, whose text() is the content.
  Token braced_text();

 private:
  Token finish(TokenKind kind, std::size_t length);
  Token fail_at(std::size_t length, std::string_view message) const;
  Token read_string();
  Token read_number();
  char peek(std::size_t offset = 0) const {
    return position_ + offset < text_.size() ? text_[position_ + offset] : '\0';
  }

  std::string_view text_;
  std::size_t position_ = 0;
};

}  // namespace lunaria::cim::query
