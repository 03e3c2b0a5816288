#pragma once

// FileVolumeStore: the VolumeStore of the daemon: raw images on a file system, and memory.

#include "runtime/file.h"
#include "service/volume_store.h"

namespace lunaria::service {

/// Thread-safe as far as the file system is, which outlives it.
class FileVolumeStore final : public VolumeStore {
 public:
  explicit FileVolumeStore(runtime::FileSystem& files) : files_(files) {}

  Outcome<void> create(const StoreSpec& spec) override;
  Outcome<StoreFacts> examine(const std::string& path) override;
  Outcome<void> check_unused(const std::string& path) override;
  Outcome<std::string> real_path(const std::string& path) override;
  bool are_same(const std::string& left, const std::string& right) override;
  bool has_names_of_root(const std::string& directory) override;
  Outcome<void> resize(const StoreSpec& spec, std::uint64_t size) override;
  Outcome<void> rename(const std::string& from, const std::string& to) override;
  Outcome<void> remove(const std::string& path) override;
  Outcome<std::unique_ptr<block::Volume>> open(const StoreSpec& spec, runtime::Shard& home) override;
  std::unique_ptr<block::Volume> unavailable(const StoreSpec& spec, const std::string& reason,
                                             runtime::Shard& home) override;

 private:
  runtime::FileSystem& files_;
};

}  // namespace lunaria::service
