#pragma once

// Splits MOF text into tokens (DSP0004 annex A). No I/O, no allocation but for string literals; time is linear in the
// text.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "cim/mof/source.h"
#include "cim/value.h"

namespace lunaria::cim::mof {

enum class TokenKind : std::uint8_t {
  kEnd,
  kName,         ///< identifier or keyword
  kAlias,        ///< $name; text() without the dollar
  kPragma,       ///< #pragma
  kString,       ///< one literal; neighbours are joined by the parser
  kChar,         ///< value() is a char16
  kNumber,       ///< value() is a uint64, sint64 or real64
  kPunctuation,  ///< one of ; : , . = ( ) [ ] { }
  kError,        ///< message() says why
};

struct Token {
  TokenKind kind = TokenKind::kEnd;
  std::string_view text;  ///< as it stands in the source
  Location location;
  Value value;               ///< of strings, chars and numbers
  std::string_view message;  ///< of errors; a literal

  bool is(char punctuation) const { return kind == TokenKind::kPunctuation && text.front() == punctuation; }
  bool is_keyword(std::string_view keyword) const { return kind == TokenKind::kName && name_equal(text, keyword); }
};

/// The text outlives the lexer and its tokens.
class Lexer final {
 public:
  Lexer(std::string_view text, std::uint32_t file);
  /// After an error or the end, the same again.
  Token next();
  /// Goes on behind the text of an error token that next() has returned.
  void skip_error(const Token& error);

 private:
  bool skip_blanks(Token& error);
  bool skip_comment(Token& error);
  Token finish(TokenKind kind, std::size_t length);
  Token fail_at(std::size_t length, std::string_view message);
  Token read_string();
  Token read_char();
  Token read_number();
  Token read_pragma();
  /// Reads one character or escape of a literal at `position`, appending UTF-8; null, or what is wrong.
  const char* read_character(std::size_t& position, std::string& out) const;
  const char* read_hex_escape(std::size_t& position, std::string& out) const;
  void advance(std::size_t length);
  char peek(std::size_t offset = 0) const {
    return position_ + offset < text_.size() ? text_[position_ + offset] : '\0';
  }

  std::string_view text_;
  std::size_t position_ = 0;
  Location location_;
};

}  // namespace lunaria::cim::mof
