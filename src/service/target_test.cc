#include <fstream>
#include <iterator>

#include "service/names.h"
#include "service/world_test.h"

namespace lunaria::service {
namespace {

class TargetTest : public ServiceTest {
 protected:
  SetTarget change(TargetId id) {
    SetTarget request;
    request.id = id;
    return request;
  }
  ErrorCode refused(SetTarget request) {
    const Outcome<Target> outcome = run(service->set_target(op(), std::move(request)));
    EXPECT_FALSE(outcome.has_value());
    return outcome ? ErrorCode::kBusy : outcome.error().code;
  }
  static SetChap chap(bool enabled, const std::string& name, const std::string& secret) {
    SetChap settings;
    settings.enabled = enabled;
    settings.user_name = name;
    settings.secret = Secret(secret);
    return settings;
  }
};

TEST_F(TargetTest, IsMadePublishedAndListed) {
  const Target target = make_target("Data Base");
  EXPECT_EQ(target.id, TargetId(1));
  EXPECT_EQ(target.iqn, "iqn.2026-11.com.example:array-data-base");
  EXPECT_TRUE(target.access.empty());
  EXPECT_EQ(target.session_count, 0U);
  EXPECT_FALSE(target.last_login);
  EXPECT_FALSE(target.idle);
  const target::TargetConfig* config = data_plane->find_target(target.iqn);
  ASSERT_NE(config, nullptr);
  EXPECT_TRUE(config->enabled);
  EXPECT_EQ(config->id, target.id);
  EXPECT_EQ(must(service->list_targets(viewer())), std::vector<Target>{target});
  EXPECT_EQ(must(service->find_target(viewer(), "data base")), target);
  EXPECT_EQ(must(service->find_target(viewer(), "IQN.2026-11.com.example:array-data-base")), target);
  restart();
  EXPECT_EQ(must(service->get_target(viewer(), target.id)), target);
}

TEST_F(TargetTest, RefusesNamesThatAreTakenOrBad) {
  make_target("one");
  const auto code = [&](const std::string& name, std::optional<std::string> iqn) {
    const Outcome<Target> outcome = run(service->create_target(op(), {name, std::move(iqn), "", true}));
    return outcome ? ErrorCode::kBusy : outcome.error().code;
  };
  EXPECT_EQ(code("ONE", std::nullopt), ErrorCode::kAlreadyExists);
  EXPECT_EQ(code("two", "IQN.2026-11.com.example:array-one"), ErrorCode::kAlreadyExists);
  EXPECT_EQ(code("two", "not an iqn"), ErrorCode::kInvalidArgument);
  EXPECT_EQ(code("two", ""), ErrorCode::kInvalidArgument);
  EXPECT_EQ(code("", std::nullopt), ErrorCode::kInvalidArgument);
  EXPECT_EQ(code(std::string(224, 'x'), std::nullopt), ErrorCode::kInvalidArgument);
  EXPECT_EQ(must(service->list_targets(viewer())).size(), 1U);
}

TEST_F(TargetTest, GetsANumberWhenItsDefaultNameIsTaken) {
  EXPECT_EQ(make_target("a b").iqn, "iqn.2026-11.com.example:array-a-b");
  EXPECT_EQ(make_target("a-b").iqn, "iqn.2026-11.com.example:array-a-b-2");
}

TEST_F(TargetTest, ChangesItsProperties) {
  const Target target = make_target("one");
  SetTarget request = change(target.id);
  request.description = "for the database";
  request.enabled = false;
  request.iqn = "iqn.2026-11.org.example:renamed";
  request.preferences =
      target::NegotiationPreferences{.max_recv_data_segment_length = 65536, .max_burst_length = 131072};
  request.preferences->first_burst_length = 65536;
  request.receive_buffer_count = 20;
  const Target changed = must(service->set_target(op(), std::move(request)));
  EXPECT_EQ(changed.iqn, "iqn.2026-11.org.example:renamed");
  const target::TargetConfig* config = data_plane->find_target(changed.iqn);
  ASSERT_NE(config, nullptr);
  EXPECT_EQ(data_plane->find_target(target.iqn), nullptr);
  EXPECT_FALSE(config->enabled);
  EXPECT_EQ(config->alias, "for the database");
  EXPECT_EQ(config->preferences.max_burst_length, 131072U);
  restart();
  EXPECT_EQ(must(service->get_target(viewer(), target.id)), changed);
}

TEST_F(TargetTest, RefusesBadChangesAndKeepsTheRest) {
  const Target target = make_target("one");
  make_target("two");
  SetTarget request = change(target.id);
  request.preferences = target::NegotiationPreferences{.max_burst_length = 100};
  request.description = "not to be kept";
  EXPECT_EQ(refused(std::move(request)), ErrorCode::kInvalidArgument);
  request = change(target.id);
  request.receive_buffer_count = 0;
  EXPECT_EQ(refused(std::move(request)), ErrorCode::kInvalidArgument);
  request = change(target.id);
  request.receive_buffer_count = 1025;
  EXPECT_EQ(refused(std::move(request)), ErrorCode::kInvalidArgument);
  request = change(target.id);
  request.iqn = "iqn.2026-11.com.example:array-two";
  EXPECT_EQ(refused(std::move(request)), ErrorCode::kAlreadyExists);
  EXPECT_EQ(refused(change(TargetId(77))), ErrorCode::kNotFound);
  EXPECT_EQ(must(service->get_target(viewer(), target.id)), target);
}

TEST_F(TargetTest, KeepsItsIqnWhileSessionsKnowIt) {
  const Target target = make_target("one");
  data_plane->open_session(3, target.id, "iqn.x");
  SetTarget request = change(target.id);
  request.iqn = "iqn.2026-11.org.example:renamed";
  EXPECT_EQ(refused(std::move(request)), ErrorCode::kInUse);
  data_plane->close_session(3);
  request = change(target.id);
  request.iqn = "iqn.2026-11.org.example:renamed";
  EXPECT_EQ(must(service->set_target(op(), std::move(request))).iqn, "iqn.2026-11.org.example:renamed");
}

TEST_F(TargetTest, TellsOfLoginsAndIdleness) {
  const Target target = make_target("one");
  data_plane->open_session(3, target.id, "iqn.x");
  Target now = must(service->get_target(viewer(), target.id));
  EXPECT_EQ(now.session_count, 1U);
  EXPECT_TRUE(now.last_login);
  EXPECT_EQ(now.idle, std::chrono::seconds(0));
  data_plane->close_session(3);
  world.run_for(std::chrono::seconds(90));
  now = must(service->get_target(viewer(), target.id));
  EXPECT_EQ(now.session_count, 0U);
  EXPECT_EQ(now.idle, std::chrono::seconds(90));
}

TEST_F(TargetTest, IsDeletedWithAllThatBelongsToIt) {
  const Disk disk = make_disk("disk");
  const Target target = make_target("one");
  must(service->map_disk(op(), {target.id, disk.id, std::nullopt, false}));
  must(service->add_access_rule(op(), target.id, {AccessMethod::kIqn, "*"}));
  data_plane->open_session(3, target.id, "iqn.x");
  EXPECT_EQ(run(service->delete_target(op(), {target.id, false})).error().code, ErrorCode::kInUse);
  must(service->delete_target(op(), {target.id, true}));
  EXPECT_TRUE(data_plane->config->targets.empty());
  EXPECT_TRUE(must(service->list_mappings(viewer())).empty());
  EXPECT_EQ(must(service->list_disks(viewer())).size(), 1U);
  EXPECT_EQ(run(service->delete_target(op(), {target.id, true})).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(make_target("one").id, TargetId(2));
}

TEST_F(TargetTest, TakesChapSettings) {
  const Target target = make_target("one");
  SetTarget request = change(target.id);
  request.chap = chap(true, "iqn.initiator", "forward-secret");
  request.reverse_chap = chap(true, "iqn.target", "reverse-secret");
  const Target changed = must(service->set_target(op(), std::move(request)));
  EXPECT_EQ(changed.chap, (ChapSettings{true, "iqn.initiator", true}));
  EXPECT_EQ(changed.reverse_chap, (ChapSettings{true, "iqn.target", true}));
  restart();
  const target::TargetConfig* config = data_plane->find_target(target.iqn);
  ASSERT_TRUE(config->chap && config->reverse_chap);
  EXPECT_EQ(config->chap->secret.reveal(), "forward-secret");
  EXPECT_EQ(config->reverse_chap->secret.reveal(), "reverse-secret");
  request = change(target.id);
  request.reverse_chap.enabled = false;
  must(service->set_target(op(), std::move(request)));
  request = change(target.id);
  request.chap.enabled = false;
  request.chap.user_name = "";
  request.chap.secret = Secret("");
  EXPECT_EQ(must(service->set_target(op(), std::move(request))).chap, ChapSettings());
  EXPECT_FALSE(data_plane->find_target(target.iqn)->chap);
}

TEST_F(TargetTest, RefusesChapSettingsThatCannotWork) {
  const Target target = make_target("one");
  const auto invalid = ErrorCode::kInvalidArgument;
  SetTarget request = change(target.id);
  request.chap.enabled = true;
  EXPECT_EQ(refused(std::move(request)), invalid) << "no name and secret";
  request = change(target.id);
  request.chap = chap(true, "", "forward-secret");
  EXPECT_EQ(refused(std::move(request)), invalid) << "no name";
  request = change(target.id);
  request.chap = chap(true, "name", "short");
  EXPECT_EQ(refused(std::move(request)), invalid) << "short";
  request = change(target.id);
  request.chap = chap(true, "name", "seventeen bytes!!");
  request.secret_bytes_max = kWindowsSecretBytesMax;
  EXPECT_EQ(refused(std::move(request)), invalid) << "long for Windows";
  request = change(target.id);
  request.reverse_chap = chap(true, "name", "reverse-secret");
  EXPECT_EQ(refused(std::move(request)), invalid) << "reverse alone";
  request = change(target.id);
  request.chap = chap(true, "name", "the-same-secret");
  request.reverse_chap = chap(true, "name", "the-same-secret");
  EXPECT_EQ(refused(std::move(request)), invalid) << "equal secrets";
  request = change(target.id);
  request.chap = chap(true, std::string(256, 'n'), "forward-secret");
  EXPECT_EQ(refused(std::move(request)), invalid) << "long name";
  EXPECT_EQ(must(service->get_target(viewer(), target.id)), target);
}

TEST_F(TargetTest, ComparesANewSecretWithTheStoredOne) {
  const Target target = make_target("one");
  SetTarget request = change(target.id);
  request.chap = chap(true, "name", "the-same-secret");
  must(service->set_target(op(), std::move(request)));
  request = change(target.id);
  request.reverse_chap = chap(true, "other", "the-same-secret");
  EXPECT_EQ(refused(std::move(request)), ErrorCode::kInvalidArgument);
  request = change(target.id);
  request.chap.secret = Secret("");  // would leave CHAP on without a secret
  EXPECT_EQ(refused(std::move(request)), ErrorCode::kInvalidArgument);
}

TEST_F(TargetTest, LetsNobodyInWhenTheHostKeyDoesNotFitItsSecret) {
  const Target target = make_target("one");
  SetTarget request = change(target.id);
  request.chap = chap(true, "name", "forward-secret");
  must(service->set_target(op(), std::move(request)));
  stop();
  secrets = secret_box(std::byte{1});
  start();
  EXPECT_FALSE(data_plane->find_target(target.iqn)->enabled);
  EXPECT_TRUE(must(service->get_target(viewer(), target.id)).enabled) << "what was asked for stays";
  EXPECT_TRUE(log.contains("service.secret_unreadable"));
  request = change(target.id);
  request.chap.secret = Secret("another-secret");
  must(service->set_target(op(), std::move(request)));
  EXPECT_TRUE(data_plane->find_target(target.iqn)->enabled);
}

std::string bytes_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

TEST_F(TargetTest, KeepsSecretsOutOfFilesAndLogs) {
  const Target target = make_target("one");
  SetTarget request = change(target.id);
  request.chap = chap(true, "visible-name", "Top-Secret-1234");
  must(service->set_target(op(), std::move(request)));
  must(service->add_user(admin(), {"jane", Secret("Top-Password-99"), security::Role::kViewer}));
  EXPECT_FALSE(run(service->verify_user("jane", Secret("Wrong-Password"), "192.0.2.1")));
  for (const char* suffix : {"", "-wal"}) {
    const std::string bytes = bytes_of(state_directory() + "/catalogue.db" + suffix);
    EXPECT_EQ(bytes.find("Top-Secret-1234"), std::string::npos) << suffix;
    EXPECT_EQ(bytes.find("Top-Password-99"), std::string::npos) << suffix;
  }
  EXPECT_NE(bytes_of(state_directory() + "/catalogue.db-wal").find("visible-name"), std::string::npos)
      << "the search would have found it";
  EXPECT_FALSE(log.contains("Top-Secret"));
  EXPECT_FALSE(log.contains("Top-Password"));
  EXPECT_FALSE(log.contains("Wrong-Password"));
}

}  // namespace
}  // namespace lunaria::service
