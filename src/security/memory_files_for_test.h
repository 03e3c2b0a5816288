#pragma once

// A file system in memory for tests of this folder: names, contents and permissions, and a call that fails on demand.

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "runtime/file.h"
#include "runtime/random.h"

namespace lunaria::security::testing {

struct StoredFile {
  std::vector<std::byte> content;
  std::uint32_t permissions = 0640;
  bool synced = false;
};

class MemoryFiles final : public runtime::FileSystem {
 public:
  std::map<std::string, std::shared_ptr<StoredFile>> files;
  /// Counts down at each changing call; the one that finds it at zero fails with EIO. Negative: none fails.
  int calls_until_failure = -1;

  bool fails() { return calls_until_failure >= 0 && calls_until_failure-- == 0; }

  Result<std::unique_ptr<runtime::File>, runtime::IoError> open(const std::string& path,
                                                                const runtime::OpenOptions& options) override;
  Result<runtime::FileStatus, runtime::IoError> status(const std::string& path) override {
    const auto found = files.find(path);
    if (found == files.end()) {
      return fail(runtime::IoError{ENOENT});
    }
    return runtime::FileStatus{.size = found->second->content.size(), .permissions = found->second->permissions};
  }
  Result<void, runtime::IoError> remove(const std::string& path) override {
    if (fails()) {
      return fail(runtime::IoError{EIO});
    }
    files.erase(path);
    return {};
  }
  Result<void, runtime::IoError> rename(const std::string& from, const std::string& to) override {
    if (fails()) {
      return fail(runtime::IoError{EIO});
    }
    files[to] = files.at(from);
    files.erase(from);
    return {};
  }
  Result<void, runtime::IoError> create_directories(const std::string& /*path*/) override { return {}; }
  Result<std::string, runtime::IoError> real_path(const std::string& path) override { return path; }
  bool are_same(const std::string& left, const std::string& right) override { return left == right; }
  Result<void, runtime::IoError> sync_directory(const std::string& /*path*/) override {
    if (fails()) {
      return fail(runtime::IoError{EIO});
    }
    return {};
  }
};

class MemoryFile final : public runtime::File {
 public:
  MemoryFile(MemoryFiles& owner, std::shared_ptr<StoredFile> file) : owner_(owner), file_(std::move(file)) {}

  Result<std::uint64_t, runtime::IoError> size() const override { return file_->content.size(); }
  Result<std::size_t, runtime::IoError> read_at(std::uint64_t offset, std::span<std::byte> memory) override {
    // Short on purpose: readers must go on.
    const std::size_t count = std::min<std::size_t>({memory.size(), file_->content.size() - offset, 7});
    std::memcpy(memory.data(), file_->content.data() + offset, count);
    return count;
  }
  Result<void, runtime::IoError> write_at(std::uint64_t offset, std::span<const std::byte> memory) override {
    if (owner_.fails()) {
      return fail(runtime::IoError{ENOSPC});
    }
    file_->content.resize(std::max<std::size_t>(file_->content.size(), offset + memory.size()));
    std::ranges::copy(memory, file_->content.begin() + static_cast<std::ptrdiff_t>(offset));
    file_->synced = false;
    return {};
  }
  Result<void, runtime::IoError> truncate(std::uint64_t size) override {
    file_->content.resize(size);
    return {};
  }
  Result<void, runtime::IoError> allocate(std::uint64_t /*offset*/, std::uint64_t /*length*/) override { return {}; }
  Result<void, runtime::IoError> sync() override {
    if (owner_.fails()) {
      return fail(runtime::IoError{EIO});
    }
    file_->synced = true;
    return {};
  }
  Result<std::uint64_t, runtime::IoError> allocated_size() const override { return file_->content.size(); }
  Result<std::uint64_t, runtime::IoError> available_size() const override { return std::uint64_t{0}; }
  Result<std::uint64_t, runtime::IoError> next_data(std::uint64_t offset) const override { return offset; }
  Result<std::uint64_t, runtime::IoError> next_hole(std::uint64_t /*offset*/) const override {
    return file_->content.size();
  }

 private:
  MemoryFiles& owner_;
  std::shared_ptr<StoredFile> file_;
};

inline Result<std::unique_ptr<runtime::File>, runtime::IoError> MemoryFiles::open(const std::string& path,
                                                                                  const runtime::OpenOptions& options) {
  if (options.create_new) {
    if (fails()) {
      return fail(runtime::IoError{EIO});
    }
    if (files.contains(path)) {
      return fail(runtime::IoError{EEXIST});
    }
    files[path] = std::make_shared<StoredFile>();
    files[path]->permissions = options.owner_only ? 0600 : 0640;
  }
  const auto found = files.find(path);
  if (found == files.end()) {
    return fail(runtime::IoError{ENOENT});
  }
  return std::make_unique<MemoryFile>(*this, found->second);
}

/// Bytes that differ from fill to fill.
class CountingRandom final : public runtime::Random {
 public:
  void fill(std::span<std::byte> bytes) override {
    for (std::byte& byte : bytes) {
      byte = static_cast<std::byte>(next_++ * 37);
    }
  }

 private:
  unsigned next_ = 1;
};

}  // namespace lunaria::security::testing
