#include "sim/file_system.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <string>

#include "runtime/gate.h"
#include "runtime/submit.h"
#include "runtime/task.h"
#include "sim/world.h"

namespace lunaria::sim {
namespace {

using runtime::FileOperation;
using runtime::Gate;
using runtime::Task;

Task<void> run_request(runtime::Shard& shard, runtime::FileRequest& request, bool& done) {
  co_await submit(shard, request);
  done = true;
}

struct Disk {
  explicit Disk(std::uint64_t seed = 1, const DiskOptions& options = {})
      : world({.seed = seed}), files(world, options) {
    EXPECT_TRUE(files.create_directories("/var/lib"));
  }

  std::unique_ptr<runtime::File> make(const std::string& path) {
    return std::move(*files.open(path, {.create_new = true}));
  }
  std::unique_ptr<runtime::File> open(const std::string& path) { return std::move(*files.open(path, {})); }

  /// Runs one request to its end.
  std::int64_t run(runtime::File& file, FileOperation operation, std::uint64_t offset, std::span<std::byte> memory,
                   std::uint64_t length = 0) {
    const iovec part{.iov_base = memory.data(), .iov_len = memory.size()};
    runtime::FileRequest request;
    request.file = &file;
    request.operation = operation;
    request.offset = offset;
    request.length = memory.empty() ? length : memory.size();
    request.memory = {&part, memory.empty() ? 0U : 1U};
    bool done = false;
    spawn(gate, run_request(shard, request, done));
    EXPECT_TRUE(world.run_until([&done] { return done; }));
    return request.result;
  }

