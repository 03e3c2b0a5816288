#pragma once

// A service in a simulated world, for tests of it and of what is built on it: control shard, disks and time are
// simulated, the catalogue is a real file in a directory that goes with the test, and the data plane is a fake that
// remembers what it was told.

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/log.h"
#include "runtime/gate.h"
#include "security/principal.h"
#include "security/secret_box.h"
#include "service/file_volume_store.h"
#include "service/host_names.h"
#include "service/service.h"
#include "sim/file_system.h"
#include "sim/world.h"
#include "target/data_plane.h"

namespace lunaria::service {

/// Remembers what it was told; answers with what the test has put in.
class FakeDataPlane final : public target::DataPlane {
 public:
  struct Unit {
    target::UnitConfig config;
    std::unique_ptr<block::Volume> volume;
    int replacements = 0;
  };

  explicit FakeDataPlane(runtime::Shard& shard) : shard_(shard) {}

  std::map<target::UnitId, Unit> units;
  std::shared_ptr<const target::Config> config;
  std::vector<target::PortalFailure> portal_failures;
  int portal_tries = 0;  ///< beside those of publications
  std::vector<target::SessionStatus> live_sessions;
  std::function<void(const target::Event&)> observer;
  target::UnitKeeper* keeper = nullptr;
  std::map<target::UnitId, scsi::RunningErasure> erasures;  ///< units that one runs in
  std::set<target::UnitId> held_erasures;
  std::function<void()> before_replacing;  ///< called at the beginning of replace_volume()
  std::function<bool()> may_replace;       ///< replace_volume() waits until this holds

  /// A normal session from here on, with its event.
  void open_session(std::uint16_t tsih, target::TargetId target, const std::string& initiator) {
    target::SessionStatus session;
    session.tsih = tsih;
    session.target = target;
    session.initiator_name = initiator;
    live_sessions.push_back(session);
    observer(target::SessionOpened{tsih, target, initiator});
  }
  void close_session(std::uint16_t tsih) {
    for (const target::SessionStatus& session : live_sessions) {
      if (session.tsih == tsih) {
        observer(target::SessionClosed{tsih, session.target, session.initiator_name, "logout"});
      }
    }
    std::erase_if(live_sessions, [&](const target::SessionStatus& session) { return session.tsih == tsih; });
  }
  const target::TargetConfig* find_target(const std::string& iqn) const {
    for (const target::TargetConfig& target : config->targets) {
      if (target.name == iqn) {
        return &target;
      }
    }
    return nullptr;
  }

