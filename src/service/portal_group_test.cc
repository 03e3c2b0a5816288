// Portal groups, where targets are offered and logins are sent, and initiators of their own.

#include "service/limits.h"
#include "service/names.h"
#include "service/world_test.h"

namespace lunaria::service {
namespace {

constexpr const char* kHost = "iqn.1993-08.org.debian:01:a";
const IpAddress kLoopback = *IpAddress::parse("127.0.0.1");
const IpAddress kSecond = *IpAddress::parse("192.0.2.1");

class PortalGroupTest : public ServiceTest {
 protected:
  template <class T>
  ErrorCode refused(Reply<T> reply) {
    const Outcome<T> outcome = run(std::move(reply));
    EXPECT_FALSE(outcome.has_value());
    return outcome ? ErrorCode::kBusy : outcome.error().code;
  }
  static SetPortalGroup group(std::uint16_t tag) {
    SetPortalGroup request;
    request.tag = tag;
    return request;
  }
  /// Group 2 with the portal 192.0.2.1:3260.
  void make_second_group() {
    must(service->create_portal_group(admin(), group(2)));
    must(service->set_portal(admin(), {kSecond, std::nullopt, true, std::uint16_t{2}}));
  }
  template <class Request>
  static Request with_chap(Request request, const char* user = "finder", const char* secret = "0123456789ab") {
    request.chap.enabled = true;
    request.chap.user_name = user;
    request.chap.secret = Secret(secret);
    return request;
  }
  static SetInitiator initiator(const char* name = kHost) {
    SetInitiator request;
    request.name = name;
    return request;
  }
  SetTarget set(const Target& target) {
    SetTarget request;
    request.id = target.id;
    return request;
  }
  Reply<Target> redirect(const Target& target, std::vector<Redirect> redirects) {
    SetTarget request = set(target);
    request.redirects = std::move(redirects);
    return service->set_target(op(), std::move(request));
  }
};

TEST_F(PortalGroupTest, TheFirstOneIsThereAndStays) {
  const std::vector<PortalGroup> groups = must(service->list_portal_groups(viewer()));
  ASSERT_EQ(groups.size(), 1U);
  EXPECT_EQ(groups[0].tag, 1);
  EXPECT_EQ(groups[0].portals, (std::vector<IpEndpoint>{{kLoopback, 3260}}));
  EXPECT_EQ(refused(service->delete_portal_group(admin(), 1)), ErrorCode::kInUse);
}

TEST_F(PortalGroupTest, PortalsMoveBetweenGroups) {
  EXPECT_EQ(refused(service->set_portal(admin(), {kSecond, std::nullopt, true, std::uint16_t{2}})),
            ErrorCode::kNotFound);
  make_second_group();
  restart();
  ASSERT_EQ(data_plane->config->portals.size(), 2U);
  EXPECT_EQ(data_plane->config->portals[1].portal_group_tag, 2);
  EXPECT_EQ(must(service->list_portal_groups(viewer()))[1].portals, (std::vector<IpEndpoint>{{kSecond, 3260}}));
  EXPECT_EQ(refused(service->delete_portal_group(admin(), 2)), ErrorCode::kInUse);
  must(service->set_portal(admin(), {kSecond, std::nullopt, {}, std::uint16_t{1}}));
  must(service->delete_portal_group(admin(), 2));
  EXPECT_EQ(refused(service->delete_portal_group(admin(), 2)), ErrorCode::kNotFound);
}

TEST_F(PortalGroupTest, EveryLoopbackAddressMayBeAPortal) {
  const Portal portal = must(service->set_portal(admin(), {*IpAddress::parse("127.0.0.2"), std::nullopt, true}));
  EXPECT_TRUE(portal.present);
}

TEST_F(PortalGroupTest, DiscoveryIsAskedForProof) {
  must(service->create_portal_group(admin(), with_chap(group(2))));
  SetPortalGroup reverse = group(2);
  reverse.reverse_chap.enabled = true;
  EXPECT_EQ(refused(service->set_portal_group(admin(), std::move(reverse))), ErrorCode::kInvalidArgument);
  SetPortalGroup mutual = group(2);
  mutual.reverse_chap.enabled = true;
  mutual.reverse_chap.user_name = "array";
  mutual.reverse_chap.secret = Secret("ba9876543210");
  const PortalGroup made = must(service->set_portal_group(admin(), std::move(mutual)));
  EXPECT_EQ(made.chap, (ChapSettings{true, "finder", true}));
  restart();
  const target::PortalGroupConfig& config = data_plane->config->portal_groups[1];
  EXPECT_EQ(config.tag, 2);
  EXPECT_EQ(config.discovery_chap->name, "finder");
  EXPECT_EQ(config.discovery_chap->secret.reveal(), "0123456789ab");
  EXPECT_EQ(config.discovery_reverse_chap->secret.reveal(), "ba9876543210");
  for (const std::string& line : log.lines()) {
    EXPECT_EQ(line.find("0123456789ab"), std::string::npos) << line;
  }
}

TEST_F(PortalGroupTest, ALostSecretClosesDiscoveryRatherThanOpensIt) {
  must(service->create_portal_group(admin(), with_chap(group(2))));
  must(service->create_initiator(op(), with_chap(initiator())));
  stop();
  secrets = secret_box(std::byte{1});
  start();
  EXPECT_FALSE(data_plane->config->portal_groups[1].discovery);
  EXPECT_FALSE(data_plane->config->initiators[0].enabled);
}

TEST_F(PortalGroupTest, RefusesTagsAndRolesThatAreWrong) {
  EXPECT_EQ(refused(service->create_portal_group(admin(), group(0))), ErrorCode::kInvalidArgument);
  EXPECT_EQ(refused(service->create_portal_group(admin(), group(1))), ErrorCode::kAlreadyExists);
  EXPECT_EQ(refused(service->create_portal_group(op(), group(2))), ErrorCode::kPermissionDenied);
  EXPECT_EQ(refused(service->set_portal_group(admin(), group(9))), ErrorCode::kNotFound);
  for (std::uint16_t tag = 2; tag <= kPortalGroupsMax; ++tag) {
    must(service->create_portal_group(admin(), group(tag)));
  }
  EXPECT_EQ(refused(service->create_portal_group(admin(), group(60000))), ErrorCode::kNoSpace);
}

TEST_F(PortalGroupTest, TargetsAreOfferedAtGroupsByChoice) {
  make_second_group();
  const Target target = make_target("t");
  EXPECT_TRUE(data_plane->find_target(target.iqn)->portal_groups.empty());
  SetTarget request = set(target);
  request.portal_groups = {2, 2};
  EXPECT_EQ(must(service->set_target(op(), std::move(request))).portal_groups, (std::vector<std::uint16_t>{2}));
  EXPECT_EQ(must(service->list_portal_groups(viewer()))[1].targets, (std::vector<std::string>{"t"}));
  must(service->set_portal(admin(), {kSecond, std::nullopt, {}, std::uint16_t{1}}));
  EXPECT_EQ(refused(service->delete_portal_group(admin(), 2)), ErrorCode::kInUse) << "the target names it";
  restart();
  EXPECT_EQ(data_plane->find_target(target.iqn)->portal_groups, (std::vector<std::uint16_t>{2}));
  SetTarget unknown = set(target);
  unknown.portal_groups = {7};
  EXPECT_EQ(refused(service->set_target(op(), std::move(unknown))), ErrorCode::kNotFound);
  SetTarget all = set(target);
  all.portal_groups.emplace();
  EXPECT_TRUE(must(service->set_target(op(), std::move(all))).portal_groups.empty());
}

TEST_F(PortalGroupTest, LoginsAreSentElsewhere) {
  make_second_group();
  const Target target = make_target("t");
  const Target after = must(redirect(target, {{std::nullopt, false, "203.0.113.5"}, {2, true, "Array.Example.com"}}));
  EXPECT_EQ(after.redirects,
            (std::vector<Redirect>{{std::nullopt, false, "203.0.113.5:3260"}, {2, true, "array.example.com:3260"}}));
  restart();
  EXPECT_EQ(data_plane->find_target(target.iqn)->redirects, after.redirects);
  EXPECT_EQ(refused(service->delete_portal_group(admin(), 2)), ErrorCode::kInUse);
  EXPECT_TRUE(must(redirect(target, {})).redirects.empty());
}

TEST_F(PortalGroupTest, LoginsAreNotSentInCircles) {
  make_second_group();
  const Target target = make_target("t");
  EXPECT_EQ(refused(redirect(target, {{std::nullopt, false, "127.0.0.1"}})), ErrorCode::kInvalidArgument);
  EXPECT_EQ(refused(redirect(target, {{1, false, "192.0.2.1:3260"}, {2, false, "127.0.0.1:3260"}})),
            ErrorCode::kInvalidArgument);
  must(redirect(target, {{1, false, "192.0.2.1:3260"}}));
  EXPECT_EQ(refused(redirect(target, {{1, false, "192.0.2.7"}, {1, false, "192.0.2.8"}})), ErrorCode::kInvalidArgument);
  EXPECT_EQ(refused(redirect(target, {{9, false, "192.0.2.7"}})), ErrorCode::kNotFound);
  SetTarget only_first = set(target);
  only_first.portal_groups = {1};
  EXPECT_EQ(refused(service->set_target(op(), std::move(only_first))), ErrorCode::kInvalidArgument)
      << "logins would be sent to where it is not offered";
}

TEST(RedirectAddresses, HaveOneTextForOneMeaning) {
  for (const auto& [text, canonical] : {std::pair{"192.0.2.7", "192.0.2.7:3260"},
                                        {"192.0.2.7:3261", "192.0.2.7:3261"},
                                        {"2001:DB8::7", "[2001:db8::7]:3260"},
                                        {"[2001:db8::7]", "[2001:db8::7]:3260"},
                                        {"[2001:db8::7]:1", "[2001:db8::7]:1"},
                                        {"Array", "array:3260"},
                                        {"array.example.com.:860", "array.example.com:860"}}) {
    const Outcome<std::string> address = canonical_redirect_address(text);
    ASSERT_TRUE(address) << text;
    EXPECT_EQ(*address, canonical);
  }
  for (const char* text :
       {"", ":3260", "192.0.2.7:0", "192.0.2.7:65536", "192.0.2.7:99999999999", "192.0.2.7:", "0.0.0.0", "[::]:3260",
        "host:", "host:x", "host,1", "192.0.2.7:3260,1", "a b", "TargetName=x"}) {
    EXPECT_FALSE(canonical_redirect_address(text)) << text;
  }
}

TEST_F(PortalGroupTest, InitiatorsHaveCredentialsOfTheirOwn) {
  const Initiator made =
      must(service->create_initiator(op(), with_chap(initiator("IQN.1993-08.org.debian:01:A"), kHost)));
  EXPECT_EQ(made.name, kHost);
  EXPECT_EQ(made.chap, (ChapSettings{true, kHost, true}));
  EXPECT_EQ(refused(service->create_initiator(op(), initiator())), ErrorCode::kAlreadyExists);
  restart();
  ASSERT_EQ(data_plane->config->initiators.size(), 1U);
  EXPECT_EQ(data_plane->config->initiators[0].chap->secret.reveal(), "0123456789ab");
  SetInitiator off = initiator();
  off.enabled = false;
  off.description = "out of service";
  EXPECT_FALSE(must(service->set_initiator(op(), std::move(off))).enabled);
  EXPECT_FALSE(data_plane->config->initiators[0].enabled);
  must(service->delete_initiator(op(), "IQN.1993-08.org.debian:01:A"));
  EXPECT_TRUE(data_plane->config->initiators.empty());
  EXPECT_EQ(refused(service->delete_initiator(op(), kHost)), ErrorCode::kNotFound);
  EXPECT_EQ(refused(service->set_initiator(op(), initiator())), ErrorCode::kNotFound);
  EXPECT_EQ(refused(service->create_initiator(op(), initiator("host"))), ErrorCode::kInvalidArgument);
  EXPECT_EQ(refused(service->create_initiator(op(), with_chap(initiator(), "u", "short"))),
            ErrorCode::kInvalidArgument);
}

TEST_F(PortalGroupTest, InitiatorsKnowTheirSessions) {
  must(service->create_initiator(op(), initiator()));
  const Target target = make_target("t");
  data_plane->open_session(1, target.id, kHost);
  EXPECT_EQ(must(service->list_initiators(viewer())).front().session_count, 1U);
}

}  // namespace
}  // namespace lunaria::service
