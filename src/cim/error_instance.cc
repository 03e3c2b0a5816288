#include "cim/error_instance.h"

#include <fmt/format.h>

#include "base/check.h"

namespace lunaria::cim {

std::uint16_t error_type(Status status) {
  constexpr std::uint16_t kSoftwareError = 4;
  constexpr std::uint16_t kSecurityError = 7;
  constexpr std::uint16_t kOversubscriptionError = 8;
  constexpr std::uint16_t kUnavailableResourceError = 9;
  constexpr std::uint16_t kUnsupportedOperationError = 10;
  switch (status) {
    case Status::kFailed:
      return kSoftwareError;
    case Status::kAccessDenied:
      return kSecurityError;
    case Status::kServerLimitsExceeded:
      return kOversubscriptionError;
    case Status::kServerIsShuttingDown:
      return kUnavailableResourceError;
    case Status::kNotSupported:
      return kUnsupportedOperationError;
    default:
      return kErrorTypeOther;
  }
}

std::uint16_t error_severity(Status status) {
  constexpr std::uint16_t kInformation = 2;
  constexpr std::uint16_t kDegraded = 3;
  constexpr std::uint16_t kMajor = 5;
  if (status == Status::kFailed) {
    return kMajor;
  }
  return status == Status::kServerLimitsExceeded || status == Status::kServerIsShuttingDown ? kDegraded : kInformation;
}

std::string error_message_id(Status status) {
  return fmt::format("LUN{:04}", static_cast<unsigned>(status));
}

std::string_view error_message(const Error& error) {
  return error.message.empty() ? status_name(error.status) : std::string_view(error.message);
}

Instance error_instance(const ClassPtr& cls, const Error& error) {
  Instance instance(cls);
  const std::uint16_t type = error_type(error.status);
  bool is_complete = instance.set("OwningEntity", Value(kErrorOwningEntity));
  is_complete &= instance.set("MessageID", Value(error_message_id(error.status)));
  is_complete &= instance.set("Message", Value(error_message(error)));
  is_complete &= instance.set("ErrorType", Value(type));
  if (type == kErrorTypeOther) {
    is_complete &= instance.set("OtherErrorType", Value(kOtherErrorType));
  }
  is_complete &= instance.set("PerceivedSeverity", Value(error_severity(error.status)));
  is_complete &= instance.set("CIMStatusCode", Value(static_cast<std::uint32_t>(error.status)));
  is_complete &= instance.set("CIMStatusCodeDescription", Value(status_name(error.status)));
  check(is_complete, "CIM_Error has these properties");
  return instance;
}

}  // namespace lunaria::cim
