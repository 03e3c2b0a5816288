#pragma once

// An Error as an instance of CIM_Error (DSP0200 7.5), and the parts of one that its status decides, for protocols that
// write it themselves.

#include <cstdint>
#include <string>

#include "cim/error.h"
#include "cim/instance.h"

namespace lunaria::cim {

/// OwningEntity of our messages.
inline constexpr std::string_view kErrorOwningEntity = "Lunaria";
/// ErrorType where the request does not fit what is there; then kOtherErrorType says so.
inline constexpr std::uint16_t kErrorTypeOther = 1;
inline constexpr std::string_view kOtherErrorType = "Request";

/// ErrorType.
std::uint16_t error_type(Status status);
/// PerceivedSeverity: major where we failed, degraded where it may work later, else information.
std::uint16_t error_severity(Status status);
/// MessageID: "LUN0006".
std::string error_message_id(Status status);
/// The message, or the name of the status where there is none.
std::string_view error_message(const Error& error);

/// `cls` is CIM_Error or one below it.
Instance error_instance(const ClassPtr& cls, const Error& error);

}  // namespace lunaria::cim
