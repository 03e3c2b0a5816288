#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <deque>
#include <vector>

#include "reactor/local_file.h"
#include "reactor/parts.h"
#include "reactor/test_support.h"

namespace lunaria::reactor {
namespace {

using runtime::File;
using runtime::FileOperation;
using runtime::FileRequest;
using runtime::Gate;
using runtime::Task;
using testing::TemporaryDirectory;

/// Coroutine frames hold the request; the result comes back by reference.
Task<void> run_request(runtime::Shard& shard, File& file, FileOperation operation, std::uint64_t offset,
                       std::vector<iovec>& memory, std::uint64_t length, std::int64_t& result) {
  FileRequest request;
  request.file = &file;
  request.operation = operation;
  request.offset = offset;
  request.memory = memory;
  request.length = memory.empty() ? length : length_of(memory);
  co_await submit(shard, request);
  result = request.result;
}

std::vector<std::byte> pattern(std::size_t size, unsigned salt = 0) {
  std::vector<std::byte> bytes(size);
  for (std::size_t i = 0; i < size; ++i) {
    bytes[i] = static_cast<std::byte>(i * 31 + i / 4096 + salt);
  }
  return bytes;
}

/// The same promises on a file system with a device and on one in memory.
class FileTest : public testing::BackendTestWith<std::tuple<const char*, BackendChoice>> {
 protected:
  std::int64_t run(File& file, FileOperation operation, std::uint64_t offset, std::vector<iovec> memory,
                   std::uint64_t length = 0) {
    std::int64_t result = 0;
    reactor_->run_to_completion(0, run_request(reactor_->shard(0), file, operation, offset, memory, length, result));
    return result;
  }
  std::int64_t run(File& file, FileOperation operation, std::uint64_t offset, std::span<std::byte> memory) {
    return run(file, operation, offset, std::vector{iovec{.iov_base = memory.data(), .iov_len = memory.size()}});
  }
  std::unique_ptr<File> make(const std::string& name, runtime::OpenOptions options = {.create_new = true}) {
    auto file = reactor_->files().open(directory_ / name, options);
    EXPECT_TRUE(file.has_value());
    return std::move(*file);
  }

  static std::string place() {
    const char* parent = std::get<const char*>(GetParam());
    return parent != nullptr ? parent : ::testing::TempDir();
  }

