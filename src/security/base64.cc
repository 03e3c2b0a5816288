#include "security/base64.h"

#include <openssl/evp.h>

#include <algorithm>
#include <limits>

#include "base/check.h"

namespace lunaria::security {
namespace {

const unsigned char* as_unsigned(const void* bytes) {
  return static_cast<const unsigned char*>(bytes);
}

/// EVP_DecodeBlock skips blanks at either end; nothing but the alphabet may come that far.
bool is_alphabet(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' || c == '/';
}

}  // namespace

std::string encode_base64(std::span<const std::byte> bytes) {
  check(bytes.size() <= std::numeric_limits<int>::max() / 2, "callers bound what they encode");
  std::string text((bytes.size() + 2) / 3 * 4 + 1, '\0');
  const int length = EVP_EncodeBlock(static_cast<unsigned char*>(static_cast<void*>(text.data())),
                                     as_unsigned(bytes.data()), static_cast<int>(bytes.size()));
  text.resize(static_cast<std::size_t>(length));
  return text;
}

std::string encode_base64_unpadded(std::span<const std::byte> bytes) {
  std::string text = encode_base64(bytes);
  text.erase(text.find_last_not_of('=') + 1);
  return text;
}

std::optional<std::vector<std::byte>> decode_base64(std::string_view text) {
  if (text.size() % 4 != 0 || text.size() > static_cast<std::size_t>(std::numeric_limits<int>::max()) / 2) {
    return std::nullopt;
  }
  if (text.empty()) {
    return std::vector<std::byte>{};
  }
  const std::size_t padding = text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0;
  if (!std::ranges::all_of(text.substr(0, text.size() - padding), is_alphabet)) {
    return std::nullopt;
  }
  std::vector<std::byte> bytes(text.size() / 4 * 3);
  const int length = EVP_DecodeBlock(static_cast<unsigned char*>(static_cast<void*>(bytes.data())),
                                     as_unsigned(text.data()), static_cast<int>(text.size()));
  if (length < 0 || static_cast<std::size_t>(length) != bytes.size()) {
    return std::nullopt;
  }
  bytes.resize(bytes.size() - padding);
  if (encode_base64(bytes) != text) {  // unused bits were set
    return std::nullopt;
  }
  return bytes;
}

std::optional<std::vector<std::byte>> decode_base64_unpadded(std::string_view text) {
  if (text.size() % 4 == 1 || text.contains('=')) {
    return std::nullopt;
  }
  std::string padded(text);
  padded.append((4 - padded.size() % 4) % 4, '=');
  return decode_base64(padded);
}

}  // namespace lunaria::security
