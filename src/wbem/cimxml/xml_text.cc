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
  return special;
}
constexpr std::array<bool, 256> kSpecial = make_special();

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

}  // namespace

void append_escaped(std::string& out, std::string_view text) {
  std::size_t plain = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (kSpecial[static_cast<unsigned char>(text[i])]) {
      out.append(text, plain, i - plain);
      out += replacement(text[i]);
      plain = i + 1;
    }
  }
  out.append(text, plain, text.size() - plain);
}

}  // namespace lunaria::wbem::cimxml
