#pragma once

// Small files that matter (keys, certificates): read whole, written durably. The calls block: start-up and worker
// threads only.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "runtime/file.h"

namespace lunaria::security {

/// Reads a file of at most `size_max` bytes; EFBIG when it is larger, EISDIR for a directory.
Result<std::vector<std::byte>, runtime::IoError> read_small_file(runtime::FileSystem& files, const std::string& path,
                                                                 std::size_t size_max);

enum class FileAccess : std::uint8_t {
  kShared,     ///< the usual mode
  kOwnerOnly,  ///< 0600
};

/// Writes a new file beside it, syncs, renames it into place and syncs the directory: after a crash there is the old
/// content or the new, never a part.
Result<void, runtime::IoError> write_small_file(runtime::FileSystem& files, const std::string& path,
                                                std::span<const std::byte> content, FileAccess access);

}  // namespace lunaria::security
