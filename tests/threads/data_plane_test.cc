// Initiators on threads of their own, disks on different shards, and a management thread that publishes, exchanges
// volumes and drops sessions while they work.

#include <gtest/gtest.h>

#include <atomic>
#include <cstddef>
#include <latch>
#include <thread>
#include <utility>
#include <vector>

#include "block/open_volume.h"
#include "reactor/reactor.h"
#include "support/loopback_client.h"
#include "target/server.h"

namespace lunaria::target {
namespace {

constexpr std::size_t kDataShards = 3;
constexpr std::size_t kControl = kDataShards;
constexpr int kCommands = 800;
constexpr int kLogins = 12;
constexpr int kPublications = 40;
constexpr std::uint64_t kWorkers = 3;
constexpr std::uint64_t kIdleIsid = 9;

std::shared_ptr<Config> make_config(std::uint16_t port, bool both_luns) {
  auto config = std::make_shared<Config>();
  TargetConfig target;
  target.id = TargetId{1};
  target.name = "iqn.2004-01.org.example:disk";
  target.access = {InitiatorName{"*"}};
  target.luns = {{0, UnitId{1}, false}, {1, UnitId{2}, false}};
  if (both_luns) {
    target.luns.push_back({2, UnitId{3}, false});
  }
  config->targets.push_back(std::move(target));
  config->portals.push_back({{IpAddress::v4({127, 0, 0, 1}), port}, 1, true});
  return config;
}

block::VolumeSpec ram_disk() {
  return {.kind = block::VolumeKind::kRam, .path = {}, .geometry = {512, 4096, testing::kBlocks}};
}

runtime::Task<void> set_up(Server& server, reactor::Reactor& reactor, std::uint16_t port, bool& is_listening) {
  for (std::uint32_t id = 1; id <= kDataShards; ++id) {
    runtime::Shard& home = server.choose_home();
    UnitConfig unit{.id = UnitId{id}, .identity = {}, .options = {}};
    co_await server.add_unit(std::move(unit), home, block::open_volume(reactor.files(), home, ram_disk()));
  }
  const auto failures = co_await server.publish(make_config(port, false));
  is_listening = failures.empty();
}

runtime::Task<void> change_things(Server& server, std::uint16_t port, std::size_t& sessions_seen) {
  for (int i = 0; i < kPublications; ++i) {
    const auto failures = co_await server.publish(make_config(port, i % 2 == 0));
    EXPECT_TRUE(failures.empty());
    const auto sessions = co_await server.sessions();
    sessions_seen += sessions.size();
  }
}

runtime::Task<void> drop_all(Server& server) {
  const auto sessions = co_await server.sessions();
  for (const SessionStatus& session : sessions) {
    const bool dropped = co_await server.drop_session(session.tsih, runtime::Duration::zero());
    static_cast<void>(dropped);  // it may have gone by itself
  }
}

runtime::Task<void> tear_down(Server& server) {
  co_await server.stop(runtime::Duration::zero());
}

/// Counts the latch down once: when told that something succeeded, or at the end.
class FirstSuccess {
 public:
  explicit FirstSuccess(std::latch& latch) : latch_(&latch) {}
  FirstSuccess(const FirstSuccess&) = delete;
  FirstSuccess& operator=(const FirstSuccess&) = delete;
  ~FirstSuccess() { happened(); }
  void happened() {
    if (std::latch* const latch = std::exchange(latch_, nullptr)) {
      latch->count_down();
    }
  }

 private:
  std::latch* latch_;
};

/// Works on two units until done, taking unit attentions as they come.
void work(std::uint16_t port, std::uint64_t isid, std::atomic<int>& good, std::latch& busy) {
  FirstSuccess first(busy);
  iscsi::testing::InitiatorOptions options;
  options.isid = isid;
  testing::LoopbackClient client(port, options);
  if (!client.is_logged_in()) {
    return;
  }
  for (int done = 0; done < kCommands && client.is_connected(); done += testing::kQueueDepth) {
    for (const std::uint64_t lun : {0U, 1U}) {
      if (client.run(testing::kQueueDepth, done % 32 == 0, lun)) {
        ++good;
        first.happened();
      }
    }
  }
}

/// Logs in again and again under one name, so that sessions are replaced while they are being made.
void log_in_again_and_again(std::uint16_t port, std::atomic<int>& good, std::latch& busy) {
  FirstSuccess first(busy);
  for (int i = 0; i < kLogins; ++i) {
    const testing::LoopbackClient client(port, {});
    if (client.is_logged_in()) {
      ++good;
      first.happened();
    }
  }
}

TEST(DataPlane, ServesWhileItIsChangedFromAnotherThread) {
  auto started = reactor::Reactor::start({.shard_count = kDataShards + 1});
  ASSERT_TRUE(started.has_value());
  reactor::Reactor& reactor = **started;
  NullLog log;
  const std::uint16_t port = testing::free_port();
  std::atomic<int> good{0};
  std::atomic<int> logins{0};
  std::latch busy(std::ptrdiff_t{kWorkers} + 1);
  std::size_t sessions_seen = 0;
  {
    std::vector<runtime::Shard*> shards;
    for (std::size_t i = 0; i < kDataShards; ++i) {
      shards.push_back(&reactor.shard(i));
    }
    Server server(reactor.shard(kControl), shards, log, iscsi::Timeouts{});
    bool is_listening = false;
    reactor.run_to_completion(kControl, set_up(server, reactor, port, is_listening));
    ASSERT_TRUE(is_listening);
    iscsi::testing::InitiatorOptions idle;
    idle.isid = kIdleIsid;
    const testing::LoopbackClient always_there(port, idle);  // so that every list of sessions has one to show
    ASSERT_TRUE(always_there.is_logged_in());
    std::vector<std::jthread> initiators;
    for (std::uint64_t isid = 1; isid <= kWorkers; ++isid) {
      initiators.emplace_back([port, isid, &good, &busy] { work(port, isid, good, busy); });
    }
    initiators.emplace_back([port, &logins, &busy] { log_in_again_and_again(port, logins, busy); });
    reactor.run_to_completion(kControl, change_things(server, port, sessions_seen));
    busy.wait();  // nobody is dropped before it has done anything
    reactor.run_to_completion(kControl, drop_all(server));
    initiators.clear();
    reactor.run_to_completion(kControl, tear_down(server));
  }
  EXPECT_GT(good.load(), 0);
  EXPECT_GT(logins.load(), 0);
  EXPECT_GE(sessions_seen, std::size_t{kPublications});
}

}  // namespace
}  // namespace lunaria::target
