#pragma once

// The host key's file: 32 random bytes, mode 0600, made at first start. Blocks: start-up only.

#include <string>

#include "base/result.h"
#include "runtime/file.h"
#include "runtime/random.h"
#include "security/secret_box.h"

namespace lunaria::security {

/// Why there is no host key: one sentence for the log, naming the path and what to do.
struct HostKeyError {
  std::string message;
};

/// Reads the key at `path`; makes it, durably, when there is no such file. A key of the wrong size, or one that others
/// may read, is refused and never replaced: every sealed secret would be lost with it.
Result<HostKey, HostKeyError> load_or_create_host_key(runtime::FileSystem& files, runtime::Random& random,
                                                      const std::string& path);

}  // namespace lunaria::security
