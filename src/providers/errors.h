#pragma once

// The one table that says which CIM status a failure of the service becomes.

#include <string>

#include "cim/error.h"
#include "service/error.h"

namespace lunaria::providers {

/// The status for a code. What is in use, out of space, out of order or busy is FAILED: its message names the holder or
/// the cause, as CIM has no status of its own for these.
constexpr cim::Status to_status(service::ErrorCode code) {
  switch (code) {
    case service::ErrorCode::kNotFound:
      return cim::Status::kNotFound;
    case service::ErrorCode::kInvalidArgument:
      return cim::Status::kInvalidParameter;
    case service::ErrorCode::kAlreadyExists:
      return cim::Status::kAlreadyExists;
    case service::ErrorCode::kPermissionDenied:
      return cim::Status::kAccessDenied;
    case service::ErrorCode::kNotSupported:
      return cim::Status::kNotSupported;
    case service::ErrorCode::kShuttingDown:
      return cim::Status::kServerIsShuttingDown;
    case service::ErrorCode::kInUse:
    case service::ErrorCode::kNoSpace:
    case service::ErrorCode::kIo:
    case service::ErrorCode::kBusy:
      return cim::Status::kFailed;
  }
  return cim::Status::kFailed;
}

/// Keeps the message.
cim::Error to_cim(const service::Error& error);

// What providers find wrong themselves.

cim::Error invalid_parameter(std::string message);
cim::Error not_found(std::string message);
cim::Error not_supported(std::string message);

}  // namespace lunaria::providers
