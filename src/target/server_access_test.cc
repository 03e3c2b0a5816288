// Who gets in, and what each one sees, on the wire and while it changes.

#include <gtest/gtest.h>

#include "target/server.h"
#include "target/testing/server_bed.h"

namespace lunaria::target::testing {
namespace {

constexpr const char* kHostName = "iqn.2004-01.org.example:host";
constexpr const char* kOtherName = "iqn.2004-01.org.example:other";
const IpEndpoint kSecondPortal = *IpEndpoint::parse("127.0.0.2:3261");

class ServerAccessTest : public ServerTest {
 protected:
  /// Two portals in two groups.
  Config make_grouped_config() const {
    Config config = make_config();
    config.portals.push_back({kSecondPortal, 2, true});
    return config;
  }
  bool ends(Host& host) {
    return world_.run_until([&] { return host.is_over(); });
  }
  static InitiatorOptions options_of(const char* name) {
    InitiatorOptions options;
    options.initiator_name = name;
    return options;
  }
  static InitiatorOptions discovery() {
    InitiatorOptions options;
    options.discovery = true;
    return options;
  }
  /// Whether a LUN answers INQUIRY as a disk.
  static bool sees(Host& host, std::uint64_t number) {
    const auto& answer = host.run(command(number, inquiry(), 255));
    return !answer.data.empty() && answer.data[0] == std::byte{0x00};
  }
  /// Status of TEST UNIT READY, which also takes a unit attention away.
  static std::uint8_t ready(Host& host, std::uint64_t number) {
    return host.run(command(number, test_unit_ready())).status;
  }
  /// The additional sense code and qualifier of the next TEST UNIT READY; 0 when it succeeds.
  static unsigned attention(Host& host, std::uint64_t number) {
    const auto& answer = host.run(command(number, test_unit_ready()));
    return answer.sense.size() < 14
               ? 0
               : std::to_integer<unsigned>(answer.sense[12]) << 8 | std::to_integer<unsigned>(answer.sense[13]);
  }
};

TEST_F(ServerAccessTest, SaysTheTagOfThePortalGroup) {
  publish(make_grouped_config());
  Host first(world_, host_shard_, kPortal, {});
  ASSERT_TRUE(first.log_in());
  EXPECT_EQ(first.initiator().answers().at("TargetPortalGroupTag"), "1");
  Host second(world_, host_shard_, kSecondPortal, {});
  ASSERT_TRUE(second.log_in());
  EXPECT_EQ(second.initiator().answers().at("TargetPortalGroupTag"), "2");
  EXPECT_EQ(sessions().size(), 2U) << "the same port of the initiator at two target ports: two nexuses";
}

TEST_F(ServerAccessTest, OpensPortalsThatWereTakenOnceTheyAreFree) {
  std::unique_ptr<runtime::Listener> other;
  host_shard_.run([&] { other = *host_shard_.network().listen(kSecondPortal); });
  publish(make_grouped_config());
  ASSERT_EQ(failures_.size(), 1U);
  EXPECT_EQ(failures_[0].endpoint, kSecondPortal);
  run(open_portals());
  EXPECT_EQ(failures_.size(), 1U);
  host_shard_.run([&] { other.reset(); });
  run(open_portals());
  EXPECT_TRUE(failures_.empty());
  Host host(world_, host_shard_, kSecondPortal, {});
  EXPECT_TRUE(host.log_in());
}

TEST_F(ServerAccessTest, DropsSessionsWhenTheirTargetLeavesTheirPortalGroup) {
  publish(make_grouped_config());
  Host first(world_, host_shard_, kPortal, {});
  Host second(world_, host_shard_, kSecondPortal, {});
  ASSERT_TRUE(first.log_in() && second.log_in());
  Config config = make_grouped_config();
  config.targets[0].portal_groups = {2};
  publish(std::move(config));
  EXPECT_TRUE(ends(first));
  EXPECT_FALSE(second.is_over());
  Host late(world_, host_shard_, kPortal, {});
  EXPECT_FALSE(late.log_in());
  EXPECT_EQ(late.initiator().refusal(), iscsi::LoginStatus::kNotFound);
}

TEST_F(ServerAccessTest, DropsSessionsWhenTheirPortalChangesItsGroup) {
  publish(make_grouped_config());
  Host host(world_, host_shard_, kSecondPortal, {});
  ASSERT_TRUE(host.log_in());
  Config config = make_grouped_config();
  config.portals[1].portal_group_tag = 7;
  publish(std::move(config));
  EXPECT_TRUE(ends(host)) << "its target port was t,0x0002";
  Host again(world_, host_shard_, kSecondPortal, {});
  ASSERT_TRUE(again.log_in());
  EXPECT_EQ(again.initiator().answers().at("TargetPortalGroupTag"), "7");
}

TEST_F(ServerAccessTest, RedirectsLoginsAndKeepsSessions) {
  Host before(world_, host_shard_, kPortal, {});
  ASSERT_TRUE(before.log_in());
  for (const bool permanent : {false, true}) {
    Config config = make_config();
    config.targets[0].redirects = {{std::nullopt, permanent, "[2001:db8::1]:3260"}};
    publish(std::move(config));
    InitiatorOptions options;
    options.isid = 0x8000'0000'0001;
    Host host(world_, host_shard_, kPortal, options);
    EXPECT_FALSE(host.log_in());
    EXPECT_EQ(host.initiator().refusal(),
              permanent ? iscsi::LoginStatus::kTargetMovedPermanently : iscsi::LoginStatus::kTargetMovedTemporarily);
    EXPECT_EQ(host.initiator().answers().at("TargetAddress"), "[2001:db8::1]:3260");
  }
  EXPECT_FALSE(before.is_over());
  EXPECT_EQ(sessions().size(), 1U);
}

TEST_F(ServerAccessTest, AsksDiscoveryForProofWherePortalGroupsDo) {
  Config config = make_grouped_config();
  config.portal_groups.push_back({.tag = 2,
                                  .discovery = true,
                                  .discovery_chap = ChapCredential{"finder", Secret("0123456789abcdef")},
                                  .discovery_reverse_chap = ChapCredential{"array", Secret("fedcba9876543210")}});
  publish(std::move(config));
  Host open(world_, host_shard_, kPortal, discovery());
  ASSERT_TRUE(open.log_in());
  EXPECT_NE(send_targets(open).find("TargetAddress=127.0.0.2:3261,2"), std::string::npos);
  Host without(world_, host_shard_, kSecondPortal, discovery());
  EXPECT_FALSE(without.log_in());
  EXPECT_EQ(without.initiator().refusal(), iscsi::LoginStatus::kAuthenticationFailure);
  InitiatorOptions options = discovery();
  options.auth_method = "CHAP";
  options.chap_name = "finder";
  options.chap_secret = "0123456789abcdef";
  options.target_secret = "fedcba9876543210";
  Host with(world_, host_shard_, kSecondPortal, options);
  ASSERT_TRUE(with.log_in());
  EXPECT_TRUE(with.initiator().target_is_proven());
  EXPECT_NE(send_targets(with).find("TargetName"), std::string::npos);
  options.chap_secret = "0123456789abcdeX";
  Host wrong(world_, host_shard_, kSecondPortal, options);
  EXPECT_FALSE(wrong.log_in());
}

TEST_F(ServerAccessTest, TellsWhoCouldNotProveWhoItIsFromWhoHasNoRule) {
  Config config = make_grouped_config();
  config.targets[0].chap = ChapCredential{"shared", Secret("0123456789abcdef")};
  publish(std::move(config));
  InitiatorOptions options;
  options.auth_method = "CHAP";
  options.chap_name = "shared";
  options.chap_secret = "0123456789abcdeX";
  Host guess(world_, host_shard_, kSecondPortal, options);
  EXPECT_FALSE(guess.log_in());
  config = make_grouped_config();
  config.targets[0].access = {InitiatorName{kOtherName}};
  publish(std::move(config));
  Host stranger(world_, host_shard_, kPortal, {});
  EXPECT_FALSE(stranger.log_in());
  std::vector<LoginRejected> rejected;
  for (const Event& event : events_) {
    if (const auto* each = std::get_if<LoginRejected>(&event)) {
      rejected.push_back(*each);
    }
  }
  ASSERT_EQ(rejected.size(), 2U);
  EXPECT_TRUE(rejected[0].is_authentication);
  EXPECT_EQ(rejected[0].initiator_name, kHostName);
  EXPECT_EQ(rejected[0].portal_group_tag, 2);
  EXPECT_FALSE(rejected[1].is_authentication);
  EXPECT_EQ(rejected[1].portal_group_tag, 1);
}

TEST_F(ServerAccessTest, TakesEachInitiatorsOwnSecret) {
  Config config = make_config();
  config.targets[0].chap = ChapCredential{"shared", Secret("0123456789abcdef")};
  config.initiators.push_back({kOtherName, true, ChapCredential{"own", Secret("ABCDEFGHIJKLMNOP")}, std::nullopt});
  publish(std::move(config));
  InitiatorOptions shared = options_of(kHostName);
  shared.auth_method = "CHAP";
  shared.chap_name = "shared";
  shared.chap_secret = "0123456789abcdef";
  Host host(world_, host_shard_, kPortal, shared);
  EXPECT_TRUE(host.log_in());
  InitiatorOptions own = shared;
  own.initiator_name = kOtherName;
  Host impostor(world_, host_shard_, kPortal, own);
  EXPECT_FALSE(impostor.log_in()) << "the target's secret does not open another's door";
  EXPECT_EQ(impostor.initiator().refusal(), iscsi::LoginStatus::kAuthenticationFailure);
  own.chap_name = "own";
  own.chap_secret = "ABCDEFGHIJKLMNOP";
  Host other(world_, host_shard_, kPortal, own);
  EXPECT_TRUE(other.log_in());
}

TEST_F(ServerAccessTest, LetsCardsInByTheirMacAddress) {
  const MacAddress mac = *MacAddress::parse("02:00:00:00:00:07");
  Config config = make_config();
  config.targets[0].access = {mac};
  publish(std::move(config));
  Host stranger(world_, host_shard_, kPortal, {});
  EXPECT_FALSE(stranger.log_in());
  EXPECT_EQ(stranger.initiator().refusal(), iscsi::LoginStatus::kNotFound);
  neighbours_[*IpAddress::parse("127.0.0.1")] = mac;
  Host host(world_, host_shard_, kPortal, {});
  ASSERT_TRUE(host.log_in());
  Host finder(world_, host_shard_, kPortal, discovery());
  ASSERT_TRUE(finder.log_in());
  EXPECT_NE(send_targets(finder).find("TargetName"), std::string::npos);
  Config other = make_config();
  other.targets[0].access = {*MacAddress::parse("02:00:00:00:00:08")};
  publish(std::move(other));
  EXPECT_TRUE(ends(host));
}

TEST_F(ServerAccessTest, DropsSessionsWhenANameNoLongerMeansTheirAddress) {
  Config config = make_config();
  config.targets[0].access = {HostName{"host.example.com", {*IpAddress::parse("127.0.0.1")}}};
  publish(std::move(config));
  Host host(world_, host_shard_, kPortal, {});
  ASSERT_TRUE(host.log_in());
  Config moved = make_config();
  moved.targets[0].access = {HostName{"host.example.com", {*IpAddress::parse("192.0.2.1")}}};
  publish(std::move(moved));
  EXPECT_TRUE(ends(host));
}

TEST_F(ServerAccessTest, DropsEverySessionOfAnInitiatorThatIsSwitchedOff) {
  Host host(world_, host_shard_, kPortal, options_of(kHostName));
  Host other(world_, host_shard_, kPortal, options_of(kOtherName));
  Host finder(world_, host_shard_, kPortal, discovery());
  ASSERT_TRUE(host.log_in() && other.log_in() && finder.log_in());
  Config config = make_config();
  config.initiators.push_back({kHostName, false, std::nullopt, std::nullopt});
  publish(std::move(config));
  EXPECT_TRUE(ends(host));
  EXPECT_TRUE(ends(finder));
  EXPECT_FALSE(other.is_over());
}

TEST_F(ServerAccessTest, ShowsEachInitiatorItsOwnLuns) {
  Config config = make_config();
  config.targets[0].luns[0].named_only = true;
  config.targets[0].luns[0].initiators = {{kHostName, std::uint16_t{7}, false}};
  config.targets[0].luns[1].initiators = {{kHostName, std::uint16_t{0}, true}};
  publish(std::move(config));
  Host host(world_, host_shard_, kPortal, options_of(kHostName));
  Host other(world_, host_shard_, kPortal, options_of(kOtherName));
  ASSERT_TRUE(host.log_in() && other.log_in());
  EXPECT_TRUE(sees(host, 7) && sees(host, 0));
  EXPECT_FALSE(sees(host, 1));
  EXPECT_TRUE(sees(other, 1));
  EXPECT_FALSE(sees(other, 0) || sees(other, 7));
  const auto& luns =
      other.run(command(1, {std::byte{0xA0}, {}, {}, {}, {}, {}, {}, {}, {}, std::byte{64}, {}, {}}, 64));
  ASSERT_EQ(luns.data.size(), 16U) << "REPORT LUNS: one";
  EXPECT_EQ(luns.data[9], std::byte{1});
  ready(host, 0);
  ready(host, 7);
  ready(other, 1);
  const auto& refused = host.run(command(0, write10(0, 1), Bytes(512)));
  EXPECT_EQ(refused.status, 0x02) << "read-only for this one";
  EXPECT_EQ(refused.sense.at(2) & std::byte{0x0F}, std::byte{0x07}) << "DATA PROTECT";
  EXPECT_EQ(other.run(command(1, write10(0, 1), Bytes(512))).status, 0x00) << "the same disk, writable";
  EXPECT_EQ(host.run(command(7, write10(0, 1), Bytes(512))).status, 0x00);
  const auto& mode = host.run(command(0, {std::byte{0x1A}, {}, std::byte{0x3F}, {}, std::byte{255}, {}}, 255));
  EXPECT_NE(mode.data.at(2) & std::byte{0x80}, std::byte{0}) << "WP";
}

TEST_F(ServerAccessTest, TellsThoseWhoseLunsChangedAndNobodyElse) {
  Host host(world_, host_shard_, kPortal, options_of(kHostName));
  Host other(world_, host_shard_, kPortal, options_of(kOtherName));
  ASSERT_TRUE(host.log_in() && other.log_in());
  for (Host* each : {&host, &other}) {
    ready(*each, 0);
    ready(*each, 1);
  }
  Config config = make_config();
  config.targets[0].luns[1].named_only = true;
  config.targets[0].luns[1].initiators = {{kOtherName, std::nullopt, false}};
  publish(std::move(config));
  EXPECT_EQ(attention(host, 0), 0x3F0EU);
  EXPECT_FALSE(sees(host, 1));
  EXPECT_EQ(attention(other, 0), 0U);
  EXPECT_EQ(ready(other, 1), 0x00);
}

TEST_F(ServerAccessTest, MakesAMappingReadOnlyUnderASession) {
  Host host(world_, host_shard_, kPortal, {});
  ASSERT_TRUE(host.log_in());
  ready(host, 0);
  EXPECT_EQ(host.run(command(0, write10(0, 1), Bytes(512))).status, 0x00);
  Config config = make_config();
  config.targets[0].luns[0].read_only = true;
  publish(std::move(config));
  EXPECT_EQ(attention(host, 0), 0x3F0EU);
  EXPECT_EQ(host.run(command(0, write10(0, 1), Bytes(512))).status, 0x02);
  EXPECT_EQ(host.run(command(0, read10(0, 1), 512)).status, 0x00);
}

}  // namespace
}  // namespace lunaria::target::testing
