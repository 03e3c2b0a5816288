#pragma once

// The machine's files and block devices.

#include <atomic>

#include "reactor/descriptor.h"
#include "reactor/device_claims.h"
#include "runtime/file.h"

namespace lunaria::reactor {

/// An open file or block device; FileRequests for it go to any shard of a Reactor. Synchronous members are thread-safe.
class LocalFile final : public runtime::File {
 public:
  /// What kind of file it is decides how it is read and written.
  struct Traits {
    bool is_block_device = false;
    bool is_direct = false;
    bool is_in_memory = false;  ///< on a file system that has no device, where no page is ever waited for
  };
  LocalFile(Descriptor descriptor, const Traits& traits, DeviceClaims::Claim claim = {});

  Result<std::uint64_t, runtime::IoError> size() const override;
  Result<std::size_t, runtime::IoError> read_at(std::uint64_t offset, std::span<std::byte> memory) override;
  Result<void, runtime::IoError> write_at(std::uint64_t offset, std::span<const std::byte> memory) override;
  Result<void, runtime::IoError> truncate(std::uint64_t size) override;
  Result<void, runtime::IoError> allocate(std::uint64_t offset, std::uint64_t length) override;
  Result<void, runtime::IoError> sync() override;
  Result<std::uint64_t, runtime::IoError> allocated_size() const override;
  Result<std::uint64_t, runtime::IoError> available_size() const override;
  Result<std::uint64_t, runtime::IoError> next_data(std::uint64_t offset) const override;
  Result<std::uint64_t, runtime::IoError> next_hole(std::uint64_t offset) const override;

  // For FileEngine. Whether the kernel takes RWF_NOWAIT for this file is learned by trying.
  int fd() const { return descriptor_.get(); }
  bool is_direct() const { return traits_.is_direct; }
  bool is_in_memory() const { return traits_.is_in_memory; }
  bool reads_inline() const { return reads_inline_.load(std::memory_order_relaxed); }
  bool writes_inline() const { return writes_inline_.load(std::memory_order_relaxed); }
  void set_reads_inline(bool on) { reads_inline_.store(on, std::memory_order_relaxed); }
  void set_writes_inline(bool on) { writes_inline_.store(on, std::memory_order_relaxed); }

 private:
  Result<std::uint64_t, runtime::IoError> seek(std::uint64_t offset, int whence) const;

  Descriptor descriptor_;
  Traits traits_;
  DeviceClaims::Claim claim_;
  std::atomic<bool> reads_inline_;
  std::atomic<bool> writes_inline_;
};

/// Names in the machine's file systems. Outlives the block devices that are open exclusively.
class LocalFileSystem final : public runtime::FileSystem {
 public:
  /// Regular files and block devices only: EINVAL for others, EISDIR for directories.
  Result<std::unique_ptr<runtime::File>, runtime::IoError> open(const std::string& path,
                                                                const runtime::OpenOptions& options) override;
  Result<runtime::FileStatus, runtime::IoError> status(const std::string& path) override;
  Result<void, runtime::IoError> remove(const std::string& path) override;
  Result<void, runtime::IoError> rename(const std::string& from, const std::string& to) override;
  Result<void, runtime::IoError> create_directories(const std::string& path) override;
  Result<void, runtime::IoError> sync_directory(const std::string& path) override;
  Result<std::string, runtime::IoError> real_path(const std::string& path) override;
  bool are_same(const std::string& left, const std::string& right) override;

 private:
  DeviceClaims claims_;
};

}  // namespace lunaria::reactor
