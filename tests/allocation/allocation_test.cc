// Counts how often the data shard's thread asks the heap while it serves READs and WRITEs to an initiator over
// loopback.

#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <new>

#include "block/open_volume.h"
#include "reactor/reactor.h"
#include "support/loopback_client.h"
#include "target/server.h"

namespace {

thread_local bool is_counted = false;
std::atomic<std::uint64_t> heap_calls{0};

void note_heap_call() {
  if (is_counted) {
    ++heap_calls;
  }
}

}  // namespace

// The linker sends our own code's calls here (--wrap).
extern "C" {
void* __real_malloc(std::size_t size);
void* __real_aligned_alloc(std::size_t alignment, std::size_t size);
void* __wrap_malloc(std::size_t size) {
  note_heap_call();
  return __real_malloc(size);
}
void* __wrap_aligned_alloc(std::size_t alignment, std::size_t size) {
  note_heap_call();
  return __real_aligned_alloc(alignment, size);
}
}

void* operator new(std::size_t size) {
  void* memory = std::malloc(size);
  if (memory == nullptr) {
    std::abort();
  }
  return memory;
}
void operator delete(void* memory) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::size_t /*size*/) noexcept {
  std::free(memory);
}

namespace lunaria::target {
namespace {

using testing::kBlocks;

constexpr int kWarmUp = 1000;
constexpr int kMeasured = 8000;
constexpr const char* kTargetName = "iqn.2004-01.org.example:disk";

runtime::Task<void> set_up(Server& server, reactor::Reactor& reactor, std::string path, std::uint16_t port,
                           bool& is_listening) {
  for (std::uint32_t id = 1; id <= 2; ++id) {
    const block::VolumeSpec spec{.kind = id == 1 ? block::VolumeKind::kRam : block::VolumeKind::kFile,
                                 .path = path,
                                 .geometry = {512, 4096, kBlocks}};
    if (id == 2) {
      const auto made = block::create_volume_file(reactor.files(), spec);
      EXPECT_TRUE(made.has_value());
    }
    runtime::Shard& home = server.choose_home();
    UnitConfig unit{.id = UnitId{id}, .identity = {}, .options = {}};
    co_await server.add_unit(std::move(unit), home, block::open_volume(reactor.files(), home, spec));
  }
  auto config = std::make_shared<Config>();
  TargetConfig target;
  target.id = TargetId{1};
  target.name = kTargetName;
  target.access = {InitiatorName{"*"}};
  target.luns = {{0, UnitId{1}, false}, {1, UnitId{2}, false}};
  config->targets.push_back(std::move(target));
  config->portals.push_back({{IpAddress::v4({127, 0, 0, 1}), port}, 1, true});
  const auto failures = co_await server.publish(std::move(config));
  is_listening = failures.empty();
}

runtime::Task<void> tear_down(Server& server) {
  co_await server.stop(runtime::Duration::zero());
}

TEST(Allocation, TheCountersCount) {
  is_counted = true;
  void* volatile memory = std::malloc(1);
  std::free(memory);
  is_counted = false;
  EXPECT_EQ(heap_calls.exchange(0), 1U);
}

TEST(Allocation, ReadsAndWritesDoNotAskTheHeap) {
  const auto directory = std::filesystem::temp_directory_path() / ("lunaria-allocation-" + std::to_string(::getpid()));
  std::filesystem::create_directory(directory);
  auto started = reactor::Reactor::start({.shard_count = 2});
  ASSERT_TRUE(started.has_value());
  reactor::Reactor& reactor = **started;
  NullLog log;
  {
    Server server(reactor.shard(1), {&reactor.shard(0)}, log, iscsi::Timeouts{});
    const std::uint16_t port = testing::free_port();
    bool is_listening = false;
    reactor.run_to_completion(1, set_up(server, reactor, (directory / "image").string(), port, is_listening));
    ASSERT_TRUE(is_listening);
    testing::LoopbackClient client(port, {});
    ASSERT_TRUE(client.is_logged_in());
    for (const std::uint64_t lun : {0U, 1U}) {
      client.greet(lun);
      EXPECT_TRUE(client.run(kWarmUp, true, lun));
      EXPECT_TRUE(client.run(kWarmUp, false, lun));
    }
    reactor.run_on(0, [] { is_counted = true; });
    for (const std::uint64_t lun : {0U, 1U}) {
      EXPECT_TRUE(client.run(kMeasured, false, lun));
      EXPECT_TRUE(client.run(kMeasured, true, lun));
    }
    reactor.run_on(0, [] { is_counted = false; });
    EXPECT_EQ(heap_calls.load(), 0U);
    reactor.run_to_completion(1, tear_down(server));
  }
  started->reset();
  std::filesystem::remove_all(directory);
}

}  // namespace
}  // namespace lunaria::target
