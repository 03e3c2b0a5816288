#include "cim/query/typed_path.h"

#include <cstddef>

namespace lunaria::cim::query {

TypedPath typed_path(std::string_view text) {
  const std::size_t slashes = text.find("//");
  const bool has_type = slashes != std::string_view::npos && slashes > 1 &&
                        text.find_first_of(":/\\=\"") == slashes - 1 && text[slashes - 1] == ':';
  return has_type ? TypedPath{text.substr(0, slashes - 1), ObjectPath::parse(text.substr(slashes))}
                  : TypedPath{{}, ObjectPath::parse(text)};
}

}  // namespace lunaria::cim::query
