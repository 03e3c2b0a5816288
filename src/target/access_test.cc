#include "target/access.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <chrono>
#include <utility>

namespace lunaria::target {
namespace {

using iscsi::LoginStatus;
using iscsi::SessionType;

const MacAddress kCard = *MacAddress::parse("02:00:00:00:00:07");

Asker asker(std::string_view name, const char* address, std::optional<MacAddress> mac = std::nullopt) {
  return {name, *IpAddress::parse(address), mac};
}

IpPrefix prefix(const char* text) {
  return *IpPrefix::parse(text);
}

TEST(AccessList, LetsNobodyInWithoutARule) {
  EXPECT_FALSE(AccessList().allows(asker("iqn.a", "192.0.2.1", kCard)));
}

TEST(AccessList, MatchesNamesWhateverTheirCase) {
  const AccessList list(
      std::vector<AccessRule>{InitiatorName{"IQN.B"}, InitiatorName{"iqn.d"}, InitiatorName{"iqn.b"}});
  EXPECT_TRUE(list.allows(asker("iqn.b", "192.0.2.1")));
  EXPECT_TRUE(list.allows(asker("iqn.d", "192.0.2.1")));
  for (const char* other : {"iqn.a", "iqn.c", "iqn.e", "", "*"}) {
    EXPECT_FALSE(list.allows(asker(other, "192.0.2.1"))) << other;
  }
  EXPECT_TRUE(AccessList(std::vector<AccessRule>{InitiatorName{"*"}}).allows(asker("iqn.z", "192.0.2.1")));
}

TEST(AccessList, MatchesOverlappingPrefixes) {
  const AccessList list(std::vector<AccessRule>{prefix("10.1.2.3"), prefix("10.0.0.0/8"), prefix("10.1.0.0/16"),
                                                prefix("10.255.255.255"), prefix("192.0.2.128/25"),
                                                prefix("192.0.2.129"), prefix("2001:db8::/32"),
                                                prefix("2001:db8:1::/48"), prefix("11.0.0.0")});
  for (const char* inside : {"10.0.0.0", "10.1.2.3", "10.1.255.255", "10.255.255.255", "192.0.2.128", "192.0.2.255",
                             "2001:db8::", "2001:db8:ffff::1", "11.0.0.0"}) {
    EXPECT_TRUE(list.allows(asker("iqn.a", inside))) << inside;
  }
  for (const char* outside :
       {"9.255.255.255", "11.0.0.1", "192.0.2.127", "192.0.3.0", "2001:db7:ffff::", "2001:db9::", "::", "0.0.0.0"}) {
    EXPECT_FALSE(list.allows(asker("iqn.a", outside))) << outside;
  }
}

TEST(AccessList, MatchesWhatALinearSearchMatches) {
  std::uint64_t state = 42;
  const auto next = [&state] {
    state = state * 6364136223846793005ULL + 1442695040888963407ULL;
    return static_cast<std::uint32_t>(state >> 33);
  };
  // Few leading bits differ, so that prefixes overlap in every way.
  const auto address = [&next] {
    const std::uint32_t bits = next();
    return IpAddress::v4({static_cast<std::uint8_t>(10 + bits % 2), static_cast<std::uint8_t>(bits >> 8 & 3U), 0,
                          static_cast<std::uint8_t>(bits >> 16 & 7U)});
  };
  for (int round = 0; round < 200; ++round) {
    std::vector<AccessRule> rules;
    std::vector<IpPrefix> prefixes;
    for (int i = 0; i < 12; ++i) {
      prefixes.push_back({address(), static_cast<std::uint8_t>(6 + next() % 27)});
      rules.emplace_back(prefixes.back());
    }
    const AccessList list(rules);
    for (int i = 0; i < 100; ++i) {
      const IpAddress peer = address();
      bool expected = false;
      for (const IpPrefix& each : prefixes) {
        expected = expected || each.contains(peer);
      }
      ASSERT_EQ(list.allows({"iqn.a", peer, std::nullopt}), expected) << peer.to_string() << " in round " << round;
    }
  }
}

TEST(AccessList, TakesEveryAddressWithPrefixZero) {
  const AccessList list(std::vector<AccessRule>{prefix("0.0.0.0/0"), prefix("10.0.0.0/8")});
  EXPECT_TRUE(list.allows(asker("iqn.a", "255.255.255.255")));
  EXPECT_TRUE(list.allows(asker("iqn.a", "0.0.0.0")));
  EXPECT_FALSE(list.allows(asker("iqn.a", "::1"))) << "the other family";
}

TEST(AccessList, KeepsLinksApartWhenARuleNamesOne) {
  const AccessList one_link(std::vector<AccessRule>{prefix("fe80::1%2")});
  EXPECT_TRUE(one_link.allows(asker("iqn.a", "fe80::1%2")));
  EXPECT_FALSE(one_link.allows(asker("iqn.a", "fe80::1%3")));
  const AccessList every_link(std::vector<AccessRule>{prefix("fe80::/10")});
  EXPECT_TRUE(every_link.allows(asker("iqn.a", "fe80::1%2")));
  EXPECT_TRUE(every_link.allows(asker("iqn.a", "fe80::1%3")));
}

TEST(AccessList, MatchesTheAddressesThatWereFoundForAName) {
  const AccessList list(std::vector<AccessRule>{
      HostName{"host.example.com", {*IpAddress::parse("192.0.2.7"), *IpAddress::parse("2001:db8::7")}},
      HostName{"silent.example.com", {}}});
  EXPECT_TRUE(list.allows(asker("iqn.a", "192.0.2.7")));
  EXPECT_TRUE(list.allows(asker("iqn.a", "2001:db8::7")));
  EXPECT_FALSE(list.allows(asker("iqn.a", "192.0.2.8")));
}

TEST(AccessList, MatchesCardsOnTheLink) {
  const AccessList list(std::vector<AccessRule>{kCard});
  EXPECT_TRUE(list.has_mac_rules());
  EXPECT_TRUE(list.allows(asker("iqn.a", "192.0.2.7", kCard)));
  EXPECT_FALSE(list.allows(asker("iqn.a", "192.0.2.7", MacAddress::parse("02:00:00:00:00:08"))));
  EXPECT_FALSE(list.allows(asker("iqn.a", "192.0.2.7")));
}

/// Two portal groups, 1 at 192.0.2.1 and 2 at 198.51.100.1, both with a loopback portal; a target open to everyone.
class AccessTest : public ::testing::Test {
 protected:
  AccessTest() {
    TargetConfig target;
    target.id = TargetId{1};
    target.name = "iqn.t";
    target.access = {InitiatorName{"*"}};
    config_.targets.push_back(std::move(target));
    for (const auto& [endpoint, tag] :
         {std::pair{"192.0.2.1:3260", 1}, {"198.51.100.1:3261", 2}, {"127.0.0.1:3260", 1}, {"127.0.0.1:3261", 2}}) {
      config_.portals.push_back({*IpEndpoint::parse(endpoint), static_cast<std::uint16_t>(tag), true});
    }
  }

