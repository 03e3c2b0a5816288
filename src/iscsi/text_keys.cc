#include "iscsi/text_keys.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "base/hex.h"

namespace lunaria::iscsi {

namespace {

bool is_key_character(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
         std::string_view(".-+@_#/").find(c) != std::string_view::npos;
}

bool is_control(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte < 0x20 || byte == 0x7F;
}

Result<TextKey, TextError> parse_pair(std::string_view pair) {
  const std::size_t separator = pair.find('=');
  if (separator == std::string_view::npos) {
    return fail(TextError::kNoSeparator);
  }
  const TextKey key{pair.substr(0, separator), pair.substr(separator + 1)};
  if (key.name.size() > kTextKeySizeMax) {
    return fail(TextError::kKeyTooLong);
  }
  // Standard keys begin with a capital letter, but for iSCSIProtocolLevel; other beginnings are extensions that deserve
  // NotUnderstood.
  if (key.name.empty() || !std::ranges::all_of(key.name, is_key_character)) {
    return fail(TextError::kBadKeyName);
  }
  if (key.value.size() > kTextLargeValueSizeMax) {
    return fail(TextError::kValueTooLong);
  }
  if (std::ranges::any_of(key.value, is_control)) {
    return fail(TextError::kBadValue);
  }
  return key;
}

int base64_digit(char c) {
  if (c >= 'A' && c <= 'Z') {
    return c - 'A';
  }
  if (c >= 'a' && c <= 'z') {
    return c - 'a' + 26;
  }
  if (c >= '0' && c <= '9') {
    return c - '0' + 52;
  }
  return c == '+' ? 62 : c == '/' ? 63 : -1;
}

std::optional<std::vector<std::byte>> decode_base64(std::string_view text) {
  std::size_t padding = 0;
  while (padding < 2 && text.ends_with('=')) {
    text.remove_suffix(1);
    ++padding;
  }
  if ((padding != 0 && (text.size() + padding) % 4 != 0) || text.size() % 4 == 1) {
    return std::nullopt;
  }
  std::vector<std::byte> bytes;
  bytes.reserve(text.size() * 3 / 4);
  std::uint32_t bits = 0;
  unsigned bit_count = 0;
  for (const char c : text) {
    const int digit = base64_digit(c);
    if (digit < 0) {
      return std::nullopt;
    }
    bits = bits << 6 | static_cast<std::uint32_t>(digit);
    bit_count += 6;
    if (bit_count >= 8) {
      bit_count -= 8;
      bytes.push_back(static_cast<std::byte>(bits >> bit_count & 0xFF));
    }
  }
  // What is left over must be zero, or two texts would mean the same bytes.
  return (bits & ((1U << bit_count) - 1U)) == 0 ? std::optional(std::move(bytes)) : std::nullopt;
}

}  // namespace

Result<std::vector<TextKey>, TextError> parse_text(std::string_view text) {
  std::vector<TextKey> keys;
  while (!text.empty()) {
    const std::size_t end = text.find('\0');
    if (end == std::string_view::npos) {
      return fail(TextError::kNotTerminated);
    }
    const std::string_view pair = text.substr(0, end);
    text.remove_prefix(end + 1);
    if (pair.empty()) {
      continue;
    }
    const auto key = parse_pair(pair);
    if (!key) {
      return fail(key.error());
    }
    if (keys.size() == kTextKeysMax) {
      return fail(TextError::kTooManyKeys);
    }
    keys.push_back(*key);
  }
  return keys;
}

void TextBuilder::add(std::string_view name, std::string_view value) {
  text_.append(name).append(1, '=').append(value).append(1, '\0');
}

void TextBuilder::add_number(std::string_view name, std::uint32_t value) {
  add(name, std::to_string(value));
}

std::optional<std::uint32_t> parse_number(std::string_view text) {
  int base = 10;
  if (text.starts_with("0x") || text.starts_with("0X")) {
    text.remove_prefix(2);
    base = 16;
  }
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) {
    return std::nullopt;
  }
  return value;
}

std::optional<std::vector<std::byte>> parse_binary(std::string_view text, std::size_t size_max) {
  std::optional<std::vector<std::byte>> bytes;
  if (text.starts_with("0x") || text.starts_with("0X")) {
    text.remove_prefix(2);
    bytes = text.size() % 2 == 0 ? from_hex(text) : from_hex("0" + std::string(text));
  } else if (text.starts_with("0b") || text.starts_with("0B")) {
    bytes = decode_base64(text.substr(2));
  }
  if (!bytes || bytes->empty() || bytes->size() > size_max) {
    return std::nullopt;
  }
  return bytes;
}

std::string format_binary(std::span<const std::byte> bytes) {
  return "0x" + to_hex(bytes);
}

std::optional<std::string> normalize_name(std::string_view name) {
  if (name.empty() || name.size() > kNameSizeMax) {
    return std::nullopt;
  }
  std::string normalized(name);
  for (char& c : normalized) {
    if (is_control(c) || c == ' ') {
      return std::nullopt;
    }
    if (c >= 'A' && c <= 'Z') {
      c = static_cast<char>(c - 'A' + 'a');
    }
  }
  return normalized;
}

std::vector<std::string_view> split_list(std::string_view list) {
  std::vector<std::string_view> entries;
  while (entries.size() < kListEntriesMax) {
    const std::size_t comma = list.find(',');
    entries.push_back(list.substr(0, comma));
    if (comma == std::string_view::npos) {
      break;
    }
    list.remove_prefix(comma + 1);
  }
  return entries;
}

}  // namespace lunaria::iscsi