  runtime::Shard& choose_home() override { return shard_; }
  runtime::Task<void> add_unit(target::UnitConfig unit, runtime::Shard& /*home*/,
                               std::unique_ptr<block::Volume> volume) override {
    co_await runtime::yield_on(shard_);
    const bool added = units.try_emplace(unit.id, Unit{unit, std::move(volume)}).second;
    EXPECT_TRUE(added) << "a unit is added once";
  }
  runtime::Task<void> remove_unit(target::UnitId unit) override {
    co_await runtime::yield_on(shard_);
    for (const target::TargetConfig& target : config->targets) {
      for (const target::LunMapping& mapping : target.luns) {
        EXPECT_NE(mapping.unit, unit) << "a unit that goes is not mapped";
      }
    }
    EXPECT_EQ(units.erase(unit), 1U);
  }
  runtime::Task<void> replace_volume(target::UnitId unit, std::unique_ptr<block::Volume> volume) override {
    co_await runtime::yield_on(shard_);
    if (before_replacing) {
      before_replacing();
    }
    while (may_replace && !may_replace()) {
      co_await runtime::sleep_for(shard_, std::chrono::milliseconds(1));
    }
    units.at(unit).volume = std::move(volume);
    ++units.at(unit).replacements;
  }
  runtime::Task<std::optional<scsi::RunningErasure>> hold_erasures(target::UnitId unit) override {
    co_await runtime::yield_on(shard_);
    if (const auto running = erasures.find(unit); running != erasures.end()) {
      co_return running->second;
    }
    EXPECT_TRUE(held_erasures.insert(unit).second) << "held once";
    co_return std::nullopt;
  }
  runtime::Task<void> release_erasures(target::UnitId unit) override {
    co_await runtime::yield_on(shard_);
    EXPECT_EQ(held_erasures.erase(unit), 1U);
  }
  runtime::Task<void> set_unit_options(target::UnitId unit, scsi::UnitOptions options) override {
    co_await runtime::yield_on(shard_);
    units.at(unit).config.options = options;
  }
  runtime::Task<std::optional<std::string>> unit_failure(target::UnitId unit) override {
    co_return units.at(unit).volume->failure();
  }
  runtime::Task<std::vector<target::PortalFailure>> publish(std::shared_ptr<const target::Config> next) override {
    co_await runtime::yield_on(shard_);
    for (const target::TargetConfig& target : next->targets) {
      for (const target::LunMapping& mapping : target.luns) {
        EXPECT_TRUE(units.contains(mapping.unit)) << "what is mapped is served";
      }
    }
    EXPECT_GT(next->generation, config == nullptr ? 0 : config->generation);
    config = std::move(next);
    co_return portal_failures;
  }
  runtime::Task<std::vector<target::PortalFailure>> open_portals() override {
    co_await runtime::yield_on(shard_);
    ++portal_tries;
    co_return portal_failures;
  }
  runtime::Task<std::vector<target::SessionStatus>> sessions() override {
    co_await runtime::yield_on(shard_);
    co_return live_sessions;
  }
  runtime::Task<bool> drop_session(std::uint16_t tsih, runtime::Duration /*grace*/) override {
    co_await runtime::yield_on(shard_);
    const std::size_t before = live_sessions.size();
    close_session(tsih);
    co_return live_sessions.size() < before;
  }
  void keep_with(target::UnitKeeper& keeps) override { keeper = &keeps; }
  void observe(std::function<void(const target::Event&)> hears) override { observer = std::move(hears); }

 private:
  runtime::Shard& shard_;
};

/// Answers what the test has put in; for other names the name service is silent.
class FakeNameResolver final : public NameResolver {
 public:
  std::map<std::string, NameAnswer> answers;
  std::vector<std::string> asked;
  bool is_cancelled = false;

  void set(const std::string& name, const std::vector<const char*>& addresses, std::chrono::seconds ttl) {
    NameAnswer answer{name, NameAnswer::Kind::kFound, {}, ttl, {}};
    for (const char* address : addresses) {
      answer.addresses.push_back(*IpAddress::parse(address));
    }
    answers[name] = answer;
  }
  std::vector<NameAnswer> resolve(const std::vector<std::string>& names) override {
    std::vector<NameAnswer> result;
    for (const std::string& name : names) {
      asked.push_back(name);
      const auto found = answers.find(name);
      result.push_back(found != answers.end() ? found->second
                                              : NameAnswer{name, NameAnswer::Kind::kUnavailable, {}, {}, "timeout"});
    }
    return result;
  }
  void cancel() override { is_cancelled = true; }
};

/// Owns all of it. `start()` and `restart()` make the service; calls are run to their end with `run()`.
class ServiceWorld {
 public:
  ServiceWorld()
      : directory_(make_directory()),
        shard(world.add_shard()),
        disks(world),
        volumes(disks),
        secrets(secret_box(std::byte{0})),
        data_plane(std::make_unique<FakeDataPlane>(shard)) {
    settings.state_directory = directory_.native();
    settings.host_name = "array.example.com";
    settings.version = "1.2.3";
    settings.default_portals = {*IpEndpoint::parse("127.0.0.1:3260")};
  }
  ServiceWorld(const ServiceWorld&) = delete;
  ServiceWorld& operator=(const ServiceWorld&) = delete;
  virtual ~ServiceWorld() {
    stop();
    data_plane.reset();
    std::filesystem::remove_all(directory_);
  }

  static security::Principal principal(security::Role role) {
    return {"tester", role, security::Authentication::kPassword, "192.0.2.9:50000"};
  }
  static security::Principal admin() { return principal(security::Role::kAdministrator); }
  static security::Principal op() { return principal(security::Role::kOperator); }
  static security::Principal viewer() { return principal(security::Role::kViewer); }

