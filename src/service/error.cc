#include "service/error.h"

namespace lunaria::service {

std::string_view to_string(ErrorCode code) {
  switch (code) {
    case ErrorCode::kNotFound:
      return "not_found";
    case ErrorCode::kInvalidArgument:
      return "invalid_argument";
    case ErrorCode::kAlreadyExists:
      return "already_exists";
    case ErrorCode::kInUse:
      return "in_use";
    case ErrorCode::kPermissionDenied:
      return "permission_denied";
    case ErrorCode::kNotSupported:
      return "not_supported";
    case ErrorCode::kNoSpace:
      return "no_space";
    case ErrorCode::kIo:
      return "io";
    case ErrorCode::kBusy:
      return "busy";
    case ErrorCode::kShuttingDown:
      return "shutting_down";
  }
  return "unknown";
}

}  // namespace lunaria::service
