// Rate limits of units and initiators, in virtual time.
#include <gtest/gtest.h>

#include "scsi/harness_test.h"
#include "scsi/rate_limiter.h"

namespace lunaria::scsi {
namespace {

using std::chrono::seconds;
using testing::Bytes;
using testing::Exchange;
using testing::FakeTransport;
using testing::Harness;
using testing::outcome;

constexpr auto kPause = std::chrono::microseconds(100);

/// An initiator that keeps so many reads outstanding until it is told to stop.
class Reader final {
 public:
  Reader(Harness& harness, std::size_t initiator, std::size_t depth, std::uint8_t blocks)
      : harness_(harness), initiator_(initiator), blocks_(blocks) {
    for (std::size_t i = 0; i < depth; ++i) {
      spawn(gate_, keep_reading());
    }
  }
  ~Reader() {
    stopped_ = true;
    harness_.unit.set_options({});
    harness_.unit.set_rate_limiter(harness_.nexuses[initiator_]->id, nullptr);
    harness_.world.run_for(std::chrono::milliseconds(1));
  }
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;
  /// Reads that have ended since the last call, in a time that passes now.
  double reads_in(seconds time) {
    const std::size_t before = count_;
    harness_.world.run_for(time);
    return static_cast<double>(count_ - before);
  }
  std::size_t count() const { return count_; }

 private:
  runtime::Task<void> keep_reading() {
    FakeTransport transport(harness_.shard.buffers());
    while (!stopped_) {
      Command command(transport);
      command.nexus = harness_.nexuses[initiator_].get();
      command.cdb_length = 10;
      command.cdb_bytes[0] = std::byte{0x28};
      command.cdb_bytes[8] = static_cast<std::byte>(blocks_);
      command.data_in_length = std::uint64_t{512} * blocks_;
      co_await harness_.unit.execute(command);
      EXPECT_EQ(command.status, Status::kGood);
      count_ += 1;
      if (!stopped_) {
        co_await runtime::sleep_for(harness_.shard, kPause);
      }
    }
  }