  /// Runs a call to its end.
  template <class T>
  Outcome<T> run(Reply<T> reply) {
    std::optional<Outcome<T>> result;
    begin(std::move(reply), result);
    EXPECT_TRUE(world.run_until([&] { return result.has_value(); })) << "the call never ended";
    return result ? std::move(*result) : Outcome<T>(fail(Error{ErrorCode::kBusy, "the call never ended"}));
  }
  /// Starts a call; `result` is set when it ends.
  template <class T>
  void begin(Reply<T> reply, std::optional<Outcome<T>>& result) {
    shard.run([&] { EXPECT_TRUE(spawn(gate, collect(std::move(reply), result))); });
  }
  /// Runs a call that must succeed.
  template <class T>
  T must(Reply<T> reply) {
    Outcome<T> outcome = run(std::move(reply));
    EXPECT_TRUE(outcome.has_value()) << outcome.error().message;
    if constexpr (!std::is_void_v<T>) {
      return outcome ? std::move(*outcome) : T{};
    }
  }

  /// A box under a host key made of this byte; another byte, another host.
  std::unique_ptr<security::SecretBox> secret_box(std::byte filler) {
    std::array<std::byte, security::kHostKeyBytes> key{};
    key.fill(filler);
    return std::make_unique<security::SecretBox>(security::HostKey(key), world.random());
  }
  std::string state_directory() const { return directory_.native(); }
  /// Makes the service and starts it.
  Outcome<void> try_start() {
    make();
    return run(service->start());
  }
  /// Makes the service, unless it is there; for what comes before start().
  void make() {
    if (service == nullptr) {
      service = std::make_unique<Service>(
          Environment{shard, *data_plane, volumes, *secrets, log, [this] { return addresses; }, names}, settings);
    }
  }
  void start() {
    const Outcome<void> started = try_start();
    ASSERT_TRUE(started) << started.error().message;
  }
  void stop() {
    if (service == nullptr) {
      return;
    }
    std::optional<bool> done;
    shard.run([&] { spawn(gate, stop_service(done)); });
    EXPECT_TRUE(world.run_until([&] { return done.has_value(); }));
    service.reset();
    data_plane->units.clear();
    data_plane = std::make_unique<FakeDataPlane>(shard);
  }
  void restart() {
    stop();
    start();
  }

  sim::World world;

 private:
  std::filesystem::path directory_;

 public:
  sim::SimShard& shard;
  sim::SimFileSystem disks;
  FileVolumeStore volumes;
  std::unique_ptr<security::SecretBox> secrets;
  MemoryLog log;
  std::unique_ptr<FakeDataPlane> data_plane;
  std::vector<IpAddress> addresses = {*IpAddress::parse("127.0.0.1"), *IpAddress::parse("192.0.2.1")};
  FakeNameResolver names;
  Settings settings;
  runtime::Gate gate;
  std::unique_ptr<Service> service;

 private:
  static std::filesystem::path make_directory() {
    const std::filesystem::path memory = "/dev/shm";
    std::error_code error;
    const bool has_memory = std::filesystem::is_directory(memory, error);
    std::string name = (has_memory ? memory : std::filesystem::temp_directory_path()) / "lunaria-service-XXXXXX";
    return mkdtemp(name.data());
  }
  template <class T>
  static runtime::Task<void> collect(Reply<T> reply, std::optional<Outcome<T>>& result) {
    Outcome<T> outcome = co_await std::move(reply);
    result.emplace(std::move(outcome));
  }
  runtime::Task<void> stop_service(std::optional<bool>& done) {
    co_await service->stop();
    done = true;
  }
};

/// The same as a fixture.
class ServiceTest : public ServiceWorld, public testing::Test {
 protected:
  void SetUp() override { start(); }

  Disk make_disk(const std::string& name, std::uint64_t size = 64 << 20) {
    CreateDisk request;
    request.name = name;
    request.size = size;
    return must(service->create_disk(op(), std::move(request)));
  }
  Target make_target(const std::string& name) {
    CreateTarget request;
    request.name = name;
    return must(service->create_target(op(), std::move(request)));
  }
};

}  // namespace lunaria::service
