// COMPARE AND WRITE, WRITE ATOMIC and persistent reservations from several sessions, connections and shards at once, on
// threads of their own: each must look like one step to all others.

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <optional>
#include <thread>
#include <vector>

#include "block/ram_volume.h"
#include "reactor/reactor.h"
#include "runtime/gate.h"
#include "support/loopback_client.h"
#include "target/server.h"

namespace lunaria::target {
namespace {

using iscsi::testing::Bytes;
using iscsi::testing::CommandRequest;
using iscsi::testing::Outcome;
using testing::LoopbackClient;

constexpr std::size_t kDataShards = 3;
constexpr std::size_t kControl = kDataShards;
constexpr std::size_t kBlockSize = 512;
// Between the halves: time enough for others to come, and not in step.
constexpr int kTurns = 100;
constexpr int kReadTurns = 7;
constexpr std::uint8_t kGood = 0x00;
constexpr std::uint8_t kCheckCondition = 0x02;
constexpr std::uint8_t kConflict = 0x18;

/// Does each read and write in two halves, between which everyone else has a turn: what is one step above it is so by
/// the unit's own doing.
class HalvingVolume final : public block::Volume {
 public:
  HalvingVolume(runtime::Shard& home, std::unique_ptr<block::Volume> below) : home_(home), below_(std::move(below)) {}
  ~HalvingVolume() override { gate_.close(); }
  block::Geometry geometry() const override { return below_->geometry(); }
  block::Features features() const override { return below_->features(); }
  bool submit(block::Request& request) noexcept override {
    if (request.memory.size() != 1) {
      return below_->submit(request);
    }
    EXPECT_TRUE(runtime::spawn(gate_, serve(request)));
    return false;
  }
  std::optional<std::string> failure() const override { return below_->failure(); }

 private:
  runtime::Task<void> serve(block::Request& request) {
    const std::uint64_t half = request.length / 2 / kBlockSize * kBlockSize;
    co_await runtime::yield_on(home_);
    do_part(request, 0, half);
    const int turns = request.operation == block::IoOperation::kRead ? kReadTurns : kTurns;
    for (int turn = 0; turn < turns; ++turn) {
      co_await runtime::yield_on(home_);
    }
    do_part(request, half, request.length - half);
    request.complete();
  }
  void do_part(block::Request& request, std::uint64_t offset, std::uint64_t length) {
    const iovec part{static_cast<std::byte*>(request.memory[0].iov_base) + offset, length};
    block::Request below;
    below.operation = request.operation;
    below.offset = request.offset + offset;
    below.length = length;
    below.memory = std::span(&part, 1);
    EXPECT_TRUE(below_->submit(below)) << "memory answers at once";
    request.status = below.status;
  }

  runtime::Shard& home_;
  std::unique_ptr<block::Volume> below_;
  runtime::Gate gate_;
};

CommandRequest command(std::initializer_list<std::uint8_t> cdb) {
  CommandRequest request;
  std::ranges::transform(cdb, std::back_inserter(request.cdb), [](std::uint8_t byte) { return std::byte{byte}; });
  return request;
}
CommandRequest read(std::uint8_t lba, std::uint8_t blocks) {
  CommandRequest request = command({0x28, 0, 0, 0, 0, lba, 0, 0, blocks, 0});
  request.read_length = static_cast<std::uint32_t>(blocks * kBlockSize);
  return request;
}
CommandRequest write(std::uint8_t lba, Bytes data) {
  CommandRequest request =
      command({0x2A, 0, 0, 0, 0, lba, 0, 0, static_cast<std::uint8_t>(data.size() / kBlockSize), 0});
  request.write_data = std::move(data);
  return request;
}
CommandRequest write_atomic(std::uint8_t lba, Bytes data) {
  CommandRequest request =
      command({0x9C, 0, 0, 0, 0, 0, 0, 0, 0, lba, 0, 0, 0, static_cast<std::uint8_t>(data.size() / kBlockSize), 0, 0});
  request.write_data = std::move(data);
  return request;
}
CommandRequest compare_and_write(std::uint8_t lba, const Bytes& compared, const Bytes& written) {
  CommandRequest request = command(
      {0x89, 0, 0, 0, 0, 0, 0, 0, 0, lba, 0, 0, 0, static_cast<std::uint8_t>(compared.size() / kBlockSize), 0, 0});
  request.write_data = compared;
  request.write_data.insert(request.write_data.end(), written.begin(), written.end());
  return request;
}
CommandRequest reserve_out(std::uint8_t action, std::uint8_t type, std::uint8_t key, std::uint8_t action_key) {
  CommandRequest request = command({0x5F, action, type, 0, 0, 0, 0, 0, 24, 0});
  request.write_data = Bytes(24);
  request.write_data[7] = std::byte{key};
  request.write_data[15] = std::byte{action_key};
  return request;
}

/// Two blocks that count: each is the same number all over.
Bytes counting(std::uint8_t number) {
  return Bytes(2 * kBlockSize, std::byte{number});
}

class Atomicity : public ::testing::Test {
 protected:
  void SetUp() override {
    auto started = reactor::Reactor::start({.shard_count = kDataShards + 1});
    ASSERT_TRUE(started.has_value());
    reactor_ = std::move(*started);
    std::vector<runtime::Shard*> shards;
    for (std::size_t i = 0; i < kDataShards; ++i) {
      shards.push_back(&reactor_->shard(i));
    }
    server_.emplace(reactor_->shard(kControl), shards, log_, iscsi::Timeouts{});
    reactor_->run_to_completion(kControl, set_up());
  }
  void TearDown() override {
    reactor_->run_to_completion(kControl, tear_down());
    server_.reset();
  }

