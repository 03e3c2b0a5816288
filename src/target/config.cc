#include "target/config.h"

#include <algorithm>

namespace lunaria::target {

std::string fold_iscsi_name(std::string_view name) {
  std::string folded(name);
  std::ranges::transform(folded, folded.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; });
  return folded;
}

}  // namespace lunaria::target
