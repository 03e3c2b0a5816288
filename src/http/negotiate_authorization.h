#pragma once

// The Negotiate scheme (RFC 4559 4): a GSSAPI token in base64, from the client in Authorization, from the server in
// WWW-Authenticate. What the token says is not looked at here.

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "http/authorization.h"
#include "http/fields.h"

namespace lunaria::http {

/// The challenge before any token was seen.
inline constexpr std::string_view kNegotiateChallenge = "Negotiate";

/// Takes the client's token out of a request's fields: not empty, at most kNegotiateTokenMax bytes, strict base64.
Result<std::vector<std::byte>, AuthorizationError> parse_negotiate_authorization(const Fields& fields);

/// The value of an Authorization or WWW-Authenticate field.
std::string negotiate_value(std::span<const std::byte> token);

/// For clients: the server's token in a response's fields; nothing when it sent none, or none that can be read.
std::optional<std::vector<std::byte>> find_negotiate_answer(const Fields& fields);

}  // namespace lunaria::http
