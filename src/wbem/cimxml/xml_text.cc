#include "wbem/cimxml/xml_text.h"

#include <array>

namespace lunaria::wbem::cimxml {
namespace {

constexpr std::array<bool, 256> make_special() {
  std::array<bool, 256> special{};
  for (std::size_t i = 0; i < 0x20; ++i) {
    special[i] = true;
  }
  for (const char c : std::string_view("<>&\"'")) {
    special[static_cast<unsigned char>(c)] = true;
  }
  for (std::size_t i = 0x80; i < 256; ++i) {
    special[i] = true;  // to be looked at more closely
  }
  return special;
}
constexpr std::array<bool, 256> kSpecial = make_special();

constexpr std::size_t kBlock = 16;

/// Whether none of `kBlock` bytes is special. Written without branches so that compilers make vector code of it.
bool is_plain_block(const char* bytes) {
  unsigned char special = 0;
  for (std::size_t i = 0; i < kBlock; ++i) {
    const auto c = static_cast<unsigned char>(bytes[i]);
    special |= static_cast<unsigned char>((c < 0x20) | (c >= 0x80) | (c == '<') | (c == '>') | (c == '&') | (c == '"') |
                                          (c == '\''));
  }
  return special == 0;
}

std::string_view replacement(char c) {
  switch (c) {
    case '<':
      return "&lt;";
    case '>':
      return "&gt;";
    case '&':
      return "&amp;";
    case '"':
      return "&quot;";
    case '\'':
      return "&apos;";
    case '\t':
      return "&#9;";
    case '\n':
      return "&#10;";
    case '\r':
      return "&#13;";
    default:
      return "\xEF\xBF\xBD";
  }
}

/// Bytes of the UTF-8 sequence at the start of `text`, whose first byte is not ASCII; 0 when it is none, or a character
/// that XML does not have (U+FFFE, U+FFFF).
std::size_t sequence_size(std::string_view text) {
  const auto byte = [text](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned first = byte(0);
  const std::size_t size = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4 || text.size() < size) {
    return 0;
  }
  char32_t code = first & (0xFFU >> (size + 1));
  for (std::size_t i = 1; i < size; ++i) {
    if ((byte(i) & 0xC0U) != 0x80) {
      return 0;
    }
    code = (code << 6U) | (byte(i) & 0x3FU);
  }
  const bool is_overlong = (size == 3 && code < 0x800) || (size == 4 && code < 0x10000);
  const bool is_surrogate = code >= 0xD800 && code <= 0xDFFF;
  return is_overlong || is_surrogate || code > 0x10FFFF || (code & 0xFFFFU) >= 0xFFFE ? 0 : size;
}

}  // namespace

void append_escaped(std::string& out, std::string_view text) {
  std::size_t plain = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    while (text.size() - i >= kBlock && is_plain_block(text.data() + i)) {
      i += kBlock;
    }
    if (i == text.size()) {
      break;
    }
    if (!kSpecial[static_cast<unsigned char>(text[i])]) [[likely]] {
      continue;
    }
    if (static_cast<unsigned char>(text[i]) >= 0x80) {
      if (const std::size_t size = sequence_size(text.substr(i)); size != 0) {
        i += size - 1;
        continue;
      }
    }
    out.append(text, plain, i - plain);
    out += replacement(text[i]);
    plain = i + 1;
  }
  out.append(text, plain, text.size() - plain);
}

}  // namespace lunaria::wbem::cimxml
