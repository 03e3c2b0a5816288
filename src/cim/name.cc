#include "cim/name.h"

#include <algorithm>

namespace lunaria::cim {

std::string fold_name(std::string_view name) {
  std::string folded(name);
  std::ranges::transform(folded, folded.begin(), fold_case);
  return folded;
}

std::strong_ordering name_compare(std::string_view left, std::string_view right) {
  const std::size_t common = std::min(left.size(), right.size());
  for (std::size_t i = 0; i < common; ++i) {
    const auto a = static_cast<unsigned char>(fold_case(left[i]));
    const auto b = static_cast<unsigned char>(fold_case(right[i]));
    if (a != b) {
      return a <=> b;
    }
  }
  return left.size() <=> right.size();
}

bool is_valid_name(std::string_view name) {
  const auto starts = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || static_cast<unsigned char>(c) >= 0x80;
  };
  if (name.empty() || !starts(name.front())) {
    return false;
  }
  return std::ranges::all_of(name, [&starts](char c) { return starts(c) || (c >= '0' && c <= '9'); });
}

NamespaceName::NamespaceName(std::string_view text) {
  text_.reserve(text.size());
  for (const char c : text) {
    const bool separator = c == '/' || c == '\\';
    if (separator && (text_.empty() || text_.back() == '/')) {
      continue;
    }
    text_ += separator ? '/' : c;
  }
  if (text_.ends_with('/')) {
    text_.pop_back();
  }
  if (name_equal(text_, "interop")) {
    text_.insert(0, "root/");
  }
}

}  // namespace lunaria::cim
