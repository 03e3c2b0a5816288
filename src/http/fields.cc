#include "http/fields.h"

#include <algorithm>

namespace lunaria::http {
namespace {

// What most messages have fits without another allocation.
constexpr std::size_t kUsualBytes = 512;
constexpr std::size_t kUsualCount = 12;

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

}  // namespace

void append_one_line(std::string& out, std::string_view text) {
  const std::size_t begin = out.size();
  out.append(text);
  std::replace_if(
      out.begin() + static_cast<std::ptrdiff_t>(begin), out.end(),
      [](char c) {
        const auto code = static_cast<unsigned char>(c);
        return (code < 0x20 && c != '\t') || code == 0x7f;
      },
      ' ');
}

bool equals_ignoring_case(std::string_view left, std::string_view right) {
  return std::ranges::equal(left, right, {}, lower, lower);
}

std::string_view trim_blanks(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) {
    return {};
  }
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

void Fields::add(std::string_view name, std::string_view value) {
  const Entry entry{.offset = static_cast<std::uint32_t>(text_.size()),
                    .name_size = static_cast<std::uint32_t>(name.size()),
                    .value_size = static_cast<std::uint32_t>(value.size())};
  if (entries_.empty()) {
    text_.reserve(kUsualBytes);
    entries_.reserve(kUsualCount);
  }
  append_one_line(text_, name);
  append_one_line(text_, value);
  entries_.push_back(entry);
}

void Fields::set(std::string_view name, std::string_view value) {
  remove(name);
  add(name, value);
}

void Fields::remove(std::string_view name) {
  // The text stays until clear(): messages are short-lived.
  std::erase_if(entries_, [this, name](const Entry& entry) {
    return equals_ignoring_case(std::string_view(text_).substr(entry.offset, entry.name_size), name);
  });
}

void Fields::clear() {
  text_.clear();
  entries_.clear();
}

Field Fields::operator[](std::size_t index) const {
  const Entry& entry = entries_[index];
  const std::string_view text(text_);
  return {.name = text.substr(entry.offset, entry.name_size),
          .value = text.substr(entry.offset + entry.name_size, entry.value_size)};
}

std::optional<std::string_view> Fields::find(std::string_view name) const {
  for (std::size_t i = 0; i < size(); ++i) {
    const Field field = (*this)[i];
    if (equals_ignoring_case(field.name, name)) {
      return field.value;
    }
  }
  return std::nullopt;
}

std::size_t Fields::count(std::string_view name) const {
  std::size_t count = 0;
  for (std::size_t i = 0; i < size(); ++i) {
    count += equals_ignoring_case((*this)[i].name, name) ? 1 : 0;
  }
  return count;
}

bool Fields::has_token(std::string_view name, std::string_view token) const {
  for (std::size_t i = 0; i < size(); ++i) {
    const Field field = (*this)[i];
    if (!equals_ignoring_case(field.name, name)) {
      continue;
    }
    std::string_view rest = field.value;
    while (!rest.empty()) {
      const std::size_t comma = std::min(rest.find(','), rest.size());
      if (equals_ignoring_case(trim_blanks(rest.substr(0, comma)), token)) {
        return true;
      }
      rest.remove_prefix(std::min(comma + 1, rest.size()));
    }
  }
  return false;
}

}  // namespace lunaria::http
