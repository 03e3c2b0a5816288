#pragma once

// For the tests of this folder: a reactor, a directory for files, and how many times the heap was asked.

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <tuple>
#include <type_traits>

#include "reactor/reactor.h"
#include "runtime/submit.h"

namespace lunaria::reactor::testing {

/// Calls of operator new in the whole process since its start.
std::uint64_t heap_calls();

/// What every backend promises: all tests of shards, sockets and files run on each.
template <class Parameter>
class BackendTestWith : public ::testing::TestWithParam<Parameter> {
 protected:
  std::unique_ptr<Reactor> start_reactor(std::size_t shard_count = 1) const {
    auto reactor = Reactor::start({.shard_count = shard_count, .worker_count = 2, .backend = backend()});
    EXPECT_TRUE(reactor.has_value());
    for (std::size_t i = 0; i < shard_count; ++i) {
      Shard& shard = (*reactor)->shard(i);
      (*reactor)->run_on(i, [&shard] { shard.set_busy_poll(std::chrono::microseconds(20)); });
    }
    return std::move(*reactor);
  }
  BackendChoice backend() const {
    if constexpr (std::is_same_v<Parameter, BackendChoice>) {
      return this->GetParam();
    } else {
      return std::get<BackendChoice>(this->GetParam());
    }
  }
};
using BackendTest = BackendTestWith<BackendChoice>;

inline auto every_backend() {
  return ::testing::Values(BackendChoice::kUring, BackendChoice::kEpoll);
}
inline std::string name_of(BackendChoice backend) {
  return backend == BackendChoice::kEpoll ? "Epoll" : "Uring";
}
inline std::string name_of_backend(const ::testing::TestParamInfo<BackendChoice>& info) {
  return name_of(info.param);
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
