#pragma once

// Error: why the service did not do what it was asked for. Each front end maps the code to its own status (CIM, HTTP,
// exit code) in one table; the message is for people.

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "runtime/task.h"

namespace lunaria::service {

enum class ErrorCode : std::uint8_t {
  kNotFound,          ///< no such disk, target, mapping, session, user, job
  kInvalidArgument,   ///< bad name, path, size, IQN, secret, LUN, range
  kAlreadyExists,     ///< a name, IQN, path, LUN or mapping is taken
  kInUse,             ///< mapped, connected or otherwise held; the message names the holder
  kPermissionDenied,  ///< the principal's role is not enough
  kNotSupported,      ///< known, but not offered here or for this kind of object
  kNoSpace,           ///< the store is full
  kIo,                ///< the store, the catalogue or the host failed
  kBusy,              ///< another operation on the same object is under way: try again
  kShuttingDown,      ///< the service is stopping or not started
};

/// "not_found", "invalid_argument", ...: stable names for logs and scripts.
std::string_view to_string(ErrorCode code);

/// The message is one or two sentences: the cause, and what to do next. Never a secret.
struct Error {
  ErrorCode code = ErrorCode::kIo;
  std::string message;
  friend bool operator==(const Error&, const Error&) = default;
};

template <class T>
using Outcome = Result<T, Error>;
/// What every call of the service returns; await it on the control shard.
template <class T>
using Reply = runtime::Task<Outcome<T>>;

}  // namespace lunaria::service