  TargetConfig& target() { return config_.targets.front(); }

  /// The config as it is now, which stays the test's own.
  const Published& published() {
    published_ = std::make_unique<Published>(std::shared_ptr<const Config>(&config_, [](const Config*) {}),
                                             std::unordered_map<UnitId, UnitPlace>{});
    return *published_;
  }

  Result<iscsi::LoginGrant, iscsi::LoginRefusal> log_in(const char* local, SessionType type = SessionType::kNormal,
                                                        std::string_view name = "iqn.a") {
    iscsi::LoginQuery query;
    query.initiator_name = name;
    query.target_name = type == SessionType::kNormal ? "iqn.t" : "";
    query.session_type = type;
    query.peer = *IpEndpoint::parse("192.0.2.9:40000");
    query.local = *IpEndpoint::parse(local);
    return authorize(published(), query, std::nullopt);
  }
  LoginStatus status(const char* local, SessionType type = SessionType::kNormal, std::string_view name = "iqn.a") {
    const auto granted = log_in(local, type, name);
    return granted ? LoginStatus::kSuccess : granted.error().status;
  }

  /// "target address,tag address,tag ...", a line for each target.
  std::string discovered(const char* local, std::string_view name = "iqn.a", std::string_view target_name = "") {
    std::string text;
    for (const iscsi::DiscoveredTarget& each : discover(published(),
                                                        {.initiator_name = name,
                                                         .target_name = target_name,
                                                         .peer = *IpEndpoint::parse("192.0.2.9:40000"),
                                                         .local = *IpEndpoint::parse(local)},
                                                        std::nullopt)) {
      text += each.name;
      for (const auto& address : each.addresses) {
        text += fmt::format(" {},{}", address.endpoint.to_string(), address.portal_group_tag);
      }
      text += '\n';
    }
    return text;
  }

