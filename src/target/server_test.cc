#include "target/server.h"

#include <gtest/gtest.h>

#include "target/testing/server_bed.h"

namespace lunaria::target::testing {
namespace {

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

// More than a receive takes is waiting, so that answers are gathered: none of them may be forgotten.
TEST_F(ServerTest, AnswersADeepQueueOfWrites) {
  Host host(world_, host_shard_, kPortal, {});
  ASSERT_TRUE(host.log_in());
  host.run(command(0, test_unit_ready()));
  constexpr std::uint32_t kDepth = 60;
  std::vector<std::uint32_t> tags;
  for (std::uint32_t i = 0; i < kDepth; ++i) {
    tags.push_back(host.initiator().send_command(command(0, write10(8 * i, 8), Bytes(4096, std::byte(i + 1)))));
  }
  host.flush();
  for (const std::uint32_t tag : tags) {
    ASSERT_TRUE(world_.run_until([&] { return host.initiator().outcome(tag)->done; }));
    EXPECT_EQ(host.initiator().outcome(tag)->status, 0x00);
  }
  const auto& read = host.run(command(0, read10(8 * (kDepth - 1), 8), 4096));
  EXPECT_EQ(read.data, Bytes(4096, std::byte{kDepth}));
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

// The additional sense codes of the asynchronous messages that came, with their LUNs.
std::vector<std::pair<std::uint64_t, unsigned>> events_of(Host& host) {
  std::vector<std::pair<std::uint64_t, unsigned>> events;
  for (const iscsi::testing::Pdu& pdu : host.initiator().received()) {
    if (pdu.opcode() == iscsi::Opcode::kAsyncMessage) {
      EXPECT_EQ(pdu.get<iscsi::bhs::async_message::Event>(), iscsi::AsyncEvent::kScsi);
      const auto code = [&](std::size_t at) { return std::to_integer<unsigned>(pdu.data.at(2 + at)); };
      events.emplace_back(pdu.get<iscsi::bhs::Lun>() >> 48, code(12) << 8 | code(13));
    }
  }
  return events;
}

TEST_F(ServerTest, TellsEverySessionOfChangesWithoutBeingAsked) {
  InitiatorOptions options;
  options.isid = 0x8000'0000'0001;
  Host host(world_, host_shard_, kPortal, {});
  Host other(world_, host_shard_, kPortal, options);
  ASSERT_TRUE(host.log_in());
  ASSERT_TRUE(other.log_in());
  run(server_->replace_volume(UnitId{2}, make_volume(kBlocks * 2)));
  run(server_->replace_volume(UnitId{1}, make_volume(kBlocks)));
  Config config = make_config();
  config.targets[0].luns.pop_back();
  publish(std::move(config));
  const std::vector<std::pair<std::uint64_t, unsigned>> expected = {{1, 0x2A09}, {0, 0x3F0E}};
  EXPECT_TRUE(world_.run_until([&] { return events_of(host).size() == 2 && events_of(other).size() == 2; }));
  EXPECT_EQ(events_of(host), expected);
  EXPECT_EQ(events_of(other), expected);
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

Bytes report_functions() {
  Bytes cdb(12);
  cdb[0] = std::byte{0xA3};
  cdb[1] = std::byte{0x0D};
  cdb[9] = std::byte{4};
  return cdb;
}

InitiatorOptions another_port() {
  InitiatorOptions options;
  options.isid = 0x8000'0000'0077;
  return options;
}

CommandRequest block_erase() {
  Bytes cdb(10);
  cdb[0] = std::byte{0x48};
  cdb[1] = std::byte{0x02};
  return {.cdb = cdb, .write_data = {}};
}

TEST_F(ServerTest, AsksSessionsToNegotiateWhenTheAdministratorChangesTheLongestSegment) {
  Host host(world_, host_shard_, kPortal, {});
  ASSERT_TRUE(host.log_in());
  const auto is_asked = [&] {
    return std::ranges::any_of(host.initiator().received(), [](const iscsi::testing::Pdu& pdu) {
      return pdu.opcode() == iscsi::Opcode::kAsyncMessage &&
             pdu.get<iscsi::bhs::async_message::Event>() == iscsi::AsyncEvent::kNegotiationRequested;
    });
  };
  publish(make_config());
  world_.run_for(std::chrono::seconds(1));
  EXPECT_FALSE(is_asked());
  Config config = make_config();
  std::uint32_t& length = config.targets[0].preferences.max_recv_data_segment_length;
  length *= 2;
  const std::uint32_t expected = length;
  publish(std::move(config));
  EXPECT_TRUE(world_.run_until(is_asked));
  const std::uint32_t tag = host.initiator().send_text({});
  host.flush();
  EXPECT_TRUE(world_.run_until([&] { return host.initiator().outcome(tag)->done; }));
  EXPECT_EQ(sessions().front().connections.front().max_recv_data_segment_length, expected);
}

TEST_F(ServerTest, KeepsErasuresFromBeginningAndSaysWhichOneRuns) {
  Host host(world_, host_shard_, kPortal, {});
  ASSERT_TRUE(host.log_in());
  host.run(command(0, test_unit_ready()));
  std::optional<scsi::RunningErasure> running;
  run(hold_erasures(running));
  EXPECT_FALSE(running);
  const auto& refused = host.run(block_erase());
  EXPECT_EQ(refused.status, 0x02);
  EXPECT_EQ(refused.sense[12], std::byte{0x04});
  run(server_->replace_volume(UnitId{1}, make_volume(kBlocks)));
  run(server_->release_erasures(UnitId{1}));
  EXPECT_EQ(host.run(block_erase()).status, 0x00);
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

// RFC 7144.
TEST_F(ServerTest, TellsWhatAnInitiatorWillHearNextAndWhichFunctionsItHas) {
  InitiatorOptions options;
  options.keys.emplace_back("iSCSIProtocolLevel", "2");
  Host host(world_, host_shard_, kPortal, options);
  ASSERT_TRUE(host.log_in());
  const auto query = [&] {
    const std::uint32_t tag =
        host.initiator().send_task_management(iscsi::TaskFunction::kQueryAsynchronousEvent, lun(0));
    host.flush();
    EXPECT_TRUE(world_.run_until([&] { return host.initiator().outcome(tag)->done; }));
    return host.initiator().outcome(tag)->response;
  };
  EXPECT_EQ(query(), static_cast<std::uint8_t>(iscsi::TaskResponse::kFunctionSucceeded));
  namespace fields = iscsi::bhs::task_management_response;
  const iscsi::testing::Pdu& answer = host.initiator().received().back();
  EXPECT_EQ(answer.get<fields::AdditionalInformation>(), 0x06'29'00U) << "UNIT ATTENTION, POWER ON";
  EXPECT_EQ(host.run(command(0, test_unit_ready())).status, 0x02) << "it was left pending";
  EXPECT_EQ(query(), static_cast<std::uint8_t>(iscsi::TaskResponse::kFunctionComplete));
  EXPECT_EQ(host.run(command(0, report_functions(), 4)).data, (Bytes{std::byte{0xFC}, std::byte{0x07}, {}, {}}));
  Host old(world_, host_shard_, kPortal, another_port());
  ASSERT_TRUE(old.log_in());
  old.run(command(0, test_unit_ready()));
  EXPECT_EQ(old.run(command(0, report_functions(), 4)).data, (Bytes{std::byte{0xF8}, {}, {}, {}}));
}

TEST_F(ServerTest, AWarmResetResetsEveryUnitAndKeepsTheSession) {
  Host host(world_, host_shard_, kPortal, {});
  ASSERT_TRUE(host.log_in());
  for (const std::uint64_t number : {0U, 1U}) {
    host.run(command(number, test_unit_ready()));
    EXPECT_EQ(host.run(command(number, test_unit_ready())).status, 0x00);
  }
  const std::uint32_t tag = host.initiator().send_task_management(iscsi::TaskFunction::kTargetWarmReset, 0);
  host.flush();
  EXPECT_TRUE(world_.run_until([&] { return host.initiator().outcome(tag)->done; }));
  EXPECT_EQ(host.initiator().outcome(tag)->response, 0);
  for (const std::uint64_t number : {0U, 1U}) {
    const auto& answer = host.run(command(number, test_unit_ready()));
    EXPECT_EQ(answer.status, 0x02);
    EXPECT_EQ(answer.sense[12], std::byte{0x29}) << "a reset";
    EXPECT_EQ(host.run(command(number, test_unit_ready())).status, 0x00);
  }
  EXPECT_FALSE(host.is_over());
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

// Each unit has a home of its own, and who keeps lives on the control shard.
TEST_F(ServerTest, KeepsReservationsThatAreToPersist) {
  Host host(world_, host_shard_, kPortal, {});
  ASSERT_TRUE(host.log_in());
  for (const std::uint64_t number : {0U, 1U}) {
    host.run(command(number, test_unit_ready()));
    Bytes cdb(10);
    cdb[0] = std::byte{0x5F};
    cdb[8] = std::byte{24};
    Bytes list(24);
    list[15] = static_cast<std::byte>(5 + number);
    list[20] = std::byte{0x01};
    EXPECT_EQ(host.run(command(number, cdb, list)).status, 0x00);
    EXPECT_EQ(keeper_.calls, static_cast<int>(number + 1));
    EXPECT_EQ(keeper_.last_unit, UnitId{static_cast<std::uint32_t>(number + 1)});
    ASSERT_EQ(keeper_.last.registrations.size(), 1U);
    EXPECT_EQ(keeper_.last.registrations[0].key, 5 + number);
    EXPECT_EQ(keeper_.last.registrations[0].ports.target_port, std::string(kTargetName) + ",t,0x0001");
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
}  // namespace lunaria::target::testing
