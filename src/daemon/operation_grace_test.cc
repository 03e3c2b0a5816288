// A stop waits for operations, but not for clients that do not read.

#include "daemon/operation_grace.h"

#include <gmock/gmock.h>

#include <list>
#include <optional>

#include "wbem/cimxml/world_for_test.h"

namespace lunaria::daemon {
namespace {

using namespace std::chrono_literals;
using wbem::cimxml::HttpReply;
using wbem::cimxml::RawClient;

class OperationGrace : public testing::Test, public wbem::cimxml::CimXmlWorld {
 protected:
  ~OperationGrace() override {
    silent_.clear();
    EXPECT_TRUE(world.run_until([this] { return gate_.count() == 0; }));
  }
  void fill() {
    for (std::uint32_t i = 0; i < 10'000; ++i) {
      provider.add(disk(i));
    }
  }
  /// So slow that a long answer takes a minute.
  void slow_down() {
    world.network().set_link({.latency_min = 300ms, .latency_max = 300ms, .window = std::size_t{64} << 10});
  }
  static std::string enumeration(const std::string& fields = "") {
    return wbem::cimxml::http_post({.method = "EnumerateInstances", .more = fields},
                                   wbem::cimxml::intrinsic_call("EnumerateInstances",
                                                                "<IPARAMVALUE NAME=\"ClassName\"><CLASSNAME "
                                                                "NAME=\"T_Disk\"/></IPARAMVALUE>"));
  }
  void send_from_silent_client() {
    silent_.emplace_back(world, client_shard, *IpEndpoint::parse("192.0.2.7:5988"), false).send(enumeration());
  }
  cim::AdmissionControl::Ticket enter() {
    const cim::OperationContext context;
    return std::move(*admission.enter(context, {cim::OperationKind::kInvokeMethod, space, "T_Disk", "Resize"}));
  }
  void begin_stop(std::size_t remaining) {
    admission.close();
    stop_began_ = world.clock().now();
    server_shard.run([&] { EXPECT_TRUE(runtime::spawn(gate_, stop(remaining))); });
  }
  /// How long the stop took; it ends.
  runtime::Duration stop_time() {
    EXPECT_TRUE(world.run_until([this] { return stop_ended_.has_value(); }, 10min));
    return *stop_ended_ - stop_began_;
  }
  runtime::Task<void> stop(std::size_t remaining) {
    co_await wait_for_operations(server_shard, admission, remaining, handler, server);
    stop_ended_ = world.clock().now();
  }

  std::list<RawClient> silent_;
  runtime::Gate gate_;
  runtime::Instant stop_began_{};
  std::optional<runtime::Instant> stop_ended_;
};

TEST_F(OperationGrace, AnswersThatAreDoneInTimeAreWhole) {
  fill();
  RawClient client = connect();
  client.send(enumeration());
  ASSERT_TRUE(client.run_until([&] { return !client.text.empty(); }));
  begin_stop(0);
  EXPECT_LT(stop_time(), kOperationGrace);
  ASSERT_TRUE(client.wait_for_end());
  EXPECT_TRUE(wbem::cimxml::parse_reply(client.text).is_complete);
}

TEST_F(OperationGrace, SlowReadersAreToldThatTheAnswerIsNotWhole) {
  fill();
  slow_down();
  RawClient client = connect();
  RawClient old_client = connect();
  client.send(enumeration("TE: trailers\r\n"));
  old_client.send(enumeration());
  ASSERT_TRUE(client.run_until([&] { return !client.text.empty() && !old_client.text.empty(); }));
  begin_stop(0);
  const runtime::Duration time = stop_time();
  EXPECT_GE(time, kOperationGrace);
  EXPECT_LT(time, kOperationGrace + kErrorGrace);
  EXPECT_LT(provider.put_count(), 10'000U);
  ASSERT_TRUE(client.wait_for_end() && old_client.wait_for_end());
  const HttpReply reply = wbem::cimxml::parse_reply(client.text);
  EXPECT_TRUE(reply.is_complete);
  EXPECT_EQ(reply.trailers.at("CIMStatusCode"), "28");
  EXPECT_FALSE(wbem::cimxml::parse_reply(old_client.text).is_complete) << "nobody takes the part for the whole";
}

TEST_F(OperationGrace, ClientsThatDoNotReadAreCut) {
  fill();
  for (int i = 0; i < 3; ++i) {
    send_from_silent_client();
  }
  ASSERT_TRUE(world.run_until([this] { return admission.inside() == 3; }));
  const cim::AdmissionControl::Ticket own = enter();
  begin_stop(1);
  EXPECT_LT(stop_time(), kOperationGrace + kErrorGrace + 1s);
  EXPECT_EQ(admission.inside(), 1U);
  EXPECT_TRUE(world.run_until([this] { return server.connection_count() == 0; }));
}

TEST_F(OperationGrace, AfterTheStopAnswersAreWholeAgain) {
  fill();
  send_from_silent_client();
  ASSERT_TRUE(world.run_until([this] { return admission.inside() == 1; }));
  begin_stop(0);
  stop_time();
  admission.open();
  EXPECT_TRUE(exchange(enumeration()).is_complete);
}

TEST_F(OperationGrace, WhatDoesNotAnswerYetIsWaitedFor) {
  std::optional<cim::AdmissionControl::Ticket> change(enter());
  begin_stop(0);
  world.run_for(1min);
  EXPECT_FALSE(stop_ended_);
  change.reset();
  EXPECT_LT(stop_time(), 1min + 1s);
}

}  // namespace
}  // namespace lunaria::daemon
