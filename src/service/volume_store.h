#pragma once

// VolumeStore: how the service makes, opens and removes what disks keep their blocks in. The daemon uses
// file_volume_store.h, tests a fake. Calls block: worker threads only.

#include <cstdint>
#include <memory>
#include <string>

#include "block/volume.h"
#include "runtime/shard.h"
#include "service/disk.h"
#include "service/error.h"

namespace lunaria::service {

/// A disk's store.
struct StoreSpec {
  DiskKind kind = DiskKind::kThin;
  Caching caching = Caching::kBuffered;
  std::string path;        ///< empty for RAM
  std::uint64_t size = 0;  ///< bytes
  std::uint32_t logical_block_size = 512;
  std::uint32_t physical_block_size = 4096;
  bool read_only = false;
};

/// What there is at a path.
struct StoreFacts {
  std::uint64_t size = 0;
  std::uint64_t allocated_size = 0;
};

class VolumeStore {
 public:
  virtual ~VolumeStore() = default;

  /// Makes the image at `spec.path` and its directory; complete and durable (names too) when it returns. kAlreadyExists
  /// when there is something; on every other failure nothing is left behind.
  virtual Outcome<void> create(const StoreSpec& spec) = 0;
  /// kNotFound when there is nothing at the path.
  virtual Outcome<StoreFacts> examine(const std::string& path) = 0;
  /// kInUse for a block device that is mounted or somebody else's.
  virtual Outcome<void> check_unused(const std::string& path) = 0;
  /// Where a path leads: without symbolic links as far as there is something.
  virtual Outcome<std::string> real_path(const std::string& path) = 0;
  /// Whether both lead to one file or directory; false where either leads nowhere.
  virtual bool are_same(const std::string& left, const std::string& right) = 0;
  /// Whether nobody but root makes, exchanges and removes names in the directory.
  virtual bool has_names_of_root(const std::string& directory) = 0;
  /// Changes the size of the image, durably; preallocated ones get the space.
  virtual Outcome<void> resize(const StoreSpec& spec, std::uint64_t size) = 0;
  /// Durably renames an image within its directory; fails when `to` exists.
  virtual Outcome<void> rename(const std::string& from, const std::string& to) = 0;
  /// Removes it durably; no error when it is not there.
  virtual Outcome<void> remove(const std::string& path) = 0;
  /// Opens it for `home`, on which it lives from then on. A missing, short or unreadable image is an error.
  virtual Outcome<std::unique_ptr<block::Volume>> open(const StoreSpec& spec, runtime::Shard& home) = 0;
  /// A volume with the shape of `spec` whose every operation fails and whose failure() is `reason`: what stands in for
  /// a disk that is disabled or could not be opened.
  virtual std::unique_ptr<block::Volume> unavailable(const StoreSpec& spec, const std::string& reason,
                                                     runtime::Shard& home) = 0;
};

}  // namespace lunaria::service
