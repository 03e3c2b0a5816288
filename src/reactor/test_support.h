#pragma once

// For the tests of this folder: a reactor, a directory for files, and how many times the heap was asked.

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include "reactor/reactor.h"
#include "runtime/submit.h"

namespace lunaria::reactor::testing {

/// Calls of operator new in the whole process since its start.
std::uint64_t heap_calls();

inline std::unique_ptr<Reactor> start_reactor(std::size_t shard_count = 1) {
  auto reactor = Reactor::start({.shard_count = shard_count, .worker_count = 2});
  EXPECT_TRUE(reactor.has_value());
  return std::move(*reactor);
}

/// Removed with all that is in it.
class TemporaryDirectory final {
 public:
  explicit TemporaryDirectory(const std::string& parent = ::testing::TempDir())
      : path_((std::filesystem::path(parent) / "lunaria-XXXXXX").string()) {
    EXPECT_NE(::mkdtemp(path_.data()), nullptr);
  }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  ~TemporaryDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace lunaria::reactor::testing
