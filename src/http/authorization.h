#pragma once

// What the schemes of the Authorization field (RFC 9110 11.6.2) have in common. Credentials are judged for every
// request: nothing here, nor in the server, remembers them for a connection.

#include <cstdint>
#include <string_view>

#include "base/result.h"
#include "http/fields.h"

namespace lunaria::http {

enum class AuthorizationError : std::uint8_t {
  kMissing,      ///< no Authorization field: answer 401 with a challenge
  kRepeated,     ///< more than one: answer 400
  kOtherScheme,  ///< not the scheme that was asked about: try the next, or answer 401
  kMalformed,    ///< the scheme without credentials, or with such as it does not have: answer 400
};

/// What stands behind the scheme's name, without the blanks between them; it may be empty. Valid until `fields` change.
Result<std::string_view, AuthorizationError> find_credentials(const Fields& fields, std::string_view scheme);

}  // namespace lunaria::http