  /// A session with its unit attention taken. The target's units are on all shards, so sessions come from elsewhere.
  std::unique_ptr<LoopbackClient> session(std::uint64_t isid) const {
    iscsi::testing::InitiatorOptions options;
    options.isid = isid;
    return connection(options);
  }
  std::unique_ptr<LoopbackClient> connection(const iscsi::testing::InitiatorOptions& options) const {
    auto client = std::make_unique<LoopbackClient>(port_, options);
    EXPECT_TRUE(client->is_logged_in());
    client->greet(0);
    return client;
  }

  std::uint16_t port_ = testing::free_port();

 private:
  runtime::Task<void> set_up() {
    runtime::Shard& home = server_->choose_home();
    auto memory = block::RamVolume::create({kBlockSize, 4096, 4096}, false);
    UnitConfig unit{.id = UnitId{1}, .identity = {}, .options = {}};
    co_await server_->add_unit(std::move(unit), home, std::make_unique<HalvingVolume>(home, *std::move(memory)));
    for (std::uint32_t id = 2; id <= 4; ++id) {  // the target's connections live where these do
      runtime::Shard& elsewhere = reactor_->shard(1);
      auto other = block::RamVolume::create({kBlockSize, 4096, 8}, false);
      UnitConfig config{.id = UnitId{id}, .identity = {}, .options = {}};
      config.identity.naa = {0x30, 0, 0, 0, 0, 0, 0, static_cast<std::uint8_t>(id)};
      co_await server_->add_unit(std::move(config), elsewhere, *std::move(other));
    }
    auto config = std::make_shared<Config>();
    TargetConfig target;
    target.id = TargetId{1};
    target.name = "iqn.2004-01.org.example:disk";
    target.access = {InitiatorName{"*"}};
    target.luns = {{0, UnitId{1}, false}, {1, UnitId{2}, false}, {2, UnitId{3}, false}, {3, UnitId{4}, false}};
    target.preferences.max_connections = 4;
    config->targets.push_back(std::move(target));
    config->portals.push_back({{IpAddress::v4({127, 0, 0, 1}), port_}, 1, true});
    const auto failures = co_await server_->publish(std::move(config));
    EXPECT_TRUE(failures.empty());
  }
  runtime::Task<void> tear_down() { co_await server_->stop(runtime::Duration::zero()); }

