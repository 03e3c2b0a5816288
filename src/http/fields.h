#pragma once

// Fields: the header fields of one message, in order, in one block of memory. Names compare without case.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lunaria::http {

struct Field {
  std::string_view name;
  std::string_view value;
};

class Fields final {
 public:
  /// Control characters in either, line ends above all, become blanks: whatever a value is made from, it stays one
  /// line.
  void add(std::string_view name, std::string_view value);
  /// Replaces every field of that name.
  void set(std::string_view name, std::string_view value);
  void remove(std::string_view name);
  void clear();

  std::size_t size() const { return entries_.size(); }
  bool empty() const { return entries_.empty(); }
  /// Valid until the next change.
  Field operator[](std::size_t index) const;
  /// The first of that name.
  std::optional<std::string_view> find(std::string_view name) const;
  std::size_t count(std::string_view name) const;
  /// Whether a comma-separated list, over all fields of that name, holds `token` (without case; RFC 9110 5.6.1).
  bool has_token(std::string_view name, std::string_view token) const;

 private:
  struct Entry {
    std::uint32_t offset = 0;
    std::uint32_t name_size = 0;
    std::uint32_t value_size = 0;
  };

  std::string text_;
  std::vector<Entry> entries_;
};

/// ASCII letters without case, all else exactly.
bool equals_ignoring_case(std::string_view left, std::string_view right);
/// Appends the text with a blank for every control character, so that it stays one line.
void append_one_line(std::string& out, std::string_view text);
/// Without blanks and tabs at both ends.
std::string_view trim_blanks(std::string_view text);

}  // namespace lunaria::http
