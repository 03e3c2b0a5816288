#pragma once

// FileEngine: a shard's file operations. What the page cache can answer is answered at once; the rest goes to the
// kernel and comes back. Internal to reactor.

#include <array>
#include <cstdint>
#include <deque>

#include "reactor/backend.h"
#include "reactor/parts.h"
#include "runtime/file.h"

namespace lunaria::reactor {

class LocalFile;
class Shard;

/// Single-threaded. Its pool of operations grows to the most that were ever in flight.
class FileEngine final {
 public:
  explicit FileEngine(Shard& shard) : shard_(shard) {}
  FileEngine(const FileEngine&) = delete;
  FileEngine& operator=(const FileEngine&) = delete;

  /// True when done already. `request.file` must be a LocalFile.
  bool submit(runtime::FileRequest& request) noexcept;

 private:
  /// A request on its way through the kernel, in as many steps as it takes.
  struct Step : KernelRequest {
    FileEngine* engine = nullptr;
    runtime::FileRequest* request = nullptr;
    std::uint64_t progress = 0;
    std::array<iovec, kPartsMax> storage{};
    Step* next_free = nullptr;
  };

  static bool try_inline(runtime::FileRequest& request, LocalFile& file, std::uint64_t& progress);
  bool finish_inline(runtime::FileRequest& request);
  void start(Step& step);
  void on_done(Step& step);

  Shard& shard_;
  std::deque<Step> steps_;
  Step* free_steps_ = nullptr;
  std::uint64_t turn_ = 0;
  unsigned inline_left_ = 0;
};

}  // namespace lunaria::reactor
