#include "target/server.h"

#include <gtest/gtest.h>

#include <optional>

#include "block/ram_volume.h"
#include "target/testing/host.h"

namespace lunaria::target {
namespace {

using iscsi::testing::Bytes;
using iscsi::testing::CommandRequest;
using iscsi::testing::InitiatorOptions;
using testing::Host;

constexpr std::uint64_t kBlocks = 2048;
const IpEndpoint kPortal = *IpEndpoint::parse("127.0.0.1:3260");
constexpr const char* kTargetName = "iqn.2004-01.org.example:disk";

Bytes read10(std::uint32_t lba, std::uint16_t blocks) {
  Bytes cdb(10);
  cdb[0] = std::byte{0x28};
  for (int i = 0; i < 4; ++i) {
    cdb[static_cast<std::size_t>(2 + i)] = static_cast<std::byte>(lba >> (24 - 8 * i));
  }
  cdb[7] = static_cast<std::byte>(blocks >> 8);
  cdb[8] = static_cast<std::byte>(blocks);
  return cdb;
}

Bytes write10(std::uint32_t lba, std::uint16_t blocks) {
  Bytes cdb = read10(lba, blocks);
  cdb[0] = std::byte{0x2A};
  return cdb;
}

Bytes inquiry() {
  return {std::byte{0x12}, {}, {}, {}, std::byte{255}, {}};
}
Bytes test_unit_ready() {
  return Bytes(6);
}

std::uint64_t lun(std::uint64_t number) {
  return number << 48;
}

CommandRequest command(std::uint64_t number, Bytes cdb, std::uint32_t read_length = 0) {
  CommandRequest request;
  request.lun = lun(number);
  request.cdb = std::move(cdb);
  request.read_length = read_length;
  return request;
}

CommandRequest command(std::uint64_t number, Bytes cdb, Bytes write_data) {
  CommandRequest request = command(number, std::move(cdb));
  request.write_data = std::move(write_data);
  return request;
}

std::unique_ptr<block::Volume> make_volume(std::uint64_t blocks) {
  auto volume = block::RamVolume::create(block::Geometry{512, 4096, blocks}, false);
  EXPECT_TRUE(volume);
  return *std::move(volume);
}

runtime::Task<void> connect(runtime::Shard& shard, runtime::ConnectRequest& request) {
  co_await runtime::submit(shard.network(), request);
}

runtime::Task<void> wait_for_bytes(runtime::Stream& stream, runtime::ReceiveRequest& request, bool& done) {
  co_await runtime::submit(stream, request);
  done = true;
}

/// A server of three data shards with two disks on different shards, both in one target.
class ServerTest : public ::testing::Test {
 protected:
  ServerTest()
      : control_(world_.add_shard()),
        data_{&world_.add_shard(), &world_.add_shard(), &world_.add_shard()},
        host_shard_(world_.add_shard()) {
    control_.run([this] {
      server_.emplace(control_, std::vector<runtime::Shard*>(data_.begin(), data_.end()), log_, iscsi::Timeouts{});
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
    UnitConfig unit{.id = UnitId{id}, .identity = {}, .options = {}};
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
  void publish(Config config) { run(publish_task(std::make_shared<const Config>(std::move(config)))); }

  runtime::Task<void> list() { sessions_ = co_await server_->sessions(); }
  const std::vector<SessionStatus>& sessions() {
    run(list());
    return sessions_;
  }

  sim::World world_{sim::WorldOptions{.seed = 7}};
  MemoryLog log_;
  sim::SimShard& control_;
  std::array<sim::SimShard*, 3> data_;
  sim::SimShard& host_shard_;
  runtime::Gate gate_;
  std::optional<Server> server_;
  std::vector<Event> events_;
  std::vector<PortalFailure> failures_;
  std::vector<SessionStatus> sessions_;
};

TEST_F(ServerTest, ServesUnitsOfItsOwnShardAndOfOthers) {
  Host host(world_, host_shard_, kPortal, {});
  ASSERT_TRUE(host.log_in());
  for (const std::uint64_t number : {0U, 1U}) {
    EXPECT_EQ(host.run(command(number, test_unit_ready())).status, 0x02) << "power on unit attention";
    EXPECT_EQ(host.run(command(number, test_unit_ready())).status, 0x00);
    const Bytes data(4096, static_cast<std::byte>(0x40 + number));
    EXPECT_EQ(host.run(command(number, write10(8, 8), data)).status, 0x00);
    const auto& read = host.run(command(number, read10(8, 8), 4096));
    EXPECT_EQ(read.status, 0x00);
    EXPECT_EQ(read.data, data);
  }
}

TEST_F(ServerTest, MovesLargeDataBothWaysBetweenShards) {
  Host host(world_, host_shard_, kPortal, {});
  ASSERT_TRUE(host.log_in());
  for (const std::uint64_t number : {0U, 1U}) {
    host.run(command(number, test_unit_ready()));
    Bytes data(kBlocks / 2 * 512);
    for (std::size_t i = 0; i < data.size(); ++i) {
      data[i] = static_cast<std::byte>(i * 7 + i / 512 + number);
    }
    EXPECT_EQ(host.run(command(number, write10(0, kBlocks / 2), data)).status, 0x00);
    const auto& read = host.run(command(number, read10(0, kBlocks / 2), static_cast<std::uint32_t>(data.size())));
    EXPECT_EQ(read.data, data);
  }
}

TEST_F(ServerTest, AnswersForLunsThatAreNotThere) {
  Host host(world_, host_shard_, kPortal, {});
  ASSERT_TRUE(host.log_in());
  const auto& answer = host.run(command(5, inquiry(), 255));
  EXPECT_EQ(answer.status, 0x00);
  ASSERT_FALSE(answer.data.empty());
  EXPECT_EQ(answer.data[0], std::byte{0x7F});
  EXPECT_EQ(host.run(command(5, test_unit_ready())).status, 0x02);
}

TEST_F(ServerTest, RefusesInitiatorsWithoutARuleAsIfThereWereNoTarget) {
  Config config = make_config();
  config.targets[0].access = {InitiatorName{"iqn.2004-01.org.example:other"}};
  publish(std::move(config));
  Host host(world_, host_shard_, kPortal, {});
  EXPECT_FALSE(host.log_in());
  EXPECT_EQ(host.initiator().refusal(), iscsi::LoginStatus::kNotFound);
  EXPECT_TRUE(log_.contains("iscsi.login.rejected"));
}

TEST_F(ServerTest, ASecondLoginOfTheSamePortReplacesTheSession) {
  Host first(world_, host_shard_, kPortal, {});
  ASSERT_TRUE(first.log_in());
  Host second(world_, host_shard_, kPortal, {});
  ASSERT_TRUE(second.log_in());
  EXPECT_TRUE(world_.run_until([&] { return first.is_over(); }));
  EXPECT_EQ(sessions().size(), 1U);
  EXPECT_NE(first.initiator().tsih(), second.initiator().tsih());
}

TEST_F(ServerTest, ManyLoginsOfTheSamePortAtOnceLeaveOneSession) {
  std::vector<std::unique_ptr<Host>> hosts;
  for (int i = 0; i < 8; ++i) {
    hosts.push_back(std::make_unique<Host>(world_, host_shard_, kPortal, InitiatorOptions{}));
  }
  for (const auto& host : hosts) {
    EXPECT_TRUE(host->log_in());
  }
  world_.run_for(std::chrono::seconds(5));
  EXPECT_EQ(sessions().size(), 1U);
}

TEST_F(ServerTest, DropsSessionsThatLoseAccess) {
  Host host(world_, host_shard_, kPortal, {});
  ASSERT_TRUE(host.log_in());
  Config config = make_config();
  config.targets[0].access.clear();
  publish(std::move(config));
  EXPECT_TRUE(world_.run_until([&] { return host.is_over(); }));
  EXPECT_TRUE(world_.run_until([&] { return sessions().empty(); }));
}

TEST_F(ServerTest, KeepsSessionsOfADisabledTargetAndRefusesNewOnes) {
  Host host(world_, host_shard_, kPortal, {});
  ASSERT_TRUE(host.log_in());
  Config config = make_config();
  config.targets[0].enabled = false;
  publish(std::move(config));
  host.run(command(0, test_unit_ready()));
  EXPECT_EQ(host.run(command(0, test_unit_ready())).status, 0x00);
  InitiatorOptions options;
  options.isid = 0x8000'0000'0001;
  Host late(world_, host_shard_, kPortal, options);
  EXPECT_FALSE(late.log_in());
}

TEST_F(ServerTest, TellsSessionsThatTheirLunsHaveChanged) {
  Host host(world_, host_shard_, kPortal, {});
  ASSERT_TRUE(host.log_in());
  host.run(command(0, test_unit_ready()));
  Config config = make_config();
  config.targets[0].luns.pop_back();
  publish(std::move(config));
  const auto& answer = host.run(command(0, test_unit_ready()));
  EXPECT_EQ(answer.status, 0x02);
  ASSERT_GE(answer.sense.size(), 14U);
  EXPECT_EQ(answer.sense[12], std::byte{0x3F});
  EXPECT_EQ(answer.sense[13], std::byte{0x0E});
  EXPECT_EQ(host.run(command(1, test_unit_ready())).status, 0x02) << "no longer mapped";
  run(server_->remove_unit(UnitId{2}));
}

TEST_F(ServerTest, ShowsTargetsToWhomTheyAreOpen) {
  InitiatorOptions options;
  options.discovery = true;
  Host host(world_, host_shard_, kPortal, options);
  ASSERT_TRUE(host.log_in());
  const std::uint32_t tag = host.initiator().send_text(std::string_view("SendTargets=All\0", 16));
  host.flush();
  ASSERT_TRUE(world_.run_until([&] { return host.initiator().outcome(tag)->done; }));
  const Bytes& data = host.initiator().outcome(tag)->data;
  const std::string text(reinterpret_cast<const char*>(data.data()), data.size());
  EXPECT_NE(text.find(std::string("TargetName=") + kTargetName), std::string::npos);
  EXPECT_NE(text.find("TargetAddress=127.0.0.1:3260,1"), std::string::npos);
}

TEST_F(ServerTest, ClosesPortalsThatAreNotWantedAndKeepsTheirSessions) {
  Host host(world_, host_shard_, kPortal, {});
  ASSERT_TRUE(host.log_in());
  Config config = make_config();
  config.portals[0].listen = false;
  publish(std::move(config));
  Host late(world_, host_shard_, kPortal, {});
  EXPECT_FALSE(late.log_in());
  EXPECT_FALSE(host.is_over());
}

TEST_F(ServerTest, ExchangesAVolumeUnderASession) {
  Host host(world_, host_shard_, kPortal, {});
  ASSERT_TRUE(host.log_in());
  host.run(command(0, test_unit_ready()));
  run(server_->replace_volume(UnitId{1}, make_volume(kBlocks * 2)));
  const auto& answer = host.run(command(0, test_unit_ready()));
  EXPECT_EQ(answer.status, 0x02);
  EXPECT_EQ(answer.sense[12], std::byte{0x2A});
  EXPECT_EQ(host.run(command(0, read10(kBlocks, 1), 512)).status, 0x00);
}

TEST_F(ServerTest, ReportsSessionsWithWhatTheyAgreedOn) {
  Host host(world_, host_shard_, kPortal, {});
  ASSERT_TRUE(host.log_in());
  ASSERT_EQ(sessions().size(), 1U);
  const SessionStatus& session = sessions_.front();
  EXPECT_EQ(session.initiator_name, "iqn.2004-01.org.example:host");
  EXPECT_EQ(session.target_name, kTargetName);
  EXPECT_EQ(session.connections.size(), 1U);
  EXPECT_EQ(session.tsih, host.initiator().tsih());
}

TEST_F(ServerTest, ResetsALogicalUnitOnRequest) {
  Host host(world_, host_shard_, kPortal, {});
  ASSERT_TRUE(host.log_in());
  for (const std::uint64_t number : {0U, 1U}) {
    host.run(command(number, test_unit_ready()));
    const std::uint32_t tag =
        host.initiator().send_task_management(iscsi::TaskFunction::kLogicalUnitReset, lun(number));
    host.flush();
    ASSERT_TRUE(world_.run_until([&] { return host.initiator().outcome(tag)->done; }));
    EXPECT_EQ(host.initiator().outcome(tag)->response, 0);
    EXPECT_EQ(host.run(command(number, test_unit_ready())).status, 0x02);
  }
}

TEST_F(ServerTest, SilentConnectionsAreClosedAfterTheLoginTimeout) {
  runtime::ConnectRequest request;
  request.address = kPortal;
  host_shard_.run([&] { runtime::spawn(gate_, connect(host_shard_, request)); });
  ASSERT_TRUE(world_.run_until([&] { return request.stream != nullptr; }));
  std::array<std::byte, 16> memory{};
  runtime::ReceiveRequest receive;
  receive.memory = memory;
  bool over = false;
  host_shard_.run([&] { runtime::spawn(gate_, wait_for_bytes(*request.stream, receive, over)); });
  world_.run_for(std::chrono::seconds(10));
  EXPECT_FALSE(over);
  world_.run_for(std::chrono::seconds(10));
  EXPECT_TRUE(over);
  host_shard_.run([&] { request.stream.reset(); });
}

}  // namespace
}  // namespace lunaria::target
