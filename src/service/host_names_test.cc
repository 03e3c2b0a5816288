// DNS names in access rules: looked up in the background, known to the data plane as addresses.

#include "service/host_names.h"

#include <algorithm>

#include "service/names.h"
#include "service/world_test.h"

namespace lunaria::service {
namespace {

using namespace std::chrono_literals;

class HostNamesTest : public ServiceTest {
 protected:
  void SetUp() override {
    ServiceTest::SetUp();
    target = make_target("t");
  }
  Outcome<AccessRule> allow(const char* name) {
    return run(service->add_access_rule(op(), target.id, {AccessMethod::kDnsName, name}));
  }
  /// Addresses that the data plane takes for a name, "-" when it has no such rule.
  std::string published(const std::string& name) {
    for (const target::AccessRule& rule : data_plane->find_target(target.iqn)->access) {
      const auto* host = std::get_if<target::HostName>(&rule);
      if (host != nullptr && host->name == name) {
        std::string text;
        for (const IpAddress& address : host->addresses) {
          text += (text.empty() ? "" : " ") + address.to_string();
        }
        return text;
      }
    }
    return "-";
  }
  AccessEntry entry() { return must(service->list_access(viewer())).front(); }

  Target target;
};

TEST_F(HostNamesTest, ARuleIsInForceWithItsAddressesWhenTheCallReturns) {
  names.set("host.example.com", {"2001:db8::7", "192.0.2.7", "192.0.2.7"}, 60s);
  EXPECT_EQ(allow("HOST.Example.com.")->value, "host.example.com");
  EXPECT_EQ(published("host.example.com"), "2001:db8::7 192.0.2.7");
  EXPECT_EQ(names.asked.size(), 1U) << "once";
  EXPECT_EQ(entry().addresses.size(), 2U);
  EXPECT_TRUE(entry().confirmed);
  EXPECT_EQ(entry().failure, "");
}

TEST_F(HostNamesTest, ASilentNameServiceLeavesTheRuleWithoutAddressesAndIsAskedAgain) {
  EXPECT_TRUE(allow("host.example.com"));
  EXPECT_EQ(published("host.example.com"), "");
  EXPECT_EQ(entry().failure, "timeout");
  EXPECT_TRUE(log.contains("service.host_name_unknown"));
  const std::size_t before = names.asked.size();
  world.run_for(9s);
  EXPECT_EQ(names.asked.size(), before);
  names.set("host.example.com", {"192.0.2.7"}, 60s);
  world.run_for(2s);
  EXPECT_EQ(published("host.example.com"), "192.0.2.7");
  EXPECT_EQ(entry().failure, "");
}

TEST_F(HostNamesTest, AsksLessAndLessOftenWhileThereIsNoAnswer) {
  EXPECT_TRUE(allow("host.example.com"));
  names.asked.clear();
  world.run_for(1h);
  // 10, 20, 40, ... 300 seconds: about a dozen and a half in an hour.
  EXPECT_GT(names.asked.size(), 10U);
  EXPECT_LT(names.asked.size(), 20U);
}

TEST_F(HostNamesTest, FollowsTheNameToOtherAddresses) {
  names.set("host.example.com", {"192.0.2.7"}, 120s);
  EXPECT_TRUE(allow("host.example.com"));
  names.set("host.example.com", {"192.0.2.8"}, 120s);
  world.run_for(119s);
  EXPECT_EQ(published("host.example.com"), "192.0.2.7") << "as long as the answer is good";
  world.run_for(2s);
  EXPECT_EQ(published("host.example.com"), "192.0.2.8");
}

TEST_F(HostNamesTest, DoesNotBelieveTimesToLiveThatAreTooShortOrTooLong) {
  names.set("short.example.com", {"192.0.2.7"}, 0s);
  names.set("long.example.com", {"192.0.2.8"}, 1'000'000s);
  EXPECT_TRUE(allow("short.example.com") && allow("long.example.com"));
  names.asked.clear();
  world.run_for(3601s);
  EXPECT_EQ(std::ranges::count(names.asked, "short.example.com"), 120);
  EXPECT_EQ(std::ranges::count(names.asked, "long.example.com"), 1);
}

TEST_F(HostNamesTest, ForgetsANameThatIsGoneButNotForASilentService) {
  names.set("host.example.com", {"192.0.2.7"}, 30s);
  EXPECT_TRUE(allow("host.example.com"));
  names.answers.clear();
  world.run_for(23h);
  EXPECT_EQ(published("host.example.com"), "192.0.2.7") << "good for a day";
  EXPECT_EQ(entry().failure, "timeout");
  world.run_for(2h);
  EXPECT_EQ(published("host.example.com"), "");
  names.set("host.example.com", {"192.0.2.7"}, 30s);
  world.run_for(301s);
  EXPECT_EQ(published("host.example.com"), "192.0.2.7");
  names.answers["host.example.com"] = {"host.example.com", NameAnswer::Kind::kNoSuchName, {}, {}, {}};
  world.run_for(31s);
  EXPECT_EQ(published("host.example.com"), "");
  EXPECT_EQ(entry().failure, "there is no such name");
}

TEST_F(HostNamesTest, RemembersAddressesAcrossARestartWithoutTheNameService) {
  names.set("host.example.com", {"192.0.2.7"}, 30s);
  EXPECT_TRUE(allow("host.example.com"));
  names.answers.clear();
  restart();
  EXPECT_EQ(published("host.example.com"), "192.0.2.7");
  EXPECT_FALSE(entry().confirmed);
  names.set("host.example.com", {"192.0.2.8"}, 30s);
  world.run_for(11s);
  EXPECT_EQ(published("host.example.com"), "192.0.2.8");
}

TEST_F(HostNamesTest, StopsAskingForNamesThatNoRuleHas) {
  names.set("host.example.com", {"192.0.2.7"}, 30s);
  EXPECT_TRUE(allow("host.example.com"));
  must(service->remove_access_rule(op(), target.id, {AccessMethod::kDnsName, "host.example.com"}));
  names.asked.clear();
  world.run_for(1h);
  EXPECT_TRUE(names.asked.empty());
  EXPECT_TRUE(allow("host.example.com"));
  must(service->delete_target(op(), {target.id, false}));
  names.asked.clear();
  world.run_for(1h);
  EXPECT_TRUE(names.asked.empty());
}

TEST_F(HostNamesTest, UsesABoundedNumberOfAddresses) {
  NameAnswer many{"many.example.com", NameAnswer::Kind::kFound, {}, 60s, {}};
  for (int i = 0; i < 1000; ++i) {
    many.addresses.push_back(IpAddress::v4({10, 0, static_cast<std::uint8_t>(i >> 8), static_cast<std::uint8_t>(i)}));
  }
  names.answers["many.example.com"] = many;
  EXPECT_TRUE(allow("many.example.com"));
  EXPECT_EQ(entry().addresses.size(), kAddressesPerNameMax);
}

TEST_F(HostNamesTest, AskingIsCancelledWhenTheServiceStops) {
  EXPECT_TRUE(allow("host.example.com"));
  stop();
  EXPECT_TRUE(names.is_cancelled);
}

TEST(HostNameRules, TakeNamesAndNothingElse) {
  for (const auto& [text, canonical] : {std::pair{"Host", "host"},
                                        {"a.b.example.COM.", "a.b.example.com"},
                                        {"_x-1.example", "_x-1.example"},
                                        {"xn--bcher-kva.example", "xn--bcher-kva.example"}}) {
    const Outcome<std::string> name = canonical_host_name(text);
    ASSERT_TRUE(name) << text;
    EXPECT_EQ(*name, canonical);
  }
  for (const std::string& text :
       {std::string(), std::string("."), std::string("a..b"), std::string(".a"), std::string("-a.example"),
        std::string("a-.example"), std::string("192.0.2.1"), std::string("::1"), std::string("10"), std::string("a b"),
        std::string("b\xc3\xbc.example"), std::string("a/b"), std::string(64, 'a'), std::string(300, 'a'),
        std::string("a\0b", 3)}) {
    EXPECT_FALSE(canonical_host_name(text)) << text;
  }
}

}  // namespace
}  // namespace lunaria::service
