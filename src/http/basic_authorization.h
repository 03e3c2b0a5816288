#pragma once

// The Authorization field of the Basic scheme (RFC 7617), parsed strictly.

#include <string>
#include <string_view>

#include "base/result.h"
#include "base/secret.h"
#include "http/authorization.h"
#include "http/fields.h"

namespace lunaria::http {

struct BasicCredentials {
  std::string user;  ///< UTF-8, not empty, no control characters, no colon
  Secret password;   ///< UTF-8, no control characters; may be empty
};

/// Takes the credentials out of a request's fields. Malformed: not base64, no colon, too long, not UTF-8, or with a
/// control character, NUL above all, wherever it stands.
Result<BasicCredentials, AuthorizationError> parse_basic_authorization(const Fields& fields);

/// The value of a WWW-Authenticate field: `Basic realm="...", charset="UTF-8"`.
std::string basic_challenge(std::string_view realm);

/// The value of an Authorization field, for clients.
Secret basic_authorization(std::string_view user, const Secret& password);

/// Whether the text is well-formed UTF-8 (RFC 3629): no overlong forms, no surrogates.
bool is_utf8(std::string_view text);

}  // namespace lunaria::http
