#include <cerrno>

#include "catalogue/catalogue.h"
#include "service/limits.h"
#include "service/names.h"
#include "service/world_test.h"

namespace lunaria::service {
namespace {

class AccessTest : public ServiceTest {
 protected:
  template <class T>
  ErrorCode refused(Reply<T> reply) {
    const Outcome<T> outcome = run(std::move(reply));
    EXPECT_FALSE(outcome.has_value());
    return outcome ? ErrorCode::kBusy : outcome.error().code;
  }
  Mapping map(const Target& target, const Disk& disk, std::optional<std::uint16_t> lun = std::nullopt) {
    return must(service->map_disk(op(), {target.id, disk.id, lun, false}));
  }
};

TEST_F(AccessTest, MappingTakesTheLowestFreeLun) {
  const Target target = make_target("t");
  const Disk a = make_disk("a");
  const Disk b = make_disk("b");
  const Disk c = make_disk("c");
  EXPECT_EQ(map(target, a).lun, 0);
  EXPECT_EQ(map(target, b, 2).lun, 2);
  EXPECT_EQ(map(target, c).lun, 1);
  const target::TargetConfig* config = data_plane->find_target(target.iqn);
  ASSERT_EQ(config->luns.size(), 3U);
  EXPECT_EQ(config->luns[0], (target::LunMapping{0, a.id, false}));
  EXPECT_EQ(config->luns[1], (target::LunMapping{1, c.id, false}));
  EXPECT_EQ(config->luns[2], (target::LunMapping{2, b.id, false}));
  must(service->unmap_disk(op(), target.id, a.id));
  EXPECT_EQ(map(target, a).lun, 0);
  restart();
  EXPECT_EQ(data_plane->find_target(target.iqn)->luns.size(), 3U);
}

TEST_F(AccessTest, OneDiskMayBeMappedToManyTargets) {
  const Disk disk = make_disk("d");
  const Target one = make_target("one");
  const Target two = make_target("two");
  map(one, disk, 5);
  map(two, disk, 7);
  const std::vector<Mapping> mappings = must(service->get_disk(viewer(), disk.id)).mappings;
  ASSERT_EQ(mappings.size(), 2U);
  EXPECT_EQ(mappings[0].target_name, "one");
  EXPECT_EQ(mappings[1].lun, 7);
  EXPECT_EQ(must(service->list_mappings(viewer())), mappings);
}

TEST_F(AccessTest, MappingRefusesWhatIsTakenOrMissing) {
  const Target target = make_target("t");
  const Disk a = make_disk("a");
  const Disk b = make_disk("b");
  map(target, a, 0);
  EXPECT_EQ(refused(service->map_disk(op(), {target.id, a.id, 1, false})), ErrorCode::kAlreadyExists);
  EXPECT_EQ(refused(service->map_disk(op(), {target.id, b.id, 0, false})), ErrorCode::kAlreadyExists);
  EXPECT_EQ(refused(service->map_disk(op(), {target.id, b.id, kLunMax + 1, false})), ErrorCode::kInvalidArgument);
  EXPECT_EQ(refused(service->map_disk(op(), {TargetId(9), b.id, 0, false})), ErrorCode::kNotFound);
  EXPECT_EQ(refused(service->map_disk(op(), {target.id, DiskId(9), 0, false})), ErrorCode::kNotFound);
  EXPECT_EQ(refused(service->unmap_disk(op(), target.id, b.id)), ErrorCode::kNotFound);
  EXPECT_EQ(refused(service->unmap_disk(op(), TargetId(9), b.id)), ErrorCode::kNotFound);
  EXPECT_EQ(refused(service->unmap_disk(op(), target.id, DiskId(9))), ErrorCode::kNotFound);
  EXPECT_EQ(map(target, b, kLunMax).lun, kLunMax);
}

TEST_F(AccessTest, MappingIsRenumberedAndMadeReadOnly) {
  const Target target = make_target("t");
  const Disk a = make_disk("a");
  const Disk b = make_disk("b");
  map(target, a, 0);
  map(target, b, 1);
  EXPECT_EQ(refused(service->set_mapping(op(), {target.id, a.id, 1, {}})), ErrorCode::kAlreadyExists);
  EXPECT_EQ(refused(service->set_mapping(op(), {target.id, a.id, 16384, {}})), ErrorCode::kInvalidArgument);
  EXPECT_EQ(refused(service->set_mapping(op(), {TargetId(4), a.id, 1, {}})), ErrorCode::kNotFound);
  const Mapping changed = must(service->set_mapping(op(), {target.id, a.id, 9, true}));
  EXPECT_EQ(changed.lun, 9);
  EXPECT_TRUE(changed.read_only);
  EXPECT_EQ(data_plane->find_target(target.iqn)->luns[1], (target::LunMapping{9, a.id, true}));
  EXPECT_EQ(must(service->set_mapping(op(), {target.id, a.id, 9, {}})), changed) << "its own LUN is no conflict";
}

TEST_F(AccessTest, UnmapAllEmptiesATarget) {
  const Target target = make_target("t");
  map(target, make_disk("a"));
  map(target, make_disk("b"));
  EXPECT_EQ(must(service->unmap_all(op(), target.id)), 2U);
  EXPECT_EQ(must(service->unmap_all(op(), target.id)), 0U);
  EXPECT_TRUE(data_plane->find_target(target.iqn)->luns.empty());
  EXPECT_EQ(refused(service->unmap_all(op(), TargetId(5))), ErrorCode::kNotFound);
}

TEST_F(AccessTest, DiskIsConnectedWhileASessionCanSeeIt) {
  const Target target = make_target("t");
  const Disk disk = make_disk("a");
  map(target, disk);
  data_plane->open_session(1, target.id, "iqn.x");
  EXPECT_TRUE(must(service->get_disk(viewer(), disk.id)).connected);
  data_plane->close_session(1);
  EXPECT_FALSE(must(service->get_disk(viewer(), disk.id)).connected);
}

TEST_F(AccessTest, RulesReachTheDataPlane) {
  const Target target = make_target("t");
  const auto add = [&](AccessMethod method, const char* value) {
    return must(service->add_access_rule(op(), target.id, {method, value})).value;
  };
  EXPECT_EQ(add(AccessMethod::kIqn, "IQN.1991-05.com.microsoft:host"), "iqn.1991-05.com.microsoft:host");
  EXPECT_EQ(add(AccessMethod::kIpv4, "192.0.2.9/24"), "192.0.2.0/24");
  EXPECT_EQ(add(AccessMethod::kIpv6, "2001:DB8::1"), "2001:db8::1");
  const std::vector<target::AccessRule>& access = data_plane->find_target(target.iqn)->access;
  const std::vector<target::AccessRule> expected = {*IpPrefix::parse("192.0.2.0/24"),
                                                    target::InitiatorName{"iqn.1991-05.com.microsoft:host"},
                                                    *IpPrefix::parse("2001:db8::1")};
  EXPECT_EQ(access, expected);
  EXPECT_EQ(must(service->get_target(viewer(), target.id)).access.size(), 3U);
  must(service->remove_access_rule(op(), target.id, {AccessMethod::kIpv4, "192.0.2.77/24"}));
  EXPECT_EQ(data_plane->find_target(target.iqn)->access.size(), 2U);
}

TEST_F(AccessTest, RulesAreRefusedWithReason) {
  const Target target = make_target("t");
  const AccessRule everyone{AccessMethod::kIqn, "*"};
  must(service->add_access_rule(op(), target.id, everyone));
  EXPECT_EQ(refused(service->add_access_rule(op(), target.id, everyone)), ErrorCode::kAlreadyExists);
  EXPECT_EQ(refused(service->add_access_rule(op(), TargetId(3), everyone)), ErrorCode::kNotFound);
  EXPECT_EQ(refused(service->add_access_rule(op(), target.id, {AccessMethod::kDnsName, "192.0.2.1"})),
            ErrorCode::kInvalidArgument);
  EXPECT_EQ(refused(service->add_access_rule(op(), target.id, {AccessMethod::kIpv4, "nonsense"})),
            ErrorCode::kInvalidArgument);
  EXPECT_EQ(refused(service->remove_access_rule(op(), target.id, {AccessMethod::kIqn, "iqn.other"})),
            ErrorCode::kNotFound);
  EXPECT_EQ(refused(service->remove_access_rule(op(), TargetId(3), everyone)), ErrorCode::kNotFound);
}

TEST_F(AccessTest, RulesAreBounded) {
  const Target target = make_target("t");
  stop();
  {
    catalogue::Changes changes;
    for (std::size_t i = 0; i < kAccessRulesPerTargetMax; ++i) {
      changes.push_back(catalogue::AccessRuleRow{catalogue::TargetId(1), 2,
                                                 "10.0." + std::to_string(i / 256) + '.' + std::to_string(i % 256)});
    }
    const auto catalogue = catalogue::Catalogue::open({state_directory() + "/catalogue.db", {}});
    ASSERT_TRUE(catalogue && (*catalogue)->load() && (*catalogue)->commit(changes));
  }
  start();
  EXPECT_EQ(data_plane->find_target(target.iqn)->access.size(), kAccessRulesPerTargetMax);
  EXPECT_EQ(refused(service->add_access_rule(op(), target.id, {AccessMethod::kIqn, "iqn.a"})), ErrorCode::kNoSpace);
  must(service->remove_access_rule(op(), target.id, {AccessMethod::kIpv4, "10.0.0.0"}));
  must(service->add_access_rule(op(), target.id, {AccessMethod::kIqn, "iqn.a"}));
}

TEST_F(AccessTest, MacAddressesHaveOneText) {
  const Target target = make_target("t");
  EXPECT_EQ(must(service->add_access_rule(op(), target.id, {AccessMethod::kMac, "00-1B-21-AA-BB-CC"})).value,
            "00:1b:21:aa:bb:cc");
  EXPECT_EQ(data_plane->find_target(target.iqn)->access,
            (std::vector<target::AccessRule>{*MacAddress::parse("00:1b:21:aa:bb:cc")}));
  EXPECT_EQ(refused(service->add_access_rule(op(), target.id, {AccessMethod::kMac, "ff:ff:ff:ff:ff:ff"})),
            ErrorCode::kInvalidArgument);
  must(service->remove_access_rule(op(), target.id, {AccessMethod::kMac, "001b21aabbcc"}));
}

TEST_F(AccessTest, PortalsAreTheLocalAddressesAndThoseThatWereSet) {
  std::vector<Portal> portals = must(service->list_portals(viewer()));
  ASSERT_EQ(portals.size(), 2U);
  EXPECT_TRUE(portals[0].listen && portals[0].present);
  EXPECT_EQ(portals[0].address.to_string(), "127.0.0.1");
  EXPECT_FALSE(portals[1].listen);
  const IpAddress second = *IpAddress::parse("192.0.2.1");
  const Portal set = must(service->set_portal(admin(), {second, 3261, true}));
  EXPECT_EQ(set.port, 3261);
  ASSERT_EQ(data_plane->config->portals.size(), 2U);
  EXPECT_EQ(data_plane->config->portals[1].endpoint, (IpEndpoint{second, 3261}));
  addresses.pop_back();  // the interface goes
  portals = must(service->list_portals(viewer()));
  ASSERT_EQ(portals.size(), 2U);
  EXPECT_FALSE(portals[1].present);
  EXPECT_TRUE(portals[1].listen);
  restart();
  EXPECT_EQ(data_plane->config->portals.size(), 2U) << "its setting is applied again";
}

TEST_F(AccessTest, PortalSettingsAreRefusedWithReason) {
  const IpAddress local = *IpAddress::parse("192.0.2.1");
  EXPECT_EQ(refused(service->set_portal(admin(), {*IpAddress::parse("198.51.100.1"), 3260, true})),
            ErrorCode::kNotFound);
  EXPECT_EQ(refused(service->set_portal(admin(), {local, std::uint16_t{0}, true})), ErrorCode::kInvalidArgument);
  EXPECT_EQ(refused(service->set_portal(op(), {local, std::nullopt, true})), ErrorCode::kPermissionDenied);
}

TEST_F(AccessTest, PortalSaysWhyItDoesNotListen) {
  const IpAddress local = *IpAddress::parse("192.0.2.1");
  data_plane->portal_failures = {{{local, 3260}, {EADDRINUSE}}};
  const Portal portal = must(service->set_portal(admin(), {local, std::nullopt, true}));
  ASSERT_TRUE(portal.failure);
  EXPECT_NE(portal.failure->find("EADDRINUSE"), std::string::npos);
  data_plane->portal_failures.clear();
  EXPECT_FALSE(must(service->set_portal(admin(), {local, std::nullopt, true})).failure);
}

TEST_F(AccessTest, PortalsThatCannotBeOpenedAreTriedAgain) {
  const IpAddress local = *IpAddress::parse("192.0.2.1");
  data_plane->portal_failures = {{{local, 3260}, {EADDRINUSE}}};
  must(service->set_portal(admin(), {local, std::nullopt, true}));
  const std::uint64_t generation = data_plane->config->generation;
  world.run_for(std::chrono::seconds(60));
  EXPECT_GT(data_plane->portal_tries, 3) << "tried again";
  EXPECT_LT(data_plane->portal_tries, 20) << "less and less often";
  data_plane->portal_failures.clear();
  world.run_for(2 * kPortalRetryMax);
  EXPECT_FALSE(must(service->list_portals(viewer()))[1].failure);
  const int tries = data_plane->portal_tries;
  world.run_for(10 * kPortalRetryMax);
  EXPECT_EQ(data_plane->portal_tries, tries) << "nothing is left to try";
  EXPECT_EQ(data_plane->config->generation, generation) << "no publication is made for it";
}

TEST_F(AccessTest, PortalsThatFailAtStartAreTriedAgainWithinAMoment) {
  stop();
  data_plane->portal_failures = {{{*IpAddress::parse("127.0.0.1"), 3260}, {EADDRINUSE}}};
  start();
  EXPECT_TRUE(must(service->list_portals(viewer()))[0].failure);
  data_plane->portal_failures.clear();
  world.run_for(2 * kPortalRetryMin);
  EXPECT_FALSE(must(service->list_portals(viewer()))[0].failure);
}

TEST_F(AccessTest, SessionsAreListedAndDropped) {
  const Target target = make_target("t");
  data_plane->open_session(7, target.id, "iqn.x");
  target::SessionStatus discovery;
  discovery.tsih = 8;
  discovery.discovery = true;
  data_plane->live_sessions.push_back(discovery);
  const std::vector<Session> sessions = must(service->list_sessions(viewer()));
  ASSERT_EQ(sessions.size(), 2U);
  EXPECT_EQ(sessions[0].target_label, "t");
  EXPECT_EQ(sessions[0].status.initiator_name, "iqn.x");
  EXPECT_EQ(sessions[1].target_label, "");
  must(service->drop_session(op(), 7));
  EXPECT_EQ(refused(service->drop_session(op(), 7)), ErrorCode::kNotFound);
  EXPECT_EQ(refused(service->drop_session(viewer(), 8)), ErrorCode::kPermissionDenied);
}

}  // namespace
}  // namespace lunaria::service
