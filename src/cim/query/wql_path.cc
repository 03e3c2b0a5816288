#include "cim/query/wql_path.h"

#include <cstddef>

namespace lunaria::cim::query {
namespace {

/// Strings in single quotes become strings in double ones.
std::string with_double_quotes(std::string_view text) {
  std::string out;
  char quote = '\0';
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quote == '\0') {
      quote = c == '"' || c == '\'' ? c : '\0';
      out += quote == '\0' ? c : '"';
    } else if (c == '\\' && i + 1 < text.size()) {
      out += c;
      out += text[++i];
    } else if (c == quote) {
      quote = '\0';
      out += '"';
    } else {
      out += c == '"' ? "\\\"" : std::string(1, c);
    }
  }
  return out;
}

/// Of a path whose first key has no name: where the name belongs, which is right behind the class's.
std::optional<std::size_t> place_of_key_name(std::string_view path, std::size_t class_begin) {
  const auto equals = path.find('=');
  const bool has_value = equals != std::string_view::npos && equals + 1 < path.size() && path[equals + 1] != '@';
  const bool is_named = path.substr(0, equals).find('.', class_begin) != std::string_view::npos;
  return has_value && !is_named ? std::optional(equals) : std::nullopt;
}

}  // namespace

std::optional<ObjectPath> parse_wql_path(std::string_view text, const OnlyKey& only_key) {
  std::string path = with_double_quotes(text);
  const auto colon = path.rfind(':', path.find('='));
  const std::size_t class_begin = colon == std::string::npos ? 0 : colon + 1;
  if (const auto place = place_of_key_name(path, class_begin)) {
    const auto class_path = ObjectPath::parse(std::string_view(path).substr(0, *place));
    path.insert(*place, "." + (class_path ? only_key(*class_path) : std::string()));
  }
  auto parsed = ObjectPath::parse(path);
  return parsed && parsed->is_instance() ? std::move(parsed) : std::nullopt;
}

}  // namespace lunaria::cim::query
