// Counts how often the data shard's thread asks the heap while it serves READs and WRITEs to an initiator over
// loopback.

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <new>

#include "block/open_volume.h"
#include "iscsi/testing/initiator.h"
#include "reactor/reactor.h"
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

using iscsi::testing::Bytes;
using iscsi::testing::CommandRequest;
using iscsi::testing::Initiator;
using iscsi::testing::InitiatorOptions;

constexpr std::uint32_t kBlocks = 32768;
constexpr std::uint16_t kBlocksPerCommand = 8;
constexpr int kQueueDepth = 16;
constexpr int kWarmUp = 1000;
constexpr int kMeasured = 8000;
constexpr const char* kTargetName = "iqn.2004-01.org.example:disk";

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

/// One that the kernel has just given away and taken back.
std::uint16_t free_port() {
  const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address = loopback(0);
  socklen_t size = sizeof address;
  EXPECT_EQ(::bind(socket, reinterpret_cast<const sockaddr*>(&address), size), 0);
  EXPECT_EQ(::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size), 0);
  ::close(socket);
  return ntohs(address.sin_port);
}

/// A blocking socket with an initiator's engine behind it; belongs to the test's own thread.
class Client final {
 public:
  explicit Client(std::uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM, 0)), initiator_(InitiatorOptions{}) {
    const sockaddr_in address = loopback(port);
    is_connected_ = ::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
    initiator_.start_login();
    while (is_connected_ && !initiator_.is_logged_in() && !initiator_.refusal()) {
      exchange();
    }
  }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;
  ~Client() { ::close(socket_); }

  bool is_logged_in() const { return is_connected_ && initiator_.is_logged_in(); }

  /// Runs `count` commands, so many at a time; false when one did not end well.
  bool run(int count, bool writes, std::uint64_t lun) {
    for (int done = 0; done < count; done += kQueueDepth) {
      std::array<std::uint32_t, kQueueDepth> tags{};
      for (std::uint32_t& tag : tags) {
        tag = initiator_.send_command(request(writes, lun));
      }
      for (const std::uint32_t tag : tags) {
        while (is_connected_ && !initiator_.outcome(tag)->done) {
          exchange();
        }
        if (!is_connected_ || initiator_.outcome(tag)->status != 0) {
          return false;
        }
      }
    }
    return true;
  }
  /// Takes the unit attention of a new nexus.
  void greet(std::uint64_t lun) {
    CommandRequest request;
    request.lun = lun << 48;
    request.cdb = Bytes(6);
    const std::uint32_t tag = initiator_.send_command(request);
    while (is_connected_ && !initiator_.outcome(tag)->done) {
      exchange();
    }
  }

 private:
  CommandRequest request(bool is_write, std::uint64_t lun) {
    next_block_ = (next_block_ + 4099) % (kBlocks - kBlocksPerCommand);
    CommandRequest request;
    request.lun = lun << 48;
    request.cdb = Bytes(10);
    request.cdb[0] = is_write ? std::byte{0x2A} : std::byte{0x28};
    for (std::size_t i = 0; i < 4; ++i) {
      request.cdb[2 + i] = static_cast<std::byte>(next_block_ >> (24 - 8 * i));
    }
    request.cdb[8] = std::byte{kBlocksPerCommand};
    if (is_write) {
      request.write_data = Bytes(kBlocksPerCommand * 512, std::byte{0x5A});
    } else {
      request.read_length = kBlocksPerCommand * 512;
    }
    return request;
  }

  void exchange() {
    const Bytes output = initiator_.take_output();
    if (!output.empty() &&
        ::send(socket_, output.data(), output.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(output.size())) {
      is_connected_ = false;
      return;
    }
    Bytes input(65536);
    const ssize_t received = ::recv(socket_, input.data(), input.size(), 0);
    if (received <= 0) {
      is_connected_ = false;
      return;
    }
    initiator_.on_bytes(std::span(input).first(static_cast<std::size_t>(received)));
  }

  int socket_;
  bool is_connected_ = false;
  Initiator initiator_;
  std::uint32_t next_block_ = 0;
};

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
    const std::uint16_t port = free_port();
    bool is_listening = false;
    reactor.run_to_completion(1, set_up(server, reactor, (directory / "image").string(), port, is_listening));
    ASSERT_TRUE(is_listening);
    Client client(port);
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
