#pragma once

// Password hashes: argon2id (RFC 9106) as PHC text, "$argon2id$v=19$m=19456,t=2,p=1$salt$tag". The functions block for
// tens of milliseconds and use kArgonMemoryKib of memory: call them on a worker thread, a bounded number at once.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "security/limits.h"

namespace lunaria::security {

enum class PasswordError : std::uint8_t {
  kTooLong,      ///< longer than kPasswordBytesMax
  kEmpty,        ///< an empty password is never accepted
  kOutOfMemory,  ///< the hash's working memory could not be had
};

/// What a stored hash says about a password.
enum class PasswordVerdict : std::uint8_t {
  kMatch,
  kMatchOutdated,  ///< matches, but was made with weaker parameters than today's: hash again and store
  kMismatch,
  kUnreadable,  ///< the stored text is not an argon2id hash within our limits
  kOutOfMemory,
};

/// Hashes with today's parameters. `salt` must be fresh random bytes.
Result<std::string, PasswordError> hash_password(std::string_view password,
                                                 std::span<const std::byte, kArgonSaltBytes> salt);

/// Compares in constant time. The password may contain any byte, NUL included: all of it counts.
PasswordVerdict verify_password(std::string_view stored_hash, std::string_view password);

/// Costs what verify_password() costs and never succeeds: for unknown users, so that time does not tell who exists.
void verify_nobody(std::string_view password);

}  // namespace lunaria::security
