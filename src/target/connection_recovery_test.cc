// Recovery level 2 in a whole server: connections that fail, and tasks that others take over (RFC 7143 7.2.2).
#include <gtest/gtest.h>

#include "target/testing/hanging_volume.h"
#include "target/testing/server_bed.h"

namespace lunaria::target::testing {
namespace {

/// A session of two connections on a unit whose backend hangs.
class ConnectionRecovery : public ServerTest {
 protected:
  ConnectionRecovery() {
    Config config = make_config();
    config.targets[0].preferences.max_connections = 2;
    config.targets[0].preferences.error_recovery_level = 2;
    publish(std::move(config));
    run(server_->replace_volume(UnitId{1}, std::make_unique<HangingVolume>(waiting_)));
    InitiatorOptions options;
    options.recovers = true;
    for (auto& [key, value] : options.keys) {
      value = key == "ErrorRecoveryLevel" || key == "MaxConnections" ? "2" : value;
    }
    first_ = std::make_unique<Host>(world_, host_shard_, kPortal, options);
    EXPECT_TRUE(first_->log_in());
    options.tsih = first_->initiator().tsih();
    options.cid = 1;
    options.first_tag = 1000;
    options.agreed = first_->initiator().answers();
    options.keys = {{"MaxRecvDataSegmentLength", "65536"}};
    second_ = std::make_unique<Host>(world_, host_shard_, kPortal, options);
    EXPECT_TRUE(second_->log_in());
    for (int i = 0; i < 2; ++i) {
      first_->run(command(0, test_unit_ready()));
    }
  }
  ~ConnectionRecovery() override {
    release();
    first_.reset();
    second_.reset();
  }
  std::uint32_t hang(CommandRequest request) {
    const std::uint32_t tag = first_->initiator().send_command(request);
    first_->flush();
    EXPECT_TRUE(world_.run_until([&] { return !waiting_.empty(); }));
    return tag;
  }
  void release() {
    data_[0]->run([this] {
      for (block::Request* request : std::exchange(waiting_, {})) {
        request->complete();
      }
    });
    world_.run_for(std::chrono::seconds(1));
  }
  /// The first connection fails, and the second takes over its command; returns the answer to that.
  std::uint8_t take_over(std::uint32_t tag) {
    iscsi::testing::InitiatorTask task = first_->initiator().take(tag);
    first_->close();
    EXPECT_TRUE(world_.run_until([&] { return first_->is_over(); }));
    world_.run_for(std::chrono::seconds(2));
    second_->initiator().set_command_sn(first_->initiator().command_sn());
    const std::uint32_t function = second_->initiator().reassign(tag, std::move(task), false);
    second_->flush();
    EXPECT_TRUE(world_.run_until([&] { return second_->initiator().outcome(function)->done; }));
    return second_->initiator().outcome(function)->response;
  }

  std::vector<block::Request*> waiting_;
  std::unique_ptr<Host> first_;
  std::unique_ptr<Host> second_;
};

TEST_F(ConnectionRecovery, AnswersWhereTheTaskWasTakenOver) {
  const std::uint32_t tag = hang(command(0, write10(0, 8), Bytes(4096)));
  ASSERT_EQ(take_over(tag), 0);
  EXPECT_FALSE(second_->initiator().outcome(tag)->done);
  release();
  EXPECT_TRUE(second_->initiator().outcome(tag)->done);
  EXPECT_EQ(second_->initiator().outcome(tag)->status, 0);
}

// The command runs in the loop that it was begun in; waiting for it must cost nothing.
TEST_F(ConnectionRecovery, AConnectionEndsAfterATaskThatItHasTakenOverAndThatHangs) {
  const std::uint32_t tag = hang(command(0, write10(0, 8), Bytes(4096)));
  ASSERT_EQ(take_over(tag), 0);
  second_->close();
  world_.run_for(std::chrono::seconds(60));  // would not come to its end if the loop looked again and again
  ASSERT_EQ(waiting_.size(), 1U) << "it hangs still";
  release();
  EXPECT_TRUE(world_.run_until([&] { return sessions().empty(); }));
}

}  // namespace
}  // namespace lunaria::target::testing