  World world;
  SimShard& shard = world.add_shard();
  SimFileSystem files;
  Gate gate;
};

std::vector<std::byte> filled(std::size_t size, char with) {
  return std::vector<std::byte>(size, static_cast<std::byte>(with));
}

TEST(SimFileSystem, WritesAndReadsWithTimePassing) {
  Disk disk(1, {.cached_per_mille = 0});
  auto file = disk.make("/var/lib/a");
  std::vector<std::byte> out = filled(10'000, 'x');
  const runtime::Instant start = disk.world.clock().now();
  EXPECT_EQ(disk.run(*file, FileOperation::kWrite, 5, out), 10'000);
  EXPECT_GT(disk.world.clock().now(), start);
  std::vector<std::byte> in(20'000);
  EXPECT_EQ(disk.run(*file, FileOperation::kRead, 5, in), 10'000);
  in.resize(10'000);
  EXPECT_EQ(in, out);
  EXPECT_EQ(file->size().value(), 10'005U);
}

TEST(SimFileSystem, FailsTheCallThatItIsToldTo) {
  Disk disk;
  auto file = disk.make("/var/lib/a");
  std::vector<std::byte> bytes = filled(512, 'x');
  disk.files.fail_call(2, Fate::error(EIO));
  EXPECT_EQ(disk.run(*file, FileOperation::kWrite, 0, bytes), 512);
  EXPECT_EQ(disk.run(*file, FileOperation::kWrite, 0, bytes), -EIO);
  EXPECT_EQ(disk.run(*file, FileOperation::kWrite, 0, bytes), 512);
  disk.files.fail_call(1, Fate::cut_short());
  EXPECT_LT(disk.run(*file, FileOperation::kRead, 0, bytes), 512);
}

TEST(SimFileSystem, AHungCallCompletesWhenReleased) {
  Disk disk;
  auto file = disk.make("/var/lib/a");
  std::vector<std::byte> bytes = filled(512, 'x');
  const iovec part{.iov_base = bytes.data(), .iov_len = bytes.size()};
  runtime::FileRequest request;
  request.file = file.get();
  request.operation = FileOperation::kWrite;
  request.length = bytes.size();
  request.memory = {&part, 1};
  bool done = false;
  disk.files.fail_call(1, Fate::hang());
  spawn(disk.gate, run_request(disk.shard, request, done));
  EXPECT_TRUE(disk.world.run_until_idle());
  EXPECT_FALSE(done);
  disk.files.release_hung();
  EXPECT_TRUE(disk.world.run_until_idle());
  EXPECT_TRUE(done);
  EXPECT_EQ(request.result, 512);
}

TEST(SimFileSystem, SyncedAndDurableBytesSurviveEveryPowerCut) {
  bool something_lost = false;
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    Disk disk(seed);
    auto file = disk.make("/var/lib/a");
    std::vector<std::byte> synced = filled(kPageSize, 's');
    std::vector<std::byte> durable = filled(kPageSize, 'd');
    std::vector<std::byte> loose = filled(kPageSize, 'l');
    EXPECT_EQ(disk.run(*file, FileOperation::kWrite, 0, synced), kPageSize);
    EXPECT_EQ(disk.run(*file, FileOperation::kSync, 0, {}), 0);
    EXPECT_EQ(disk.run(*file, FileOperation::kWriteDurable, kPageSize, durable), kPageSize);
    EXPECT_EQ(disk.run(*file, FileOperation::kWrite, 2 * kPageSize, loose), kPageSize);
    ASSERT_TRUE(disk.files.sync_directory("/var/lib"));
    disk.files.power_cut();
    EXPECT_EQ(disk.run(*file, FileOperation::kRead, 0, loose), -EIO);
    auto again = disk.open("/var/lib/a");
    std::vector<std::byte> bytes(3 * kPageSize);
    const std::int64_t length = disk.run(*again, FileOperation::kRead, 0, bytes);
    ASSERT_GE(length, 2 * static_cast<std::int64_t>(kPageSize));
    EXPECT_EQ(bytes[0], std::byte{'s'});
    EXPECT_EQ(bytes[2 * kPageSize - 1], std::byte{'d'});
    something_lost = something_lost || length == 2 * kPageSize || bytes[2 * kPageSize] != std::byte{'l'};
  }
  EXPECT_TRUE(something_lost);
}

TEST(SimFileSystem, NamesSurviveOnceTheirDirectoryIsSynced) {
  bool lost = false;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    Disk disk(seed);
    disk.make("/var/lib/old");
    ASSERT_TRUE(disk.files.sync_directory("/var/lib"));
    disk.make("/var/lib/new");
    ASSERT_TRUE(disk.files.rename("/var/lib/old", "/var/lib/renamed"));
    disk.files.power_cut();
    const bool renamed = disk.files.status("/var/lib/renamed").has_value();
    EXPECT_NE(disk.files.status("/var/lib/old").has_value(), renamed);
    EXPECT_TRUE(!renamed || disk.files.status("/var/lib/new").has_value()) << "a journal keeps its order";
    lost = lost || !renamed;
  }
  EXPECT_TRUE(lost);
}

TEST(SimFileSystem, AProcessCrashLosesNothingWritten) {
  Disk disk;
  auto file = disk.make("/var/lib/a");
  std::vector<std::byte> bytes = filled(512, 'x');
  EXPECT_EQ(disk.run(*file, FileOperation::kWrite, 0, bytes), 512);
  disk.files.process_crash();
  EXPECT_FALSE(file->write_at(0, bytes));
  auto again = disk.open("/var/lib/a");
  std::vector<std::byte> in(512);
  EXPECT_EQ(again->read_at(0, in).value(), 512U);
  EXPECT_EQ(in, bytes);
}

TEST(SimFileSystem, RunsOutOfSpace) {
  Disk disk(1, {.capacity = 4 * kPageSize});
  auto file = disk.make("/var/lib/a");
  std::vector<std::byte> bytes = filled(5 * kPageSize, 'x');
  EXPECT_EQ(disk.run(*file, FileOperation::kWrite, 0, bytes), -ENOSPC);
  EXPECT_EQ(file->allocate(0, 5 * kPageSize).error().code, ENOSPC);
  EXPECT_TRUE(file->allocate(0, 4 * kPageSize));
  EXPECT_EQ(disk.run(*file, FileOperation::kPunchHole, 0, {}, kPageSize), 0);
  EXPECT_EQ(file->allocated_size().value(), 3 * kPageSize);
  EXPECT_EQ(disk.run(*file, FileOperation::kZeroRange, 0, {}, kPageSize), 0);
  EXPECT_EQ(file->allocated_size().value(), 4 * kPageSize);
}

TEST(SimFileSystem, ADirectFileRefusesUnalignedRequests) {
  Disk disk;
  disk.files.add_device("/dev/vdb", 1 << 20);
  auto device = std::move(*disk.files.open("/dev/vdb", {.direct = true}));
  alignas(512) std::byte memory[1024] = {};
  EXPECT_EQ(disk.run(*device, FileOperation::kWrite, 512, std::span(memory).first(512)), 512);
  EXPECT_EQ(disk.run(*device, FileOperation::kWrite, 1, std::span(memory).first(512)), -EINVAL);
  EXPECT_EQ(disk.run(*device, FileOperation::kWrite, 512, std::span(memory).first(511)), -EINVAL);
  EXPECT_EQ(disk.run(*device, FileOperation::kWrite, 512, std::span(memory).subspan(1, 512)), -EINVAL);
  EXPECT_EQ(disk.run(*device, FileOperation::kWrite, (1 << 20) - 512, std::span(memory)), -ENOSPC);
  EXPECT_TRUE(disk.files.status("/dev/vdb")->is_block_device);
}

TEST(SimFileSystem, SaysWhyAFileIsNotThere) {
  Disk disk;
  EXPECT_EQ(disk.files.open("/var/lib/none", {}).error().code, ENOENT);
  EXPECT_EQ(disk.files.open("/none/a", {.create_new = true}).error().code, ENOENT);
  EXPECT_EQ(disk.files.open("/var", {}).error().code, EISDIR);
  disk.make("/var/lib/a");
  EXPECT_EQ(disk.files.open("/var/lib/a", {.create_new = true}).error().code, EEXIST);
  ASSERT_TRUE(disk.files.remove("/var/lib/a"));
  EXPECT_EQ(disk.files.remove("/var/lib/a").error().code, ENOENT);
}

}  // namespace
}  // namespace lunaria::sim
