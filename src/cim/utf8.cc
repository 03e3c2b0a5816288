#include "cim/utf8.h"

namespace lunaria::cim {
namespace {

std::uint32_t byte_at(std::string_view text, std::size_t index) {
  return static_cast<unsigned char>(text[index]);
}

}  // namespace

std::size_t utf8_length(std::string_view text) {
  const std::uint32_t lead = byte_at(text, 0);
  const std::size_t length = lead < 0x80   ? 1
                             : lead < 0xC2 ? 0
                             : lead < 0xE0 ? 2
                             : lead < 0xF0 ? 3
                             : lead < 0xF5 ? 4
                                           : 0;
  if (length == 0 || length > text.size()) {
    return 0;
  }
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte_at(text, i) & 0xC0U) != 0x80U) {
      return 0;
    }
  }
  const bool is_bad = (lead == 0xE0 && byte_at(text, 1) < 0xA0) || (lead == 0xED && byte_at(text, 1) > 0x9F) ||
                      (lead == 0xF0 && byte_at(text, 1) < 0x90) || (lead == 0xF4 && byte_at(text, 1) > 0x8F);
  return is_bad ? 0 : length;
}

void append_utf8(std::string& out, std::uint32_t code_point) {
  if (code_point < 0x80) {
    out += static_cast<char>(code_point);
    return;
  }
  if (code_point < 0x800) {
    out += static_cast<char>(0xC0U | code_point >> 6);
  } else if (code_point < 0x10000) {
    out += static_cast<char>(0xE0U | code_point >> 12);
    out += static_cast<char>(0x80U | (code_point >> 6 & 0x3FU));
  } else {
    out += static_cast<char>(0xF0U | code_point >> 18);
    out += static_cast<char>(0x80U | (code_point >> 12 & 0x3FU));
    out += static_cast<char>(0x80U | (code_point >> 6 & 0x3FU));
  }
  out += static_cast<char>(0x80U | (code_point & 0x3FU));
}

std::vector<std::uint32_t> code_points(std::string_view text) {
  std::vector<std::uint32_t> points;
  points.reserve(text.size());
  while (!text.empty()) {
    const std::size_t length = utf8_length(text);
    std::uint32_t point = byte_at(text, 0);
    if (length > 1) {
      point &= 0xFFU >> (length + 1);
      for (std::size_t i = 1; i < length; ++i) {
        point = point << 6 | (byte_at(text, i) & 0x3FU);
      }
    }
    points.push_back(point);
    text.remove_prefix(length > 1 ? length : 1);
  }
  return points;
}

}  // namespace lunaria::cim
