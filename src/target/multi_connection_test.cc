// Sessions of several connections (RFC 7143 4.2.3, 6.3), and task management over a backend that hangs.
#include <gtest/gtest.h>

#include "target/testing/hanging_volume.h"
#include "target/testing/server_bed.h"

namespace lunaria::target::testing {
namespace {

using iscsi::LoginStatus;
using iscsi::TaskFunction;

void set_key(InitiatorOptions& options, const std::string& name, const std::string& value) {
  for (auto& [key, current] : options.keys) {
    if (key == name) {
      current = value;
    }
  }
}

class MultiConnection : public ServerTest {
 protected:
  static constexpr std::uint16_t kConnectionsMax = 3;

  MultiConnection() {
    Config config = make_config();
    config.targets[0].preferences.max_connections = kConnectionsMax;
    publish(std::move(config));
    InitiatorOptions options;
    set_key(options, "MaxConnections", "8");
    leader_ = std::make_unique<Host>(world_, host_shard_, kPortal, options);
    EXPECT_TRUE(leader_->log_in());
    EXPECT_EQ(leader_->initiator().answers().at("MaxConnections"), std::to_string(kConnectionsMax));
  }
  ~MultiConnection() override { leader_.reset(); }

  InitiatorOptions joining(std::uint16_t cid) const {
    InitiatorOptions options;
    options.tsih = leader_->initiator().tsih();
    options.cid = cid;
    options.keys = {{"HeaderDigest", "CRC32C"}, {"DataDigest", "None"}, {"MaxRecvDataSegmentLength", "65536"}};
    return options;
  }
  std::unique_ptr<Host> connect_with(InitiatorOptions options) {
    return std::make_unique<Host>(world_, host_shard_, kPortal, std::move(options));
  }
  std::unique_ptr<Host> join(std::uint16_t cid) {
    auto host = connect_with(joining(cid));
    EXPECT_TRUE(host->log_in());
    EXPECT_EQ(host->initiator().tsih(), leader_->initiator().tsih());
    return host;
  }
  /// Runs a command on one connection, with the CmdSN that the session has come to.
  const iscsi::testing::Outcome& run_on(Host& host, const CommandRequest& request) {
    host.initiator().set_command_sn(command_sn_++);
    return host.run(request);
  }
  void forget_attentions(Host& host) {
    for (const std::uint64_t number : {0U, 1U}) {
      run_on(host, command(number, test_unit_ready()));
    }
  }
  std::optional<LoginStatus> refusal(InitiatorOptions options) {
    const auto host = connect_with(std::move(options));
    EXPECT_FALSE(host->log_in());
    return host->initiator().refusal();
  }
  std::uint8_t log_out(Host& host, iscsi::LogoutReason reason, std::uint16_t cid) {
    const std::uint32_t tag = host.initiator().send_logout(reason, cid);
    host.flush();
    EXPECT_TRUE(world_.run_until([&] { return host.initiator().outcome(tag)->done || host.is_over(); }));
    return host.initiator().outcome(tag)->response;
  }

