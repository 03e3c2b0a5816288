#pragma once

// Base64 (RFC 4648 4) through OpenSSL, strict in what it takes: canonical text only.

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace lunaria::security {

/// With padding.
std::string encode_base64(std::span<const std::byte> bytes);
/// Without padding, as PHC strings have it.
std::string encode_base64_unpadded(std::span<const std::byte> bytes);

/// Takes padded canonical text: no blanks, no line ends, length a multiple of four, the unused bits zero. nullopt for
/// anything else, so that two texts never mean the same bytes.
std::optional<std::vector<std::byte>> decode_base64(std::string_view text);
/// As decode_base64, for text without padding.
std::optional<std::vector<std::byte>> decode_base64_unpadded(std::string_view text);

}  // namespace lunaria::security
