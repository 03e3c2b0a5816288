#pragma once

// How a CIM operation fails: the status codes of DSP0200 5.2 with a message for people.

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"

namespace lunaria::cim {

/// CIM status codes, DSP0200 table 3. Zero (success) is never an Error.
enum class Status : std::uint8_t {
  kFailed = 1,
  kAccessDenied = 2,
  kInvalidNamespace = 3,
  kInvalidParameter = 4,
  kInvalidClass = 5,
  kNotFound = 6,
  kNotSupported = 7,
  kClassHasChildren = 8,
  kClassHasInstances = 9,
  kInvalidSuperclass = 10,
  kAlreadyExists = 11,
  kNoSuchProperty = 12,
  kTypeMismatch = 13,
  kQueryLanguageNotSupported = 14,
  kInvalidQuery = 15,
  kMethodNotAvailable = 16,
  kMethodNotFound = 17,
  kNamespaceNotEmpty = 20,
  kInvalidEnumerationContext = 21,
  kInvalidOperationTimeout = 22,
  kPullHasBeenAbandoned = 23,
  kPullCannotBeAbandoned = 24,
  kFilteredEnumerationNotSupported = 25,
  kContinuationOnErrorNotSupported = 26,
  kServerLimitsExceeded = 27,
  kServerIsShuttingDown = 28,
};

/// "CIM_ERR_NOT_FOUND"; "CIM_ERR_FAILED" for a number that is none of them.
std::string_view status_name(Status status);

/// A failed operation. The message says what was wrong and with what; it never holds secrets.
struct Error {
  Status status = Status::kFailed;
  std::string message;

  Error() = default;
  explicit Error(Status error_status, std::string error_message = {})
      : status(error_status), message(std::move(error_message)) {}
  /// "CIM_ERR_NOT_FOUND: message".
  std::string to_string() const;
  friend bool operator==(const Error&, const Error&) = default;
};

}  // namespace lunaria::cim