  std::unique_ptr<Host> leader_;
  std::uint32_t command_sn_ = 1;
};

TEST_F(MultiConnection, ServesEveryUnitOnEveryConnection) {
  auto second = join(1);
  auto third = join(2);
  forget_attentions(*leader_);
  unsigned seed = 0;
  for (Host* host : {leader_.get(), second.get(), third.get()}) {
    for (const std::uint64_t number : {0U, 1U}) {
      const Bytes data(8192, static_cast<std::byte>(++seed));
      EXPECT_EQ(run_on(*host, command(number, write10(8, 16), data)).status, 0);
      EXPECT_EQ(run_on(*leader_, command(number, read10(8, 16), 8192)).data, data);
    }
  }
  ASSERT_EQ(sessions().size(), 1U);
  EXPECT_EQ(sessions_.front().connections.size(), 3U);
  EXPECT_TRUE(sessions_.front().connections[1].header_digest);
}

TEST_F(MultiConnection, StartsCommandsInTheOrderOfTheSession) {
  auto second = join(1);
  forget_attentions(*leader_);
  second->initiator().set_command_sn(command_sn_ + 1);
  const auto late = second->initiator().send_command(command(0, test_unit_ready()));
  second->flush();
  world_.run_for(std::chrono::seconds(1));
  EXPECT_FALSE(second->initiator().outcome(late)->done) << "the command before it has not come";
  leader_->initiator().set_command_sn(command_sn_);
  EXPECT_EQ(leader_->run(command(0, test_unit_ready())).status, 0);
  EXPECT_TRUE(world_.run_until([&] { return second->initiator().outcome(late)->done; }));
}

TEST_F(MultiConnection, RefusesWhatDoesNotBelongToTheSession) {
  InitiatorOptions unknown = joining(1);
  unknown.tsih = static_cast<std::uint16_t>(unknown.tsih + 100);
  EXPECT_EQ(refusal(unknown), LoginStatus::kSessionDoesNotExist);
  InitiatorOptions stranger = joining(1);
  stranger.initiator_name = "iqn.2004-01.org.example:stranger";
  EXPECT_EQ(refusal(stranger), LoginStatus::kCannotIncludeInSession);
  InitiatorOptions other_port = joining(1);
  other_port.isid = 0x8000'0000'0001;
  EXPECT_EQ(refusal(other_port), LoginStatus::kCannotIncludeInSession);
  auto second = join(1);
  auto third = join(2);
  EXPECT_EQ(refusal(joining(3)), LoginStatus::kTooManyConnections);
  InitiatorOptions session_wide = joining(4);
  session_wide.keys.emplace_back("MaxBurstLength", "65536");
  EXPECT_EQ(refusal(session_wide), LoginStatus::kInitiatorError);
  EXPECT_EQ(sessions().front().connections.size(), 3U);
}

TEST_F(MultiConnection, ReplacesAConnectionOfTheSameCid) {
  auto second = join(1);
  auto again = join(1);
  EXPECT_TRUE(world_.run_until([&] { return second->is_over(); }));
  EXPECT_EQ(sessions().front().connections.size(), 2U);
  forget_attentions(*leader_);
  EXPECT_EQ(run_on(*again, command(0, test_unit_ready())).status, 0);
  EXPECT_FALSE(leader_->is_over());
}

TEST_F(MultiConnection, TheOnlyConnectionMayBeReplaced) {
  auto again = join(0);
  EXPECT_TRUE(world_.run_until([&] { return leader_->is_over(); }));
  forget_attentions(*again);
  EXPECT_EQ(run_on(*again, command(0, test_unit_ready())).status, 0);
  EXPECT_EQ(sessions().size(), 1U);
}

TEST_F(MultiConnection, EndsWithAFailedConnectionWithoutRecovery) {
  auto second = join(1);
  second->close();
  EXPECT_TRUE(world_.run_until([&] { return leader_->is_over(); }));
  EXPECT_TRUE(world_.run_until([&] { return sessions().empty(); }));
}

TEST_F(MultiConnection, ClosesOneConnectionAndKeepsTheRest) {
  auto second = join(1);
  auto third = join(2);
  EXPECT_EQ(log_out(*second, iscsi::LogoutReason::kCloseConnection, 1), 0) << "its own";
  EXPECT_TRUE(world_.run_until([&] { return second->is_over(); }));
  EXPECT_EQ(log_out(*leader_, iscsi::LogoutReason::kCloseConnection, 2), 0) << "another";
  EXPECT_TRUE(world_.run_until([&] { return third->is_over(); }));
  EXPECT_EQ(log_out(*leader_, iscsi::LogoutReason::kCloseConnection, 2), 1) << "gone already";
  forget_attentions(*leader_);
  EXPECT_EQ(run_on(*leader_, command(0, test_unit_ready())).status, 0);
}

TEST_F(MultiConnection, ClosesAllWithTheSession) {
  auto second = join(1);
  EXPECT_EQ(log_out(*second, iscsi::LogoutReason::kCloseSession, 1), 0);
  EXPECT_TRUE(world_.run_until([&] { return leader_->is_over() && second->is_over(); }));
  EXPECT_TRUE(world_.run_until([&] { return sessions().empty(); }));
}

// RFC 7143 4.2.3.3 step d: no answer comes behind the end of its task.
TEST_F(MultiConnection, AResetIsAnsweredWhenTheInitiatorHasTheAnswersOfOtherConnections) {
  auto second = join(1);
  forget_attentions(*leader_);
  second->initiator().answer_probes(false);
  leader_->initiator().set_command_sn(command_sn_);
  const auto reset = leader_->initiator().send_task_management(TaskFunction::kLogicalUnitReset, lun(0));
  leader_->flush();
  world_.run_for(std::chrono::seconds(2));
  EXPECT_FALSE(leader_->initiator().outcome(reset)->done);
  second->initiator().set_command_sn(command_sn_);
  second->initiator().send_nop("");
  second->flush();
  EXPECT_TRUE(world_.run_until([&] { return leader_->initiator().outcome(reset)->done; }));
  EXPECT_EQ(leader_->initiator().outcome(reset)->response, 0);
  EXPECT_FALSE(second->is_over());
}

TEST_F(MultiConnection, ACommandThatComesAfterAResetThatItPrecedesIsNotCarriedOut) {
  auto second = join(1);
  forget_attentions(*leader_);
  leader_->initiator().set_command_sn(command_sn_ + 2);  // two have gone by the other connection, and take their time
  const auto reset = leader_->initiator().send_task_management(TaskFunction::kAbortTaskSet, lun(0));
  leader_->flush();
  EXPECT_TRUE(world_.run_until([&] { return leader_->initiator().outcome(reset)->done; }));
  EXPECT_EQ(leader_->initiator().outcome(reset)->response, 0);
  second->initiator().set_command_sn(command_sn_);
  const auto ended = second->initiator().send_command(command(0, write10(8, 8), Bytes(4096, std::byte{7})));
  const auto other = second->initiator().send_command(command(1, test_unit_ready()));
  second->flush();
  EXPECT_TRUE(world_.run_until([&] { return second->initiator().outcome(other)->done; })) << "of another unit";
  world_.run_for(std::chrono::seconds(1));
  EXPECT_FALSE(second->initiator().outcome(ended)->done);
  command_sn_ += 2;
  EXPECT_EQ(run_on(*leader_, command(0, read10(8, 8), 4096)).data, Bytes(4096)) << "nothing was written";
}

TEST_F(MultiConnection, AConnectionThatAcknowledgesNothingDoesNotHoldAResetForEver) {
  auto second = join(1);
  second->initiator().answer_probes(false);
  leader_->initiator().send_task_management(TaskFunction::kAbortTaskSet, lun(0));
  leader_->flush();
  world_.run_for(std::chrono::seconds(5));
  EXPECT_FALSE(second->is_over());
  EXPECT_TRUE(world_.run_until([&] { return second->is_over(); }, std::chrono::seconds(10)));
}

TEST_F(MultiConnection, ColdResetEndsEverySessionOfTheTarget) {
  auto second = join(1);
  InitiatorOptions options;
  options.isid = 0x8000'0000'0002;
  auto other = connect_with(options);
  ASSERT_TRUE(other->log_in());
  leader_->initiator().send_task_management(TaskFunction::kTargetColdReset, 0);
  leader_->flush();
  EXPECT_TRUE(world_.run_until([&] { return leader_->is_over() && second->is_over() && other->is_over(); }));
  EXPECT_TRUE(world_.run_until([&] { return sessions().empty(); }));
}

class HangingBackend : public ServerTest {
 protected:
  HangingBackend() {
    run(server_->replace_volume(UnitId{1}, std::make_unique<HangingVolume>(waiting_)));
    host_ = std::make_unique<Host>(world_, host_shard_, kPortal, InitiatorOptions{});
    EXPECT_TRUE(host_->log_in());
    host_->run(command(0, test_unit_ready()));
    host_->run(command(0, test_unit_ready()));
  }
  ~HangingBackend() override {
    data_[0]->run([this] {
      for (block::Request* request : std::exchange(waiting_, {})) {
        request->complete();
      }
    });
    world_.run_for(std::chrono::seconds(1));
    host_.reset();
  }
  /// Sends a function and returns its response and how long it took.
  std::pair<std::uint8_t, runtime::Duration> manage(TaskFunction function, std::uint32_t referenced = 0) {
    const runtime::Instant begin = host_shard_.clock().now();
    const std::uint32_t tag = host_->initiator().send_task_management(function, lun(0), referenced);
    host_->flush();
    EXPECT_TRUE(world_.run_until([&] { return host_->initiator().outcome(tag)->done; }));
    return {host_->initiator().outcome(tag)->response, host_shard_.clock().now() - begin};
  }
  std::uint32_t hang(CommandRequest request) {
    const std::size_t before = waiting_.size();
    const std::uint32_t tag = host_->initiator().send_command(request);
    host_->flush();
    EXPECT_TRUE(world_.run_until([&] { return waiting_.size() > before; }));
    return tag;
  }
  /// A write to blocks 0 to 7 hangs, and its initiator is gone.
  void expect_that_newer_commands_wait_for_it(Host& newer) {
    ASSERT_EQ(waiting_.size(), 1U);
    newer.initiator().send_command(command(0, read10(64, 8), 4096));
    newer.initiator().send_command(command(0, read10(4, 8), 4096));
    newer.initiator().send_command(command(0, write10(7, 1), Bytes(512)));
    newer.flush();
    world_.run_for(std::chrono::seconds(1));
    EXPECT_EQ(waiting_.size(), 2U) << "the read elsewhere does not wait";
    data_[0]->run([this] {
      block::Request* const old = waiting_.front();
      waiting_.erase(waiting_.begin());
      old->complete();
    });
    world_.run_for(std::chrono::seconds(1));
    EXPECT_EQ(waiting_.size(), 3U);
  }

