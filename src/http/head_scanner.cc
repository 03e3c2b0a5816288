#include "http/head_scanner.h"

#include <algorithm>
#include <string_view>

#include "http/limits.h"

namespace lunaria::http {
namespace {

/// RFC 9110 5.6.2: what a method is made of.
bool is_token_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("!#$%&'*+-.^_`|~").contains(c);
}

}  // namespace

HeadScanner::Verdict HeadScanner::scan(std::span<const std::byte> bytes) {
  while (position_ < bytes.size()) {
    skip_plain(bytes);
    if (position_ == bytes.size()) {
      break;
    }
    const Verdict verdict = take(static_cast<char>(bytes[position_]));
    if (verdict != Verdict::kIncomplete) {
      return verdict;
    }
  }
  return Verdict::kIncomplete;
}

void HeadScanner::skip_plain(std::span<const std::byte> bytes) {
  if (after_return_ || position_ == line_begin_) {
    return;
  }
  const std::size_t line_max = in_first_line_ ? kRequestLineMax : kFieldLineMax;
  const std::size_t end = std::min({bytes.size(), line_begin_ + line_max, begin_ + kHeadBytesMax});
  while (position_ < end && bytes[position_] >= std::byte{0x20} && bytes[position_] != std::byte{0x7f}) {
    ++position_;
  }
}

HeadScanner::Verdict HeadScanner::take(char c) {
  const std::size_t in_line = position_ - line_begin_;
  ++position_;
  if (after_return_) {
    after_return_ = false;
    return c == '\n' ? end_line() : Verdict::kMalformed;
  }
  if (c == '\r') {
    after_return_ = true;
    return Verdict::kIncomplete;
  }
  const auto code = static_cast<unsigned char>(c);
  if ((code < 0x20 && c != '\t') || code == 0x7f) {
    return Verdict::kMalformed;
  }
  if (in_line == 0) {
    // Folded lines (RFC 9112 5.2) are read differently by different programs. A first byte that cannot start a request
    // is most often TLS on the wrong port: there is no need to wait for a line end.
    if (c == ' ' || c == '\t' || (in_first_line_ && kind_ == Kind::kRequest && !is_token_character(c))) {
      return Verdict::kMalformed;
    }
  }
  if (in_first_line_ && in_line >= kRequestLineMax) {
    return Verdict::kLineTooLong;
  }
  if (in_line >= kFieldLineMax || position_ - begin_ > kHeadBytesMax) {
    return Verdict::kHeadTooLarge;
  }
  return Verdict::kIncomplete;
}

HeadScanner::Verdict HeadScanner::end_line() {
  const bool empty = position_ - line_begin_ == 2;
  line_begin_ = position_;
  if (!empty) {
    in_first_line_ = false;
    return Verdict::kIncomplete;
  }
  if (!in_first_line_) {
    return Verdict::kComplete;
  }
  ++empty_lines_;
  begin_ = position_;
  return kind_ == Kind::kRequest && empty_lines_ <= kLeadingEmptyLinesMax ? Verdict::kIncomplete : Verdict::kMalformed;
}

}  // namespace lunaria::http
