#pragma once

// key=value text as login and text PDUs carry it (RFC 7143 6.1): pairs ended by NUL, binary values in hexadecimal or
// base64.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "iscsi/limits.h"

namespace lunaria::iscsi {

struct TextKey {
  std::string_view name;
  std::string_view value;
};

enum class TextError : std::uint8_t {
  kNoSeparator,    ///< a pair without "="
  kBadKeyName,     ///< not a standard label: letters, digits and ".-+@_#/" after a capital letter
  kKeyTooLong,     ///< above kTextKeySizeMax
  kValueTooLong,   ///< above kTextLargeValueSizeMax
  kBadValue,       ///< a control character
  kTooManyKeys,    ///< above kTextKeysMax
  kNotTerminated,  ///< the last pair has no NUL
};

/// The pairs of a whole request, as views into `text`. Empty pairs (stray NULs) are skipped.
Result<std::vector<TextKey>, TextError> parse_text(std::string_view text);

/// Collects pairs for an answer.
class TextBuilder final {
 public:
  void add(std::string_view name, std::string_view value);
  void add_number(std::string_view name, std::uint32_t value);
  const std::string& text() const { return text_; }
  std::string take() { return std::move(text_); }

 private:
  std::string text_;
};

/// A numerical-value: decimal or 0x hexadecimal, at most 2^32-1.
std::optional<std::uint32_t> parse_number(std::string_view text);
/// A binary-value: 0x hexadecimal (an odd digit count means a leading zero) or 0b base64, of 1..`size_max` bytes.
std::optional<std::vector<std::byte>> parse_binary(std::string_view text, std::size_t size_max);
/// In hexadecimal.
std::string format_binary(std::span<const std::byte> bytes);

/// An iSCSI name in the form in which it is compared: ASCII letters in lower case. nullopt unless it has 1..223 bytes
/// without control characters or spaces (RFC 7143 4.2.7.2).
std::optional<std::string> normalize_name(std::string_view name);

/// The entries of a comma-separated list value, in order, at most `kListEntriesMax` of them.
inline constexpr std::size_t kListEntriesMax = 16;
std::vector<std::string_view> split_list(std::string_view list);

}  // namespace lunaria::iscsi