  static ChapCredential credential(const char* name) { return {name, Secret("a secret of 12 bytes and more")}; }

  Config config_;
  std::unique_ptr<Published> published_;
};

TEST_F(AccessTest, AnswersWithTheTagOfThePortalThatWasAsked) {
  EXPECT_EQ(log_in("192.0.2.1:3260")->portal_group_tag, 1);
  EXPECT_EQ(log_in("198.51.100.1:3261")->portal_group_tag, 2);
  EXPECT_EQ(log_in("198.51.100.1:3261", SessionType::kDiscovery)->portal_group_tag, 2);
}

TEST_F(AccessTest, PrefersThePortalOfAnAddressToTheOneForAllOfThem) {
  config_.portals = {{*IpEndpoint::parse("0.0.0.0:3260"), 5, true}, {*IpEndpoint::parse("192.0.2.1:3260"), 6, true}};
  EXPECT_EQ(log_in("192.0.2.1:3260")->portal_group_tag, 6);
  EXPECT_EQ(log_in("192.0.2.2:3260")->portal_group_tag, 5);
  EXPECT_EQ(status("192.0.2.2:3261"), LoginStatus::kServiceUnavailable) << "no portal there any more";
}

TEST_F(AccessTest, HidesATargetAtPortalsOfOtherGroups) {
  target().portal_groups = {2};
  EXPECT_EQ(status("192.0.2.1:3260"), LoginStatus::kNotFound);
  EXPECT_EQ(status("198.51.100.1:3261"), LoginStatus::kSuccess);
  EXPECT_EQ(discovered("192.0.2.1:3260"), "iqn.t 198.51.100.1:3261,2\n");
  target().portal_groups = {3};
  EXPECT_EQ(discovered("192.0.2.1:3260"), "") << "no portal at which it may be used";
}

TEST_F(AccessTest, ShowsEveryPathWithTheAskedGroupFirst) {
  EXPECT_EQ(discovered("192.0.2.1:3260"), "iqn.t 192.0.2.1:3260,1 198.51.100.1:3261,2\n");
  EXPECT_EQ(discovered("198.51.100.1:3261"), "iqn.t 198.51.100.1:3261,2 192.0.2.1:3260,1\n");
  EXPECT_EQ(discovered("127.0.0.1:3261"),
            "iqn.t 198.51.100.1:3261,2 127.0.0.1:3261,2 192.0.2.1:3260,1 127.0.0.1:3260,1\n");
  config_.portals[0].listen = false;
  EXPECT_EQ(discovered("198.51.100.1:3261"), "iqn.t 198.51.100.1:3261,2\n");
}

TEST_F(AccessTest, ShowsOnlyWhatTheInitiatorMayLogInTo) {
  target().access = {InitiatorName{"iqn.a"}};
  TargetConfig other;
  other.id = TargetId{2};
  other.name = "iqn.u";
  other.access = {prefix("192.0.2.0/24")};
  config_.targets.push_back(std::move(other));
  const std::string paths = " 192.0.2.1:3260,1 198.51.100.1:3261,2\n";
  EXPECT_EQ(discovered("192.0.2.1:3260", "iqn.a"), "iqn.t" + paths + "iqn.u" + paths);
  EXPECT_EQ(discovered("192.0.2.1:3260", "iqn.b"), "iqn.u" + paths);
  EXPECT_EQ(discovered("192.0.2.1:3260", "iqn.b", "IQN.T"), "");
  EXPECT_EQ(discovered("192.0.2.1:3260", "iqn.a", "IQN.T"), "iqn.t" + paths);
  config_.targets[1].enabled = false;
  EXPECT_EQ(discovered("192.0.2.1:3260", "iqn.b"), "");
}

TEST_F(AccessTest, ShowsLinkLocalPortalsToThoseWhoCameByThem) {
  config_.portals = {{*IpEndpoint::parse("192.0.2.1:3260"), 1, true},
                     {*IpEndpoint::parse("[fe80::1%2]:3260"), 1, true},
                     {*IpEndpoint::parse("[fe80::1%3]:3260"), 1, true}};
  EXPECT_EQ(discovered("192.0.2.1:3260"), "iqn.t 192.0.2.1:3260,1\n");
  EXPECT_EQ(discovered("[fe80::1%3]:3260"), "iqn.t 192.0.2.1:3260,1 [fe80::1]:3260,1\n");
}

TEST_F(AccessTest, SendsLoginsElsewhere) {
  target().redirects = {{std::nullopt, false, "203.0.113.1:3260"}, {2, true, "array.example.com"}};
  const auto temporary = log_in("192.0.2.1:3260");
  ASSERT_FALSE(temporary);
  EXPECT_EQ(temporary.error().status, LoginStatus::kTargetMovedTemporarily);
  EXPECT_EQ(temporary.error().target_address, "203.0.113.1:3260");
  const auto permanent = log_in("198.51.100.1:3261");
  ASSERT_FALSE(permanent);
  EXPECT_EQ(permanent.error().status, LoginStatus::kTargetMovedPermanently);
  EXPECT_EQ(permanent.error().target_address, "array.example.com");
  target().access.clear();
  EXPECT_EQ(status("192.0.2.1:3260"), LoginStatus::kNotFound) << "where it went is not for everyone";
}

TEST_F(AccessTest, AsksDiscoveryForWhatThePortalGroupAsks) {
  config_.portal_groups.push_back({.tag = 2,
                                   .discovery = true,
                                   .discovery_chap = credential("finder"),
                                   .discovery_reverse_chap = credential("array")});
  EXPECT_FALSE(log_in("192.0.2.1:3260", SessionType::kDiscovery)->initiator_credential);
  const auto granted = log_in("198.51.100.1:3261", SessionType::kDiscovery);
  EXPECT_EQ(granted->initiator_credential->name, "finder");
  EXPECT_EQ(granted->target_credential->name, "array");
  EXPECT_FALSE(log_in("198.51.100.1:3261")->initiator_credential) << "normal sessions are the target's business";
  config_.portal_groups.front().discovery = false;
  EXPECT_EQ(status("198.51.100.1:3261", SessionType::kDiscovery), LoginStatus::kAuthorizationFailure);
  EXPECT_EQ(status("198.51.100.1:3261"), LoginStatus::kSuccess);
}

TEST_F(AccessTest, AsksAnInitiatorForItsOwnCredentialBeforeTheTargets) {
  target().chap = credential("shared");
  target().reverse_chap = credential("target");
  config_.initiators.push_back({"iqn.b", true, credential("own"), std::nullopt});
  config_.initiators.push_back({"iqn.c", true, std::nullopt, credential("for-c")});
  EXPECT_EQ(log_in("192.0.2.1:3260")->initiator_credential->name, "shared");
  const auto b = log_in("192.0.2.1:3260", SessionType::kNormal, "iqn.b");
  EXPECT_EQ(b->initiator_credential->name, "own");
  EXPECT_EQ(b->target_credential->name, "target");
  const auto c = log_in("192.0.2.1:3260", SessionType::kNormal, "iqn.c");
  EXPECT_EQ(c->initiator_credential->name, "shared");
  EXPECT_EQ(c->target_credential->name, "for-c");
  target().chap.reset();
  EXPECT_EQ(log_in("192.0.2.1:3260", SessionType::kNormal, "iqn.b")->initiator_credential->name, "own");
}

TEST_F(AccessTest, RefusesInitiatorsThatAreSwitchedOffEverywhere) {
  config_.initiators.push_back({"iqn.a", false, std::nullopt, std::nullopt});
  EXPECT_EQ(status("192.0.2.1:3260"), LoginStatus::kNotFound);
  EXPECT_EQ(status("192.0.2.1:3260", SessionType::kDiscovery), LoginStatus::kAuthorizationFailure);
  EXPECT_EQ(discovered("192.0.2.1:3260"), "");
  EXPECT_EQ(status("192.0.2.1:3260", SessionType::kNormal, "iqn.b"), LoginStatus::kSuccess);
}

TEST_F(AccessTest, KnowsWhetherMacAddressesAreOfInterest) {
  EXPECT_FALSE(published().wants_mac_addresses());
  target().access.emplace_back(kCard);
  EXPECT_TRUE(published().wants_mac_addresses());
}

}  // namespace
}  // namespace lunaria::target
