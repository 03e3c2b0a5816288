#include "http/basic_authorization.h"

#include <openssl/crypto.h>

#include <algorithm>
#include <span>

#include "http/limits.h"
#include "security/base64.h"

namespace lunaria::http {
namespace {

bool has_control_character(std::string_view text) {
  return std::ranges::any_of(text, [](char c) {
    const auto code = static_cast<unsigned char>(c);
    return code < 0x20 || code == 0x7f;
  });
}

/// Length of the sequence that the lead byte announces, and the range of the byte after it (RFC 3629 4).
struct Sequence {
  std::size_t size;
  unsigned char second_min = 0x80;
  unsigned char second_max = 0xbf;
};

Sequence sequence_of(unsigned char lead) {
  if (lead < 0x80) {
    return {.size = 1};
  }
  if (lead >= 0xc2 && lead <= 0xdf) {
    return {.size = 2};
  }
  if (lead >= 0xe0 && lead <= 0xef) {
    return {.size = 3,
            .second_min = static_cast<unsigned char>(lead == 0xe0 ? 0xa0 : 0x80),
            .second_max = static_cast<unsigned char>(lead == 0xed ? 0x9f : 0xbf)};
  }
  if (lead >= 0xf0 && lead <= 0xf4) {
    return {.size = 4,
            .second_min = static_cast<unsigned char>(lead == 0xf0 ? 0x90 : 0x80),
            .second_max = static_cast<unsigned char>(lead == 0xf4 ? 0x8f : 0xbf)};
  }
  return {.size = 0};
}

Result<BasicCredentials, AuthorizationError> split(std::string_view decoded) {
  const std::size_t colon = decoded.find(':');
  if (colon == std::string_view::npos || colon == 0 || has_control_character(decoded) || !is_utf8(decoded)) {
    return fail(AuthorizationError::kMalformed);
  }
  const std::string_view password = decoded.substr(colon + 1);
  if (colon > kBasicUserMax || password.size() > kBasicPasswordMax) {
    return fail(AuthorizationError::kMalformed);
  }
  return BasicCredentials{.user = std::string(decoded.substr(0, colon)), .password = Secret(password)};
}

}  // namespace

bool is_utf8(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    const Sequence sequence = sequence_of(static_cast<unsigned char>(text[i]));
    if (sequence.size == 0 || text.size() - i < sequence.size) {
      return false;
    }
    for (std::size_t k = 1; k < sequence.size; ++k) {
      const auto next = static_cast<unsigned char>(text[i + k]);
      const unsigned char min = k == 1 ? sequence.second_min : 0x80;
      const unsigned char max = k == 1 ? sequence.second_max : 0xbf;
      if (next < min || next > max) {
        return false;
      }
    }
    i += sequence.size;
  }
  return true;
}

Result<BasicCredentials, AuthorizationError> parse_basic_authorization(const Fields& fields) {
  const auto encoded = find_credentials(fields, "Basic");
  if (!encoded) {
    return fail(encoded.error());
  }
  auto decoded = security::decode_base64(*encoded);
  if (!decoded) {
    return fail(AuthorizationError::kMalformed);
  }
  auto credentials = split({static_cast<const char*>(static_cast<const void*>(decoded->data())), decoded->size()});
  OPENSSL_cleanse(decoded->data(), decoded->size());
  return credentials;
}

std::string basic_challenge(std::string_view realm) {
  std::string value = "Basic realm=\"";
  for (const char c : realm) {
    if (c == '"' || c == '\\') {
      value += '\\';
    }
    value += c;
  }
  return value + "\", charset=\"UTF-8\"";
}

Secret basic_authorization(std::string_view user, const Secret& password) {
  std::string plain(user);
  plain.reserve(user.size() + 1 + password.size());
  plain.append(":").append(password.reveal());
  std::string value = "Basic " + security::encode_base64(std::as_bytes(std::span(plain)));
  Secret secret(value);
  OPENSSL_cleanse(plain.data(), plain.size());
  OPENSSL_cleanse(value.data(), value.size());
  return secret;
}

}  // namespace lunaria::http
