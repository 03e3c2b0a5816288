#include "http/negotiate_authorization.h"

#include <utility>

#include "http/limits.h"
#include "security/base64.h"

namespace lunaria::http {
namespace {

std::optional<std::vector<std::byte>> decode_token(std::string_view text) {
  if (text.empty() || text.size() > kNegotiateTextMax) {
    return std::nullopt;
  }
  return security::decode_base64(text);
}

}  // namespace

Result<std::vector<std::byte>, AuthorizationError> parse_negotiate_authorization(const Fields& fields) {
  const auto text = find_credentials(fields, kNegotiateChallenge);
  if (!text) {
    return fail(text.error());
  }
  auto token = decode_token(*text);
  if (!token) {
    return fail(AuthorizationError::kMalformed);
  }
  return *std::move(token);
}

std::string negotiate_value(std::span<const std::byte> token) {
  return std::string(kNegotiateChallenge) + ' ' + security::encode_base64(token);
}

std::optional<std::vector<std::byte>> find_negotiate_answer(const Fields& fields) {
  for (std::size_t i = 0; i < fields.size(); ++i) {
    const Field field = fields[i];
    if (!equals_ignoring_case(field.name, "WWW-Authenticate")) {
      continue;
    }
    const std::size_t blank = field.value.find(' ');
    if (blank != std::string_view::npos && equals_ignoring_case(field.value.substr(0, blank), kNegotiateChallenge)) {
      return decode_token(trim_blanks(field.value.substr(blank)));
    }
  }
  return std::nullopt;
}

}  // namespace lunaria::http
