#pragma once

// Which method parameters and properties hold secrets. Whatever tells others what a client sent (indications of method
// calls) leaves those out. There are two ways to be secret, so that nobody who declares a method needs to know this
// file: the qualifier Secret, and a name that speaks of one. Pure functions.

#include <string_view>

#include "cim/method.h"
#include "cim/property.h"
#include "cim/value.h"

namespace lunaria::cim {

/// The qualifier; ours, not of DSP0004.
inline constexpr std::string_view kSecretQualifier = "Secret";

/// Whether a name speaks of a password, a key, a token or the like, in whatever case: "CHAPSecret", "new_password". One
/// name too many costs a listener a value that it can read elsewhere.
bool is_secret_name(std::string_view name);
bool is_secret(const Parameter& parameter);
bool is_secret(const Property& property);
/// Whether what the method returns is secret; numbers never are, most of them are status codes.
bool returns_secret(const Method& method);
/// The value, with the secret properties of the instances embedded in it made absent, however deep they lie.
Value without_secrets(const Value& value);

}  // namespace lunaria::cim
