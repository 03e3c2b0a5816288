#include <fstream>

#include "catalogue/fault_vfs.h"
#include "service/event.h"
#include "service/world_test.h"

namespace lunaria::service {
namespace {

constexpr std::uint64_t kMiB = 1ULL << 20;

class ServerTest : public ServiceTest {};

TEST_F(ServerTest, HasAnIdentityThatStays) {
  const Server server = must(service->server(viewer()));
  EXPECT_EQ(server.name, "array");
  EXPECT_EQ(server.version, "1.2.3");
  EXPECT_NE(server.guid, Uuid());
  restart();
  EXPECT_EQ(must(service->server(viewer())).guid, server.guid);
  EXPECT_EQ(must(service->server(viewer())).created, server.created);
}

TEST_F(ServerTest, ChangesItsName) {
  SetServer change;
  change.name = "other-array";
  change.remotely_manageable = true;
  EXPECT_EQ(run(service->set_server(op(), change)).error().code, ErrorCode::kPermissionDenied);
  EXPECT_EQ(must(service->set_server(admin(), change)).name, "other-array");
  change.name = "not a name";
  EXPECT_EQ(run(service->set_server(admin(), change)).error().code, ErrorCode::kInvalidArgument);
  restart();
  EXPECT_TRUE(must(service->server(viewer())).remotely_manageable);
  EXPECT_EQ(make_target("t").iqn, "iqn.2026-11.com.example:other-array-t");
}

TEST_F(ServerTest, PublishesGenerationOneAtStart) {
  EXPECT_EQ(data_plane->config->generation, 1U);
  make_target("t");
  EXPECT_EQ(data_plane->config->generation, 2U);
  restart();
  EXPECT_EQ(data_plane->config->generation, 1U);
}

TEST_F(ServerTest, RefusesCallsBeforeItStartsAndAfterItStops) {
  stop();
  make();
  EXPECT_EQ(run(service->list_disks(viewer())).error().code, ErrorCode::kShuttingDown);
  EXPECT_EQ(run(service->create_target(op(), {"t", {}, "", true})).error().code, ErrorCode::kShuttingDown);
  EXPECT_EQ(run(service->verify_user("a", Secret("b"), "")).error().code, ErrorCode::kShuttingDown);
  start();
  EXPECT_TRUE(run(service->list_disks(viewer())));
}

TEST_F(ServerTest, DoesNotStartOnADamagedCatalogue) {
  stop();
  std::ofstream(state_directory() + "/catalogue.db", std::ios::trunc) << std::string(8192, 'x');
  const Outcome<void> started = try_start();
  ASSERT_FALSE(started);
  EXPECT_NE(started.error().message.find("backup"), std::string::npos);
  service.reset();
}

TEST_F(ServerTest, AllowsEachRoleWhatItMay) {
  const Disk disk = make_disk("d");
  EXPECT_TRUE(run(service->list_disks(viewer())));
  EXPECT_EQ(run(service->set_disk(viewer(), {disk.id, {}, "x", {}, {}, {}})).error().code,
            ErrorCode::kPermissionDenied);
  EXPECT_EQ(run(service->delete_disk(viewer(), {disk.id, true})).error().code, ErrorCode::kPermissionDenied);
  EXPECT_EQ(run(service->create_target(viewer(), {"t", {}, "", true})).error().code, ErrorCode::kPermissionDenied);
  EXPECT_TRUE(must(service->list_targets(viewer())).empty());
}

TEST_F(ServerTest, LogsEveryChangeAndEveryRefusal) {
  make_target("t");
  EXPECT_TRUE(
      log.contains("service.change action=target.create object=t result=ok user=tester role=operator "
                   "authentication=password peer=192.0.2.9:50000"));
  EXPECT_FALSE(run(service->create_target(op(), {"t", {}, "", true})));
  EXPECT_TRUE(log.contains("service.change action=target.create object=t result=already_exists"));
  EXPECT_FALSE(run(service->create_target(viewer(), {"u", {}, "", true})));
  EXPECT_TRUE(log.contains("service.change action=target.create object=u result=permission_denied"));
}

TEST_F(ServerTest, TellsSubscribersWhatChanged) {
  std::vector<Event> events;
  Subscription subscription = service->subscribe([&](const Event& event) { events.push_back(event); });
  const Target target = make_target("t");
  const Disk disk = make_disk("d");
  must(service->map_disk(op(), {target.id, disk.id, std::nullopt, false}));
  must(service->add_access_rule(op(), target.id, {AccessMethod::kIqn, "*"}));
  data_plane->open_session(4, target.id, "iqn.x");
  ASSERT_EQ(events.size(), 5U);
  EXPECT_EQ(std::get<TargetChanged>(events[0]).after->name, "t");
  EXPECT_FALSE(std::get<DiskChanged>(events[1]).before);
  EXPECT_EQ(std::get<MappingChanged>(events[2]).after->lun, 0);
  EXPECT_EQ(std::get<AccessRuleChanged>(events[3]).rule.after->value, "*");
  EXPECT_EQ(std::get<SessionOpened>(events[4]).tsih, 4);
  subscription = Subscription();
  data_plane->close_session(4);
  EXPECT_EQ(events.size(), 5U);
}

TEST_F(ServerTest, CarriesOutConcurrentChangesOneAfterTheOther) {
  constexpr int kCount = 20;
  std::vector<std::optional<Outcome<Target>>> results(kCount);
  for (int i = 0; i < kCount; ++i) {
    begin(service->create_target(op(), {"t" + std::to_string(i / 2), {}, "", true}),
          results[static_cast<std::size_t>(i)]);
  }
  ASSERT_TRUE(world.run_until([&] {
    return std::all_of(results.begin(), results.end(), [](const auto& result) { return result.has_value(); });
  }));
  for (std::size_t i = 0; i < kCount; i += 2) {
    EXPECT_TRUE(results[i]->has_value());
    EXPECT_EQ((*results[i])->id, TargetId(static_cast<std::uint32_t>(i / 2 + 1)));
    ASSERT_FALSE(results[i + 1]->has_value()) << "the same name a second time";
    EXPECT_EQ(results[i + 1]->error().code, ErrorCode::kAlreadyExists);
  }
}

TEST_F(ServerTest, ManyRefusedChangesAtOnceDoNotPileUpOnTheStack) {
  constexpr std::size_t kCount = 20000;
  std::optional<Outcome<Target>> first;
  begin(service->create_target(op(), {"t", {}, "", true}), first);  // holds the lock while it commits
  std::vector<std::optional<Outcome<void>>> results(kCount);
  for (std::optional<Outcome<void>>& result : results) {
    begin(service->delete_disk(op(), {DiskId(77), false}), result);
  }
  ASSERT_TRUE(world.run_until([&] { return results.back().has_value(); }));
  EXPECT_EQ(results.back()->error().code, ErrorCode::kNotFound);
  EXPECT_TRUE(first && first->has_value());
}

TEST_F(ServerTest, MakesADemoOnce) {
  const Demo demo = must(service->ensure_demo(100 * kMiB));
  EXPECT_TRUE(demo.created);
  EXPECT_EQ(demo.disk.size, 100 * kMiB);
  const target::TargetConfig* config = data_plane->find_target(demo.target.iqn);
  ASSERT_NE(config, nullptr);
  EXPECT_EQ(config->luns.size(), 1U);
  EXPECT_EQ(config->access, std::vector<target::AccessRule>{target::InitiatorName{"*"}});
  restart();
  const Demo again = must(service->ensure_demo(100 * kMiB));
  EXPECT_FALSE(again.created);
  EXPECT_EQ(again.target.id, demo.target.id);
  EXPECT_EQ(must(service->list_disks(viewer())).size(), 1U);
}

TEST_F(ServerTest, MakesNoDemoThatOthersCouldReach) {
  must(service->set_portal(admin(), {*IpAddress::parse("192.0.2.1"), std::nullopt, true}));
  EXPECT_EQ(run(service->ensure_demo(100 * kMiB)).error().code, ErrorCode::kInvalidArgument);
  EXPECT_TRUE(must(service->list_disks(viewer())).empty());
}

/// A service whose catalogue is on a disk that fails on command.
class FaultyServerTest : public ServiceWorld, public testing::Test {
 protected:
  FaultyServerTest() { settings.catalogue_vfs = vfs_.name(); }
  ~FaultyServerTest() override { stop(); }
  catalogue::FaultVfs vfs_;
};

TEST_F(FaultyServerTest, AChangeThatCannotBeRecordedDoesNotHappen) {
  start();
  for (int n = 0; n < 3; ++n) {
    vfs_.arm(catalogue::FaultVfs::Fault::kNoSpace, n);
    const Outcome<Target> outcome = run(service->create_target(op(), {"t", {}, "", true}));
    vfs_.disarm();
    ASSERT_FALSE(outcome);
    EXPECT_EQ(outcome.error().code, ErrorCode::kNoSpace);
    EXPECT_TRUE(data_plane->config->targets.empty());
    EXPECT_TRUE(must(service->list_targets(viewer())).empty());
  }
  must(service->create_target(op(), {"t", {}, "", true}));
}

TEST_F(FaultyServerTest, ADiskIsThereAfterARestartOrItIsNot) {
  for (int n = 0;; ++n) {
    start();
    const std::string name = "d" + std::to_string(n);
    vfs_.arm(catalogue::FaultVfs::Fault::kPowerCut, n);
    CreateDisk request;
    request.name = name;
    request.size = kMiB;
    const Outcome<Disk> outcome = run(service->create_disk(op(), request));
    const bool fired = vfs_.fired();
    stop();
    vfs_.restore_power(0);
    start();
    const Outcome<Disk> found = run(service->find_disk(viewer(), name));
    if (outcome) {
      ASSERT_TRUE(found) << n;
    }
    if (found) {
      EXPECT_FALSE(found->failure) << n;
      EXPECT_TRUE(disks.status(found->path)) << n;
    } else {
      EXPECT_FALSE(disks.status(state_directory() + "/disks/" + name + ".img")) << n;
    }
    stop();
    if (!fired) {
      EXPECT_GT(n, 4);
      break;
    }
  }
}

}  // namespace
}  // namespace lunaria::service
