// An initiator's rate limit over all its sessions and units, which live on different shards.
#include <gtest/gtest.h>

#include "target/testing/server_bed.h"

namespace lunaria::target::testing {
namespace {

constexpr std::uint64_t kLimit = 100;

class RateLimitTest : public ServerTest {
 protected:
  Config limited_config(std::uint64_t iops) const {
    Config config = make_config();
    config.initiators.push_back({.name = "iqn.2004-01.org.example:host",
                                 .enabled = true,
                                 .chap = std::nullopt,
                                 .reverse_chap = std::nullopt,
                                 .rate_limit = {.iops = iops, .iops_burst = 1}});
    return config;
  }
  static InitiatorOptions session(std::uint64_t isid) {
    InitiatorOptions options;
    options.isid = 0x8000'0000'0000 + isid;
    return options;
  }
  void greet(Host& host) {
    ASSERT_TRUE(host.log_in());
    host.run(command(0, test_unit_ready()));
    host.run(command(1, test_unit_ready()));
  }
  /// Reads that are sent at once, half of them to each unit.
  std::vector<std::uint32_t> send_reads(Host& host, std::size_t count) {
    std::vector<std::uint32_t> tags;
    for (std::size_t i = 0; i < count; ++i) {
      tags.push_back(host.initiator().send_command(command(i % 2, read10(0, 8), 4096)));
    }
    host.flush();
    return tags;
  }
  static bool are_done(Host& host, const std::vector<std::uint32_t>& tags) {
    return std::ranges::all_of(tags, [&](std::uint32_t tag) { return host.initiator().outcome(tag)->done; });
  }
  double seconds_since(runtime::Instant start) const {
    return std::chrono::duration<double>(host_shard_.clock().now() - start).count();
  }
};

TEST_F(RateLimitTest, IsSharedBySessionsAndUnitsOfAllShards) {
  publish(limited_config(kLimit));
  Host first(world_, host_shard_, kPortal, session(1));
  Host second(world_, host_shard_, kPortal, session(2));
  greet(first);
  greet(second);
  const runtime::Instant start = host_shard_.clock().now();
  constexpr std::size_t kRounds = 20;
  for (std::size_t i = 0; i < kRounds; ++i) {
    const auto one = send_reads(first, 8);
    const auto two = send_reads(second, 8);
    ASSERT_TRUE(world_.run_until([&] { return are_done(first, one) && are_done(second, two); }));
  }
  const double expected = kRounds * 16 / static_cast<double>(kLimit);
  EXPECT_NEAR(seconds_since(start), expected, expected * 0.05);
}

TEST_F(RateLimitTest, ChangesForSessionsThatAreThere) {
  publish(limited_config(1));
  Host host(world_, host_shard_, kPortal, session(1));
  greet(host);
  const auto tags = send_reads(host, 16);
  world_.run_for(std::chrono::seconds(2));
  EXPECT_FALSE(are_done(host, tags));
  publish(make_config());
  const runtime::Instant start = host_shard_.clock().now();
  ASSERT_TRUE(world_.run_until([&] { return are_done(host, tags); }));
  EXPECT_LT(seconds_since(start), 0.5) << "those that waited went on at once";
}

TEST_F(RateLimitTest, APublicationOfOtherThingsStartsNothingAnew) {
  publish(limited_config(1));
  Host host(world_, host_shard_, kPortal, session(1));
  greet(host);
  const auto tags = send_reads(host, 4);
  for (int i = 0; i < 10; ++i) {
    world_.run_for(std::chrono::milliseconds(100));
    publish(limited_config(1));
  }
  std::size_t done = 0;
  for (const std::uint32_t tag : tags) {
    done += host.initiator().outcome(tag)->done ? 1 : 0;
  }
  EXPECT_LE(done, 2U);
}

}  // namespace
}  // namespace lunaria::target::testing
