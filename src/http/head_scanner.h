#pragma once

// HeadScanner: finds where a message's head ends, so that the parser is given whole heads only and its answer does not
// depend on how the bytes arrived. It also refuses, as early as it can, what the parser would take or wait for: line
// ends other than CRLF, folded lines, control characters, lines and heads beyond their limits.

#include <cstddef>
#include <cstdint>
#include <span>

namespace lunaria::http {

class HeadScanner final {
 public:
  /// Requests may have a few empty lines in front and are refused by their first byte; responses may not and are not.
  enum class Kind : std::uint8_t { kRequest, kResponse };
  enum class Verdict : std::uint8_t {
    kIncomplete,
    kComplete,
    kMalformed,     ///< 400
    kLineTooLong,   ///< the first line; 414
    kHeadTooLarge,  ///< a field line or all of it; 431
  };

  explicit HeadScanner(Kind kind) : kind_(kind) {}

  /// `bytes` starts where the message does and only grows from call to call; each byte is looked at once.
  Verdict scan(std::span<const std::byte> bytes);
  /// After kComplete: where the message really starts (behind empty lines) and where its head ends.
  std::size_t head_begin() const { return begin_; }
  std::size_t head_end() const { return position_; }

 private:
  /// Passes over bytes inside a line that take() would have nothing to say of: most of a head, at less cost.
  void skip_plain(std::span<const std::byte> bytes);
  Verdict take(char c);
  Verdict end_line();

  Kind kind_;
  std::size_t begin_ = 0;
  std::size_t position_ = 0;
  std::size_t line_begin_ = 0;
  std::size_t empty_lines_ = 0;
  bool in_first_line_ = true;
  bool after_return_ = false;
};

}  // namespace lunaria::http
