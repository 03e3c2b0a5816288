#pragma once

// Error: why the catalogue did not do what it was asked for, in words that an administrator can act on.

#include <cstdint>
#include <string>

#include "base/result.h"

namespace lunaria::catalogue {

enum class ErrorCode : std::uint8_t {
  kCannotOpen,   ///< no such directory, or no right to it
  kReadOnly,     ///< the file or its directory cannot be written
  kInUse,        ///< another process has it open
  kCorrupt,      ///< damaged, or not a catalogue
  kNewerSchema,  ///< written by a later version of Lunaria
  kNoSpace,      ///< the file system is full
  kIo,           ///< a read, write or sync failed
  kConflict,     ///< the change breaks a rule of the schema: something is taken, missing or still referred to
};

struct Error {
  ErrorCode code = ErrorCode::kIo;
  std::string message;
};

template <class T>
using Outcome = Result<T, Error>;

}  // namespace lunaria::catalogue
