#pragma once

// IoError: why a file or socket operation failed, as an errno value with a name.

#include <string>

namespace lunaria::runtime {

/// A positive errno value, e.g. ENOSPC.
struct IoError {
  int code = 0;
  friend bool operator==(const IoError&, const IoError&) = default;
};

/// "No space left on device (ENOSPC)".
std::string to_string(IoError error);

}  // namespace lunaria::runtime
