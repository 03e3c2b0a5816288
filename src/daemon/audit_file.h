#pragma once

// AuditFile: lines appended to a file that is renamed once it is large: PATH, then PATH.1 (the last one before), PATH.2
// and so on; the oldest goes. Written through the page cache: a record survives the end of the process, whatever ended
// it; a power cut may take those of the last seconds.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "runtime/file.h"

namespace lunaria::daemon {

/// Calls block. One thread at a time.
class AuditFile final {
 public:
  struct Settings {
    std::string path;  ///< absolute; its directory is made
    std::uint64_t size_max = std::uint64_t{16} << 20;
    std::uint32_t count_max = 8;  ///< files, the one that is written included; at least 1
  };

  AuditFile(runtime::FileSystem& files, Settings settings) : files_(files), settings_(std::move(settings)) {}

  /// Opens what is there and goes on behind it, or makes it. A line that a crash has cut is ended first.
  Result<void, runtime::IoError> open();
  /// Whole lines. A failure leaves the file as it was, or with part of the lines; the next call writes over that part.
  Result<void, runtime::IoError> append(std::string_view lines);

 private:
  std::string name_of(std::uint32_t age) const;
  Result<void, runtime::IoError> rotate();
  Result<void, runtime::IoError> make();

  runtime::FileSystem& files_;
  Settings settings_;
  std::unique_ptr<runtime::File> file_;
  std::uint64_t size_ = 0;
};

}  // namespace lunaria::daemon
