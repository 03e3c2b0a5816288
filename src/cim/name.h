#pragma once

// CIM names (DSP0004 5.1.2): compared without regard to case, shown as they were declared. Only ASCII letters fold; the
// other code points that a name may hold are compared as they are.

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

namespace lunaria::cim {

/// ASCII lower case of one byte; other bytes unchanged.
constexpr char fold_case(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}

/// Lower-case copy, ASCII only.
std::string fold_name(std::string_view name);

constexpr bool name_equal(std::string_view left, std::string_view right) {
  if (left.size() != right.size()) {
    return false;
  }
  for (std::size_t i = 0; i < left.size(); ++i) {
    if (left[i] != right[i] && fold_case(left[i]) != fold_case(right[i])) {
      return false;
    }
  }
  return true;
}

/// Order of names without regard to case.
std::strong_ordering name_compare(std::string_view left, std::string_view right);

/// The same for names that differ in case only.
constexpr std::uint32_t name_hash(std::string_view name) {
  std::uint32_t hash = 2166136261U;  // FNV-1a
  for (const char c : name) {
    hash = (hash ^ static_cast<unsigned char>(fold_case(c))) * 16777619U;
  }
  return hash;
}

/// Whether `name` is an IDENTIFIER of DSP0004 annex A: a letter, '_' or a code point from U+0080, then also digits.
bool is_valid_name(std::string_view name);

struct NameHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view name) const { return name_hash(name); }
};
struct NameEqual {
  using is_transparent = void;
  bool operator()(std::string_view left, std::string_view right) const { return name_equal(left, right); }
};
struct NameLess {
  using is_transparent = void;
  bool operator()(std::string_view left, std::string_view right) const { return name_compare(left, right) < 0; }
};

/// Hash containers keyed by name; find() takes a string_view.
template <class T>
using NameMap = std::unordered_map<std::string, T, NameHash, NameEqual>;
using NameSet = std::unordered_set<std::string, NameHash, NameEqual>;

/// A namespace: "root/cimv2" and "Root\CIMV2" are one; "interop" stands for "root/interop" (DSP1033). A value; the
/// text keeps its case and has '/' between its parts, none in front or behind.
class NamespaceName final {
 public:
  NamespaceName() = default;
  /// Normalises separators; does not refuse anything: what no namespace is called is simply not found.
  explicit NamespaceName(std::string_view text);

  const std::string& text() const { return text_; }
  bool empty() const { return text_.empty(); }
  friend bool operator==(const NamespaceName& left, const NamespaceName& right) {
    return name_equal(left.text_, right.text_);
  }

 private:
  std::string text_;
};

struct NamespaceHash {
  std::size_t operator()(const NamespaceName& name) const { return name_hash(name.text()); }
};

}  // namespace lunaria::cim