  Harness& harness_;
  std::size_t initiator_;
  std::uint8_t blocks_;
  runtime::Gate gate_;
  bool stopped_ = false;
  std::size_t count_ = 0;
};

constexpr double kExactness = 0.05;

void expect_near(double found, double expected) {
  EXPECT_NEAR(found, expected, expected * kExactness);
}

TEST(RateLimit, OfAUnitHoldsForAllInitiatorsTogether) {
  for (const std::uint64_t iops : {10U, 300U, 20'000U}) {
    Harness harness(Harness::ram(2048), {.rate_limit = {.iops = iops, .iops_burst = 1}});
    Reader one(harness, 0, 16, 8);
    Reader two(harness, 1, 4, 8);
    harness.world.run_for(seconds(2));
    const std::size_t before = two.count();
    const double found = one.reads_in(seconds(10));
    expect_near(found + static_cast<double>(two.count() - before), 10.0 * static_cast<double>(iops));
  }
}

TEST(RateLimit, OfBandwidthCountsBytes) {
  for (const std::uint8_t blocks : {std::uint8_t{1}, std::uint8_t{16}, std::uint8_t{255}}) {
    Harness harness(Harness::ram(2048), {.rate_limit = {.bandwidth = 4'000'000, .bandwidth_burst = 512}});
    Reader reader(harness, 0, 32, blocks);
    harness.world.run_for(seconds(2));
    expect_near(reader.reads_in(seconds(10)) * blocks * 512, 40'000'000);
  }
}

TEST(RateLimit, TheStricterOfTwoCounts) {
  Harness harness(Harness::ram(2048), {.rate_limit = {.iops = 1000, .bandwidth = 1'024'000}});
  Reader reader(harness, 0, 8, 8);  // 4 KiB: 250 a second
  harness.world.run_for(seconds(2));
  expect_near(reader.reads_in(seconds(10)), 2500);
}

TEST(RateLimit, OfAnInitiatorLeavesOthersAlone) {
  Harness harness;
  harness.unit.set_rate_limiter(harness.nexuses[0]->id, std::make_shared<RateLimiter>(RateLimit{.iops = 100}));
  Reader limited(harness, 0, 32, 8);
  Reader other(harness, 1, 1, 8);
  harness.world.run_for(seconds(1));
  const std::size_t before = other.count();
  expect_near(limited.reads_in(seconds(10)), 1000);
  expect_near(static_cast<double>(other.count() - before), 100'000);
}

// Two units that the initiator has, as two harnesses of one limiter.
TEST(RateLimit, OfAnInitiatorIsSharedByItsUnits) {
  const auto limiter = std::make_shared<RateLimiter>(RateLimit{.iops = 500, .iops_burst = 1});
  Harness harness;
  const std::size_t second_session = harness.add_second_path(0);
  harness.drain_attentions();
  harness.unit.set_rate_limiter(harness.nexuses[0]->id, limiter);
  harness.unit.set_rate_limiter(harness.nexuses[second_session]->id, limiter);
  Reader one(harness, 0, 8, 8);
  Reader two(harness, second_session, 8, 8);
  harness.world.run_for(seconds(1));
  const std::size_t before = two.count();
  const double found = one.reads_in(seconds(10));
  expect_near(found + static_cast<double>(two.count() - before), 5000);
}

TEST(RateLimit, ABurstGoesAtOnceAfterAPause) {
  Harness harness(Harness::ram(2048), {.rate_limit = {.iops = 10, .iops_burst = 25}});
  harness.world.run_for(seconds(60));
  Reader reader(harness, 0, 64, 8);
  EXPECT_EQ(reader.count(), 25U);
  expect_near(reader.reads_in(seconds(10)), 100);
}

TEST(RateLimit, ChangesWhileCommandsWait) {
  Harness harness(Harness::ram(2048), {.rate_limit = {.iops = 1, .iops_burst = 1}});
  Reader reader(harness, 0, 32, 8);
  EXPECT_LE(reader.reads_in(seconds(3)), 4);
  harness.unit.set_options({.rate_limit = {.iops = 1000, .iops_burst = 1}});
  expect_near(reader.reads_in(seconds(10)), 10'000);
  harness.unit.set_options({.rate_limit = {.iops = 100, .iops_burst = 1}});
  expect_near(reader.reads_in(seconds(10)), 1000);
  harness.unit.set_options({});
  EXPECT_GT(reader.reads_in(seconds(1)), 100'000);
}

TEST(RateLimit, CommandsThatLeaveTheMediumAloneDoNotWait) {
  Harness harness(Harness::ram(2048), {.rate_limit = {.iops = 1, .iops_burst = 1}});
  Reader reader(harness, 0, 4, 8);
  harness.world.run_for(std::chrono::milliseconds(1));
  const auto inquiry = harness.start({0x12, 0, 0, 0, 96, 0}, {.initiator = 1});
  EXPECT_EQ(outcome(*inquiry), "GOOD");
}

// It is refused in the end, and holds nobody up for what it announced.
TEST(RateLimit, ACommandThatIsTooLongTakesNoMoreThanTheLongest) {
  Harness harness(Harness::ram(2048), {.rate_limit = {.bandwidth = kTransferLengthMax, .bandwidth_burst = 512}});
  const auto wrong =
      harness.start({0x2A, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 0}, {.data_out = Bytes(8 * kTransferLengthMax)});
  harness.world.run_for(std::chrono::milliseconds(1));
  EXPECT_TRUE(wrong->done);
  EXPECT_NE(outcome(*wrong), "GOOD");
  const auto next = harness.start({0x28, 0, 0, 0, 0, 0, 0, 0, 1, 0});
  EXPECT_FALSE(next->done);
  harness.world.run_for(seconds(1));
  EXPECT_TRUE(next->done);
  EXPECT_EQ(outcome(*next), "GOOD");
}

TEST(RateLimit, ACommandThatWaitsIsAbortedAtOnce) {
  Harness harness(Harness::ram(2048), {.rate_limit = {.iops = 1, .iops_burst = 1}});
  const Bytes read{0x28, 0, 0, 0, 0, 0, 0, 0, 1, 0};
  const auto first = harness.start(read, {.tag = 1});
  const auto second = harness.start(read, {.tag = 2});
  const auto third = harness.start(read, {.tag = 3});
  EXPECT_TRUE(first->done);
  EXPECT_FALSE(second->done);
  EXPECT_TRUE(harness.unit.manage(TaskManagement::kAbortTask, harness.nexuses[0]->id, 2));
  harness.world.run_for(std::chrono::milliseconds(1));
  EXPECT_TRUE(second->done);
  EXPECT_FALSE(third->done);
  harness.unit.detach(harness.nexuses[0]->id);
  harness.world.run_for(std::chrono::milliseconds(1));
  EXPECT_TRUE(third->done);
}

// Rates at which a nanosecond of rounding would show.
TEST(RateLimiter, IsExactAtEveryRate) {
  for (const std::uint64_t iops : {1U, 7U, 999U, 333'333U, 3'333'333U}) {
    RateLimiter limiter({.iops = iops, .iops_burst = 1});
    const runtime::Instant start{runtime::Duration(1)};
    runtime::Instant due = start;
    for (std::uint64_t i = 0; i <= iops; ++i) {
      due = limiter.reserve(start, 4096);
    }
    expect_near(std::chrono::duration<double>(due - start).count(), 1);
  }
}

}  // namespace
}  // namespace lunaria::scsi