  std::unique_ptr<reactor::Reactor> reactor_;
  NullLog log_;
  std::optional<Server> server_;
};

/// Adds one to the counter so many times, by COMPARE AND WRITE until nobody else was faster.
void count_up(LoopbackClient& client, int times, std::atomic<int>& misses) {
  Bytes known = counting(0);
  for (int done = 0; done < times && client.is_connected();) {
    const Bytes next = counting(static_cast<std::uint8_t>(std::to_integer<unsigned>(known[0]) + 1));
    const Outcome& outcome = client.run(compare_and_write(0, known, next));
    if (outcome.status == kGood) {
      ++done;
      known = next;
      continue;
    }
    ASSERT_EQ(outcome.status, kCheckCondition);
    ASSERT_EQ(outcome.sense.at(2), std::byte{0x0E}) << "MISCOMPARE";
    ++misses;
    const Outcome& found = client.run(read(0, 2));
    ASSERT_EQ(found.status, kGood);
    known = found.data;
    ASSERT_EQ(known, counting(std::to_integer<std::uint8_t>(known.at(0)))) << "a read sees all of a write or nothing";
  }
}

TEST_F(Atomicity, CompareAndWriteLosesNoUpdateOfOtherSessions) {
  constexpr int kTimes = 40;
  constexpr int kSessions = 3;
  std::atomic<int> misses{0};
  std::vector<std::jthread> threads;
  for (int i = 0; i < kSessions; ++i) {
    threads.emplace_back([this, i, &misses] {
      const auto client = session(static_cast<std::uint64_t>(i + 1));
      count_up(*client, kTimes, misses);
    });
  }
  threads.clear();
  const auto reader = session(9);
  EXPECT_EQ(reader->run(read(0, 2)).data, counting(kTimes * kSessions));
}

// Both commands of a round know the same number: one of them must miss, whichever connection is served first.
TEST_F(Atomicity, CompareAndWriteOfTwoConnectionsOfASessionTakeTurns) {
  iscsi::testing::InitiatorOptions options;
  options.isid = 1;
  for (auto& [key, value] : options.keys) {
    value = key == "MaxConnections" ? "2" : value;
  }
  const auto leading = connection(options);
  options.tsih = leading->initiator().tsih();
  options.cid = 1;
  options.first_command_sn = leading->initiator().command_sn();
  options.keys = {{"HeaderDigest", "None"}, {"DataDigest", "None"}, {"MaxRecvDataSegmentLength", "65536"}};
  LoopbackClient second(port_, options);
  ASSERT_TRUE(second.is_logged_in());
  for (std::uint8_t number = 0; number < 50; ++number) {
    const std::array<LoopbackClient*, 2> order = {leading.get(), &second};
    LoopbackClient& first = *order[number % 2];
    LoopbackClient& other = *order[1 - number % 2];
    const auto request = compare_and_write(0, counting(number), counting(static_cast<std::uint8_t>(number + 1)));
    const std::uint32_t one = first.send(request);
    other.initiator().set_command_sn(first.initiator().command_sn());
    const std::uint32_t two = other.send(request);
    first.initiator().set_command_sn(other.initiator().command_sn());
    const std::array found = {first.finish(one).status, other.finish(two).status};
    EXPECT_EQ(std::ranges::count(found, kGood), 1) << unsigned{number};
    EXPECT_EQ(std::ranges::count(found, kCheckCondition), 1) << unsigned{number};
  }
}

/// Writes and reads the same blocks, several commands at a time; `seen` is what was read.
void write_and_read(LoopbackClient& client, std::uint8_t number, std::vector<Bytes>& seen) {
  constexpr std::uint8_t kBlocks = 16;
  constexpr int kRounds = 40;
  for (int round = 0; round < kRounds && client.is_connected(); ++round) {
    std::array<std::uint32_t, 8> tags{};
    for (std::size_t i = 0; i < tags.size(); ++i) {
      tags[i] =
          client.send(i % 2 == 0 ? write_atomic(0, Bytes(kBlocks * kBlockSize, std::byte{number})) : read(0, kBlocks));
    }
    for (std::size_t i = 0; i < tags.size(); ++i) {
      const Outcome& outcome = client.finish(tags[i]);
      ASSERT_EQ(outcome.status, kGood);
      if (i % 2 != 0) {
        seen.push_back(outcome.data);
      }
    }
  }
}

TEST_F(Atomicity, WriteAtomicIsSeenWholeOrNotAtAll) {
  constexpr std::size_t kSessions = 3;
  std::array<std::vector<Bytes>, kSessions> seen;
  std::vector<std::jthread> threads;
  for (std::uint8_t i = 0; i < kSessions; ++i) {
    threads.emplace_back([this, i, &seen] {
      const auto client = session(i + 1U);
      write_and_read(*client, static_cast<std::uint8_t>(i + 1), seen.at(i));
    });
  }
  threads.clear();
  for (const std::vector<Bytes>& reads : seen) {
    EXPECT_FALSE(reads.empty());
    for (const Bytes& data : reads) {
      EXPECT_EQ(data, Bytes(data.size(), data.at(0)));
    }
  }
}

/// Counts up by a read and a write under a reservation of its own, so many times; the others get a conflict meanwhile.
void count_reserved(LoopbackClient& client, std::uint8_t key, int times, std::atomic<int>& conflicts) {
  constexpr std::uint8_t kExclusiveAccess = 3;
  ASSERT_EQ(client.run(reserve_out(0, 0, 0, key)).status, kGood);
  for (int done = 0; done < times && client.is_connected();) {
    const std::uint8_t status = client.run(reserve_out(1, kExclusiveAccess, key, 0)).status;
    if (status == kConflict || status == kCheckCondition) {  // the latter: RESERVATIONS RELEASED, for registrants
      conflicts += status == kConflict ? 1 : 0;
      continue;
    }
    ASSERT_EQ(status, kGood);
    Outcome found = client.run(read(0, 2));
    if (found.status == kCheckCondition) {
      found = client.run(read(0, 2));
    }
    ASSERT_EQ(found.status, kGood);
    const auto next = static_cast<std::uint8_t>(std::to_integer<unsigned>(found.data.at(0)) + 1);
    ASSERT_EQ(client.run(write(0, counting(next))).status, kGood);
    ASSERT_EQ(client.run(read(0, 2)).data, counting(next)) << "nobody else wrote";
    ASSERT_EQ(client.run(reserve_out(2, kExclusiveAccess, key, 0)).status, kGood);
    ++done;
  }
}

TEST_F(Atomicity, AReservationHasOneHolder) {
  constexpr int kTimes = 25;
  constexpr int kSessions = 3;
  std::atomic<int> conflicts{0};
  std::vector<std::jthread> threads;
  for (std::uint8_t i = 1; i <= kSessions; ++i) {
    threads.emplace_back([this, i, &conflicts] {
      const auto client = session(i);
      count_reserved(*client, i, kTimes, conflicts);
    });
  }
  threads.clear();
  const auto reader = session(9);
  EXPECT_EQ(reader->run(read(0, 2)).data, counting(kTimes * kSessions));
}

}  // namespace
}  // namespace lunaria::target