  TemporaryDirectory directory_{place()};
  std::unique_ptr<Reactor> reactor_ = start_reactor();
};

INSTANTIATE_TEST_SUITE_P(Places, FileTest,
                         ::testing::Combine(::testing::Values(nullptr, "/dev/shm"), testing::every_backend()),
                         [](const auto& info) {
                           const bool on_device = std::get<const char*>(info.param) == nullptr;
                           return (on_device ? "OnDevice" : "InMemory") +
                                  testing::name_of(std::get<BackendChoice>(info.param));
                         });

TEST_P(FileTest, ReadsBackWhatItWrote) {
  auto file = make("a");
  std::vector<std::byte> out = pattern(300'000);
  EXPECT_EQ(run(*file, FileOperation::kWrite, 777, out), 300'000);
  std::vector<std::byte> in(300'000);
  EXPECT_EQ(run(*file, FileOperation::kRead, 777, in), 300'000);
  EXPECT_TRUE(in == out);
  EXPECT_EQ(file->size().value(), 300'777U);
}

TEST_P(FileTest, ReadsAreShortOnlyAtTheEnd) {
  auto file = make("a");
  std::vector<std::byte> bytes = pattern(5000);
  EXPECT_EQ(run(*file, FileOperation::kWrite, 0, bytes), 5000);
  EXPECT_EQ(run(*file, FileOperation::kRead, 4000, bytes), 1000);
  EXPECT_EQ(run(*file, FileOperation::kRead, 5000, bytes), 0);
  EXPECT_EQ(run(*file, FileOperation::kRead, 1 << 20, bytes), 0);
  EXPECT_EQ(run(*file, FileOperation::kRead, 0, std::span<std::byte>()), 0);
}

TEST_P(FileTest, ReadsWhatIsNotInThePageCache) {
  const std::string path = directory_ / "a";
  auto file = make("a");
  std::vector<std::byte> out = pattern(1 << 20);
  ASSERT_TRUE(file->write_at(0, out));
  ASSERT_TRUE(file->sync());
  const Descriptor descriptor(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  ASSERT_EQ(::posix_fadvise(descriptor.get(), 0, 0, POSIX_FADV_DONTNEED), 0);
  // Part of it is in the cache, so that a first answer is partial.
  std::vector<std::byte> first(100);
  ASSERT_EQ(run(*file, FileOperation::kRead, 0, first), 100);
  std::vector<std::byte> in(1 << 20);
  std::vector<iovec> parts;
  for (std::size_t at = 0; at < in.size(); at += 1 << 14) {
    parts.push_back({.iov_base = in.data() + at, .iov_len = 1 << 14});
  }
  ASSERT_GT(parts.size(), kPartsMax);
  EXPECT_EQ(run(*file, FileOperation::kRead, 0, parts), 1 << 20);
  EXPECT_TRUE(in == out);
}

TEST_P(FileTest, MovesScatteredMemory) {
  auto file = make("a");
  std::vector<std::byte> out = pattern(100 * 37);
  std::vector<iovec> parts;
  for (std::size_t at = 0; at < out.size(); at += 37) {
    parts.push_back({.iov_base = out.data() + at, .iov_len = 37});
  }
  EXPECT_EQ(run(*file, FileOperation::kWrite, 10, parts), 3700);
  EXPECT_EQ(run(*file, FileOperation::kWriteDurable, 10, parts), 3700);
  std::vector<std::byte> in(3700);
  EXPECT_EQ(file->read_at(10, in).value(), 3700U);
  EXPECT_EQ(in, out);
}

TEST_P(FileTest, SyncsAndWritesDurably) {
  auto file = make("a");
  std::vector<std::byte> bytes = pattern(4096);
  EXPECT_EQ(run(*file, FileOperation::kWriteDurable, 0, bytes), 4096);
  EXPECT_EQ(run(*file, FileOperation::kSync, 0, std::vector<iovec>{}), 0);
}

TEST_P(FileTest, PunchesHolesWithoutChangingTheSize) {
  auto file = make("a");
  std::vector<std::byte> bytes = pattern(1 << 16, 1);
  ASSERT_EQ(run(*file, FileOperation::kWrite, 0, bytes), 1 << 16);
  EXPECT_EQ(run(*file, FileOperation::kPunchHole, 4096, {}, 1 << 20), 0);
  EXPECT_EQ(file->size().value(), 1U << 16);
  EXPECT_EQ(file->next_hole(0).value(), 4096U);
  EXPECT_EQ(file->next_data(4096).error().code, ENXIO);
  EXPECT_LT(file->allocated_size().value(), 1U << 16);
  std::vector<std::byte> in(8192);
  EXPECT_EQ(run(*file, FileOperation::kRead, 0, in), 8192);
  EXPECT_TRUE(std::equal(in.begin(), in.begin() + 4096, bytes.begin()));
  EXPECT_TRUE(std::all_of(in.begin() + 4096, in.end(), [](std::byte byte) { return byte == std::byte{0}; }));
}

TEST_P(FileTest, AllocatesSpaceThatReadsAsZeros) {
  auto file = make("a");
  ASSERT_TRUE(file->allocate(0, 1 << 16));
  EXPECT_EQ(file->size().value(), 1U << 16);
  EXPECT_GE(file->allocated_size().value(), 1U << 16);
  std::vector<std::byte> in(4096, std::byte{1});
  EXPECT_EQ(run(*file, FileOperation::kRead, 4096, in), 4096);
  EXPECT_EQ(in, std::vector<std::byte>(4096));
  ASSERT_TRUE(file->truncate(100));
  EXPECT_EQ(file->size().value(), 100U);
}

TEST_P(FileTest, DirectFilesMoveAlignedMemory) {
  make("a").reset();
  auto file = make("a", {.direct = true});
  ASSERT_TRUE(file->allocate(0, 1 << 20));
  const std::size_t size = 1 << 18;
  const std::unique_ptr<std::byte, decltype(&std::free)> memory(static_cast<std::byte*>(std::aligned_alloc(4096, size)),
                                                                &std::free);
  const std::span<std::byte> bytes(memory.get(), size);
  std::ranges::copy(pattern(size), bytes.begin());
  EXPECT_EQ(run(*file, FileOperation::kWrite, 4096, bytes), static_cast<std::int64_t>(size));
  std::ranges::fill(bytes, std::byte{0});
  EXPECT_EQ(run(*file, FileOperation::kRead, 4096, bytes), static_cast<std::int64_t>(size));
  EXPECT_TRUE(std::ranges::equal(bytes, pattern(size)));
}

TEST_P(FileTest, AReadOnlyFileRefusesWrites) {
  make("a").reset();
  auto file = make("a", {.write = false});
  std::vector<std::byte> bytes(512);
  EXPECT_EQ(run(*file, FileOperation::kWrite, 0, bytes), -EBADF);
  EXPECT_EQ(run(*file, FileOperation::kWriteDurable, 0, bytes), -EBADF);
  EXPECT_EQ(run(*file, FileOperation::kPunchHole, 0, {}, 512), -EBADF);
}

TEST_P(FileTest, AWriteThatOnlyFitsInPartFails) {
  auto file = make("a");
  // Past the limit a process gets a signal, and its writes are cut short before they fail.
  ASSERT_NE(std::signal(SIGXFSZ, SIG_IGN), SIG_ERR);
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  const rlimit limit{.rlim_cur = 10'000, .rlim_max = before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &limit), 0);
  std::vector<std::byte> bytes = pattern(20'000);
  const std::int64_t result = run(*file, FileOperation::kWrite, 0, bytes);
  const std::int64_t durable = run(*file, FileOperation::kWriteDurable, 0, bytes);
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
  EXPECT_EQ(result, -EFBIG);
  EXPECT_EQ(durable, -EFBIG);
  EXPECT_EQ(file->size().value(), 10'000U);
}

Task<void> write_many(runtime::Shard& shard, File& file, std::vector<std::byte>& bytes,
                      std::deque<std::int64_t>& results) {
  Gate gate;
  std::deque<std::vector<iovec>> memory;
  constexpr std::size_t kBlock = 512;
  for (std::size_t at = 0; at < bytes.size(); at += kBlock) {
    memory.push_back({{.iov_base = bytes.data() + at, .iov_len = kBlock}});
    std::int64_t& result = results.emplace_back();
    spawn(gate, run_request(shard, file, FileOperation::kWrite, at, memory.back(), 0, result));
  }
  gate.close();
  co_await gate.drained();
}

TEST_P(FileTest, TakesMoreRequestsThanTheRingHolds) {
  auto file = make("a");
  std::vector<std::byte> bytes = pattern(3000 * 512);
  std::deque<std::int64_t> results;
  reactor_->run_to_completion(0, write_many(reactor_->shard(0), *file, bytes, results));
  EXPECT_EQ(results.size(), 3000U);
  EXPECT_TRUE(std::ranges::all_of(results, [](std::int64_t result) { return result == 512; }));
  std::vector<std::byte> in(bytes.size());
  EXPECT_EQ(file->read_at(0, in).value(), bytes.size());
  EXPECT_TRUE(in == bytes);
}

Task<void> read_byte_many_times(runtime::Shard& shard, File& file, int count, std::int64_t& sum) {
  std::byte byte{};
  const iovec part{.iov_base = &byte, .iov_len = 1};
  for (int i = 0; i < count; ++i) {
    FileRequest request;
    request.file = &file;
    request.memory = {&part, 1};
    request.length = 1;
    co_await submit(shard, request);
    sum += request.result;
  }
}

TEST_P(FileTest, MillionReadyCompletionsDoNotGrowTheStack) {
  auto file = make("a");
  ASSERT_TRUE(file->write_at(0, std::vector<std::byte>(1)));
  std::int64_t sum = 0;
  reactor_->run_to_completion(0, read_byte_many_times(reactor_->shard(0), *file, 1'000'000, sum));
  EXPECT_EQ(sum, 1'000'000);
}

TEST(LocalFileSystem, SaysWhyAFileIsNotThere) {
  const TemporaryDirectory directory;
  LocalFileSystem files;
  EXPECT_EQ(files.open(directory / "none", {}).error().code, ENOENT);
  EXPECT_EQ(files.open(directory.path(), {.write = false}).error().code, EISDIR);
  EXPECT_EQ(files.open("/dev/null", {}).error().code, EINVAL);
  ASSERT_EQ(::mkfifo((directory / "pipe").c_str(), 0600), 0);
  EXPECT_EQ(files.open(directory / "pipe", {}).error().code, EINVAL);
  ASSERT_TRUE(files.open(directory / "a", {.create_new = true}));
  EXPECT_EQ(files.open(directory / "a", {.create_new = true}).error().code, EEXIST);
  EXPECT_EQ(files.status(directory / "none").error().code, ENOENT);
  EXPECT_EQ(files.remove(directory / "none").error().code, ENOENT);
}

TEST(LocalFileSystem, KnowsWhereAPathLeads) {
  const TemporaryDirectory directory;
  LocalFileSystem files;
  ASSERT_TRUE(files.create_directories(directory / "real"));
  ASSERT_TRUE(files.open(directory / "real/file", {.create_new = true}));
  ASSERT_EQ(::symlink((directory / "real").c_str(), (directory / "link").c_str()), 0);
  ASSERT_EQ(::link((directory / "real/file").c_str(), (directory / "second").c_str()), 0);
  const std::string real = *files.real_path(directory / "real/file");
  EXPECT_EQ(files.real_path(directory / "link/file"), real);
  EXPECT_EQ(files.real_path("/proc/self/root" + directory / "link/file"), real);
  EXPECT_EQ(files.real_path(directory / "link/none/deep"), *files.real_path(directory / "real") + "/none/deep");
  ASSERT_EQ(::symlink((directory / "loop").c_str(), (directory / "loop").c_str()), 0);
  EXPECT_EQ(files.real_path(directory / "loop/x").error().code, ELOOP);
  EXPECT_TRUE(files.are_same(directory / "link/file", directory / "second"));
  EXPECT_TRUE(files.are_same(directory / "link", directory / "real"));
  EXPECT_FALSE(files.are_same(directory / "link", directory / "second"));
  EXPECT_FALSE(files.are_same(directory / "none", directory / "none"));
}

TEST(LocalFileSystem, MakesRenamesAndRemovesFiles) {
  const TemporaryDirectory directory;
  LocalFileSystem files;
  ASSERT_TRUE(files.create_directories(directory / "x/y/z"));
  ASSERT_TRUE(files.create_directories(directory / "x/y/z"));
  EXPECT_TRUE(files.status(directory / "x/y")->is_directory);
  ASSERT_TRUE(files.open(directory / "x/key", {.create_new = true, .owner_only = true}));
  EXPECT_EQ(files.status(directory / "x/key")->permissions, 0600U);
  EXPECT_EQ(files.status(directory / "x/key")->owner, ::geteuid());
  EXPECT_EQ(files.status("/")->owner, 0U);
  EXPECT_EQ(files.create_directories(directory / "x/key").error().code, ENOTDIR);
  ASSERT_TRUE(files.rename(directory / "x/key", directory / "x/y/key"));
  ASSERT_TRUE(files.sync_directory(directory / "x/y"));
  EXPECT_FALSE(files.status(directory / "x/key"));
  ASSERT_TRUE(files.remove(directory / "x/y/key"));
  EXPECT_EQ(files.sync_directory(directory / "none").error().code, ENOENT);
}

TEST(Parts, AreWhatIsLeftAfterAnyNumberOfBytes) {
  std::array<std::byte, 10> bytes{};
  const std::array<iovec, 3> memory{iovec{.iov_base = bytes.data(), .iov_len = 3},
                                    iovec{.iov_base = bytes.data() + 3, .iov_len = 0},
                                    iovec{.iov_base = bytes.data() + 3, .iov_len = 7}};
  for (std::size_t done = 0; done < bytes.size(); ++done) {
    std::array<iovec, kPartsMax> out{};
    const unsigned count = remaining_parts(memory, done, out);
    ASSERT_GE(count, 1U);
    EXPECT_EQ(out[0].iov_base, bytes.data() + done);
    EXPECT_EQ(length_of(std::span(out).first(count)), bytes.size() - done);
  }
}

}  // namespace
}  // namespace lunaria::reactor