  std::vector<block::Request*> waiting_;
  std::unique_ptr<Host> host_;
};

TEST_F(HangingBackend, AbortTaskAnswersWithinASecond) {
  const std::uint32_t tag = hang(command(0, read10(0, 8), 4096));
  const auto [response, time] = manage(TaskFunction::kAbortTask, tag);
  EXPECT_EQ(response, 0);
  EXPECT_LT(time, std::chrono::seconds(1));
  EXPECT_FALSE(host_->initiator().outcome(tag)->done);
}

TEST_F(HangingBackend, LogicalUnitResetAnswersWithinASecond) {
  hang(command(0, read10(0, 8), 4096));
  hang(command(0, write10(0, 8), Bytes(4096)));
  const auto [response, time] = manage(TaskFunction::kLogicalUnitReset);
  EXPECT_EQ(response, 0);
  EXPECT_LT(time, std::chrono::seconds(1));
  EXPECT_EQ(host_->run(command(0, test_unit_ready())).status, 2) << "told of the reset, while the commands hang";
  EXPECT_EQ(host_->run(command(0, test_unit_ready())).status, 0);
}

TEST_F(HangingBackend, AnotherLoginReplacesTheSessionAllTheSame) {
  hang(command(0, write10(0, 8), Bytes(4096)));
  const runtime::Instant begin = host_shard_.clock().now();
  auto again = std::make_unique<Host>(world_, host_shard_, kPortal, InitiatorOptions{});
  ASSERT_TRUE(again->log_in());
  EXPECT_LT(host_shard_.clock().now() - begin, std::chrono::seconds(1));
  EXPECT_TRUE(host_->is_over());
  EXPECT_EQ(again->run(command(1, test_unit_ready())).status, 2) << "power on";
  EXPECT_EQ(again->run(command(1, test_unit_ready())).status, 0);
  auto third = std::make_unique<Host>(world_, host_shard_, kPortal, InitiatorOptions{});
  ASSERT_TRUE(third->log_in());
  EXPECT_NE(third->initiator().tsih(), again->initiator().tsih());
  EXPECT_NE(third->initiator().tsih(), host_->initiator().tsih()) << "its commands still run under that number";
}

TEST_F(HangingBackend, AConnectionIsReplacedAllTheSame) {
  hang(command(0, write10(0, 8), Bytes(4096)));
  InitiatorOptions options;
  options.tsih = host_->initiator().tsih();
  options.keys = {{"MaxRecvDataSegmentLength", "65536"}};
  const runtime::Instant begin = host_shard_.clock().now();
  auto again = std::make_unique<Host>(world_, host_shard_, kPortal, options);
  ASSERT_TRUE(again->log_in());
  EXPECT_LT(host_shard_.clock().now() - begin, std::chrono::seconds(1));
  again->initiator().set_command_sn(host_->initiator().command_sn());
  EXPECT_EQ(again->run(command(1, test_unit_ready())).status, 2) << "power on, of the session";
  EXPECT_EQ(sessions().front().connections.size(), 1U);
}

// What was acknowledged or read meanwhile would be undone by it.
TEST_F(HangingBackend, AWriteOfASessionThatIsOverHoldsBackNewerCommands) {
  hang(command(0, write10(0, 8), Bytes(4096)));
  auto again = std::make_unique<Host>(world_, host_shard_, kPortal, InitiatorOptions{});
  ASSERT_TRUE(again->log_in());
  again->run(command(0, test_unit_ready()));
  expect_that_newer_commands_wait_for_it(*again);
}

TEST_F(HangingBackend, AWriteOfAConnectionThatIsOverHoldsBackNewerCommands) {
  hang(command(0, write10(0, 8), Bytes(4096)));
  InitiatorOptions options;
  options.tsih = host_->initiator().tsih();
  options.keys = {{"MaxRecvDataSegmentLength", "65536"}};
  auto again = std::make_unique<Host>(world_, host_shard_, kPortal, options);
  ASSERT_TRUE(again->log_in());
  again->initiator().set_command_sn(host_->initiator().command_sn());
  expect_that_newer_commands_wait_for_it(*again);
}

// It is still at it when the command's end is the last that an exchange of volumes has waited for.
TEST_F(HangingBackend, AVolumeIsNotDestroyedWhileItCompletesARequest) {
  bool is_gone = false;
  run(server_->replace_volume(UnitId{1}, std::make_unique<HangingVolume>(waiting_, &is_gone)));
  hang(command(0, read10(0, 8), 4096));
  bool is_replaced = false;
  control_.run(
      [&] { runtime::spawn(gate_, note_end(server_->replace_volume(UnitId{1}, make_volume(kBlocks)), is_replaced)); });
  world_.run_for(std::chrono::seconds(1));
  data_[0]->run([&] {
    waiting_.front()->complete();
    waiting_.clear();
    EXPECT_FALSE(is_gone);
  });
  EXPECT_TRUE(world_.run_until([&] { return is_replaced; }));
  EXPECT_TRUE(is_gone);
}

TEST_F(HangingBackend, TheWindowIsOpenAgainAfterAReset) {
  for (int round = 0; round < 3; ++round) {
    for (std::uint32_t i = 0; i < 64; ++i) {
      hang(command(0, read10(0, 8), 4096));
    }
    EXPECT_EQ(manage(TaskFunction::kLogicalUnitReset).first, 0);
    host_->run(command(0, test_unit_ready()));
  }
  EXPECT_EQ(host_->run(command(0, test_unit_ready())).status, 0);
}

}  // namespace
}  // namespace lunaria::target::testing
