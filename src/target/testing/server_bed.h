#pragma once

// ServerTest: a server of three data shards in a simulated world, for the tests of this folder.

#include <gtest/gtest.h>

#include <array>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "block/ram_volume.h"
#include "target/server.h"
#include "target/testing/host.h"

namespace lunaria::target::testing {

using iscsi::testing::Bytes;
using iscsi::testing::CommandRequest;
using iscsi::testing::InitiatorOptions;

inline constexpr std::uint64_t kBlocks = 2048;
inline const IpEndpoint kPortal = *IpEndpoint::parse("127.0.0.1:3260");
inline constexpr const char* kTargetName = "iqn.2004-01.org.example:disk";

inline Bytes read10(std::uint32_t lba, std::uint16_t blocks) {
  Bytes cdb(10);
  cdb[0] = std::byte{0x28};
  for (int i = 0; i < 4; ++i) {
    cdb[static_cast<std::size_t>(2 + i)] = static_cast<std::byte>(lba >> (24 - 8 * i));
  }
  cdb[7] = static_cast<std::byte>(blocks >> 8);
  cdb[8] = static_cast<std::byte>(blocks);
  return cdb;
}

inline Bytes write10(std::uint32_t lba, std::uint16_t blocks) {
  Bytes cdb = read10(lba, blocks);
  cdb[0] = std::byte{0x2A};
  return cdb;
}

inline Bytes inquiry() {
  return {std::byte{0x12}, {}, {}, {}, std::byte{255}, {}};
}
inline Bytes test_unit_ready() {
  return Bytes(6);
}

inline std::uint64_t lun(std::uint64_t number) {
  return number << 48;
}

inline CommandRequest command(std::uint64_t number, Bytes cdb, std::uint32_t read_length = 0) {
  CommandRequest request;
  request.lun = lun(number);
  request.cdb = std::move(cdb);
  request.read_length = read_length;
  return request;
}

inline CommandRequest command(std::uint64_t number, Bytes cdb, Bytes write_data) {
  CommandRequest request = command(number, std::move(cdb));
  request.write_data = std::move(write_data);
  return request;
}

inline std::unique_ptr<block::Volume> make_volume(std::uint64_t blocks) {
  auto volume = block::RamVolume::create(block::Geometry{512, 4096, blocks}, false);
  EXPECT_TRUE(volume);
  return *std::move(volume);
}

inline runtime::Task<void> connect(runtime::Shard& shard, runtime::ConnectRequest& request) {
  co_await runtime::submit(shard.network(), request);
}

inline runtime::Task<void> wait_for_bytes(runtime::Stream& stream, runtime::ReceiveRequest& request, bool& done) {
  co_await runtime::submit(stream, request);
  done = true;
}

/// Keeps nothing but the last of what it was given.
class LastKept final : public UnitKeeper {
 public:
  runtime::Task<bool> keep_reservations(UnitId unit, scsi::ReservationState state) override {
    ++calls;
    last_unit = unit;
    last = std::move(state);
    co_return true;
  }
  int calls = 0;
  UnitId last_unit{};
  scsi::ReservationState last;
};

/// A server of three data shards with two disks on different shards, both in one target.
class ServerTest : public ::testing::Test {
 protected:
  ServerTest()
      : control_(world_.add_shard()),
        data_{&world_.add_shard(), &world_.add_shard(), &world_.add_shard()},
        host_shard_(world_.add_shard()) {
    control_.run([this] {
      server_.emplace(control_, std::vector<runtime::Shard*>(data_.begin(), data_.end()), log_, iscsi::Timeouts{},
                      [this](const IpAddress& address) {
                        const auto found = neighbours_.find(address);
                        return found == neighbours_.end() ? std::nullopt : std::optional(found->second);
                      });
      server_->keep_with(keeper_);
      server_->observe([this](const Event& event) { events_.push_back(event); });
    });
    add_unit(1);
    add_unit(2);
    publish(make_config());
  }

  ~ServerTest() override {
    run(server_->stop(std::chrono::milliseconds(100)));
    control_.run([this] { server_.reset(); });
    if (HasFailure()) {
      for (const std::string& line : log_.lines()) {
        ADD_FAILURE() << line;
      }
    }
  }

  /// Runs a coroutine on the control shard to its end.
  void run(runtime::Task<void> task) {
    bool done = false;
    control_.run([&] { runtime::spawn(gate_, note_end(std::move(task), done)); });
    ASSERT_TRUE(world_.run_until([&] { return done; }));
  }

  static runtime::Task<void> note_end(runtime::Task<void> task, bool& done) {
    co_await std::move(task);
    done = true;
  }

  runtime::Task<void> add(std::uint32_t id) {
    runtime::Shard& home = server_->choose_home();
    UnitConfig unit;
    unit.id = UnitId{id};
    unit.identity.vendor = "LUNARIA";
    unit.identity.product = "disk";
    unit.identity.serial = std::to_string(id);
    co_await server_->add_unit(std::move(unit), home, make_volume(kBlocks));
  }
  void add_unit(std::uint32_t id) { run(add(id)); }

  Config make_config() const {
    Config config;
    config.generation = 1;
    TargetConfig target;
    target.id = TargetId{1};
    target.name = kTargetName;
    target.access = {InitiatorName{"*"}};
    target.luns = {{0, UnitId{1}, false}, {1, UnitId{2}, false}};
    config.targets.push_back(std::move(target));
    config.portals.push_back({kPortal, 1, true});
    return config;
  }

  runtime::Task<void> publish_task(std::shared_ptr<const Config> config) {
    failures_ = co_await server_->publish(std::move(config));
  }
  runtime::Task<void> open_portals() { failures_ = co_await server_->open_portals(); }
  void publish(Config config) { run(publish_task(std::make_shared<const Config>(std::move(config)))); }

  runtime::Task<void> hold_erasures(std::optional<scsi::RunningErasure>& running) {
    running = co_await server_->hold_erasures(UnitId{1});
  }
  runtime::Task<void> list() { sessions_ = co_await server_->sessions(); }
  const std::vector<SessionStatus>& sessions() {
    run(list());
    return sessions_;
  }

  /// SendTargets=All, as `host` is answered in its discovery session.
  std::string send_targets(Host& host) {
    const std::uint32_t tag = host.initiator().send_text(std::string_view("SendTargets=All\0", 16));
    host.flush();
    EXPECT_TRUE(world_.run_until([&] { return host.initiator().outcome(tag)->done; }));
    std::string text;
    for (const std::byte byte : host.initiator().outcome(tag)->data) {
      text.push_back(static_cast<char>(byte));
    }
    return text;
  }

  std::map<IpAddress, MacAddress> neighbours_;
  sim::World world_{sim::WorldOptions{.seed = 7}};
  MemoryLog log_;
  sim::SimShard& control_;
  std::array<sim::SimShard*, 3> data_;
  sim::SimShard& host_shard_;
  runtime::Gate gate_;
  LastKept keeper_;
  std::optional<Server> server_;
  std::vector<Event> events_;
  std::vector<PortalFailure> failures_;
  std::vector<SessionStatus> sessions_;
};

}  // namespace lunaria::target::testing
