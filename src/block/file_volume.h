#pragma once

// FileVolume: a disk in a raw file or on a block device, byte for byte. The caller has opened the file (open_volume.h).

#include <sys/uio.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "block/volume.h"
#include "runtime/file.h"
#include "runtime/shard.h"

namespace lunaria::block {

/// How a file backs its volume.
struct FileVolumeOptions {
  Geometry geometry;
  bool thin = true;  ///< unmapping punches holes; otherwise the space stays reserved and unmapping does nothing
  bool read_only = false;
  std::string path;  ///< for messages
};

/// Lives on `home`; owns the file. Whatever its caching, completed writes are on stable storage only after a flush or
/// when they were durable: page cache, file system metadata and drive caches lie in between.
///
/// A flush or a durable write that fails is never tried again: the kernel may have dropped the dirty pages, and the
/// next flush would say that all is well. The volume then enters the failed state for good.
class FileVolume final : public Volume {
 public:
  FileVolume(runtime::Shard& home, std::unique_ptr<runtime::File> file, FileVolumeOptions options);
  FileVolume(const FileVolume&) = delete;
  FileVolume& operator=(const FileVolume&) = delete;
  ~FileVolume() override;

  Geometry geometry() const override { return options_.geometry; }
  Features features() const override;
  bool submit(Request& request) noexcept override;
  std::optional<std::string> failure() const override { return failure_; }

 private:
  enum class Stage : std::uint8_t {
    kTransfer,      ///< read, write, durable write or sync
    kWhoseNoSpace,  ///< a plain write, to learn whether ENOSPC came from the write or from making it durable
    kClear,         ///< punch a hole or zero the range
    kZeroWrites,    ///< the same by writing zeros, where the file system cannot
    kSyncAfter,     ///< makes a cleared range durable
    kLook,          ///< asks the file system for holes, on a worker thread
  };
  static constexpr std::size_t kZeroParts = 16;
  struct Work;
  /// A step of run_blocking that knows its work.
  struct Step : runtime::Message {
    Work* work = nullptr;
  };
  /// One file request with what it is for. Kept in a pool that grows to the largest number in flight.
  struct Work : runtime::FileRequest {
    FileVolume* volume = nullptr;
    Request* request = nullptr;
    Stage stage = Stage::kTransfer;
    std::uint64_t cleared = 0;  ///< bytes written as zeros so far
    std::array<iovec, kZeroParts> zeros{};
    Step look;
    Step looked;
    Work* next_free = nullptr;
  };

  Work& take_work();
  bool run(Work& work) noexcept;
  void prepare(Work& work) noexcept;
  void prepare_zeros(Work& work) noexcept;
  bool settle(Work& work) noexcept;
  bool settle_transfer(Work& work) noexcept;
  bool settle_clear(Work& work) noexcept;
  void completed(Work& work) noexcept;
  bool look(Request& request) noexcept;
  static void look_for_holes(Work& work) noexcept;
  Request& finish(Work& work) noexcept;
  IoStatus classify(IoOperation operation, int error) noexcept;
  void enter_failed_state(std::string reason) noexcept;

  runtime::Shard& home_;
  std::unique_ptr<runtime::File> file_;
  FileVolumeOptions options_;
  std::optional<std::string> failure_;
  bool can_clear_ = true;  ///< until the file system says that it cannot
  std::vector<std::unique_ptr<std::array<Work, 16>>> works_;
  Work* free_works_ = nullptr;
  std::size_t in_flight_ = 0;
};

}  // namespace lunaria::block
