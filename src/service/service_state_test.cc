#include "runtime/event.h"
#include "service/event.h"
#include "service/world_test.h"

namespace lunaria::service {
namespace {

using namespace std::chrono_literals;

/// A service that finishes its transitions when the test lets it.
class FakeManaged final : public ManagedService {
 public:
  explicit FakeManaged(runtime::Shard& shard) : shard_(shard) {}
  runtime::Task<Outcome<void>> start() override {
    ++starts;
    co_await runtime::yield_on(shard_);
    if (hold) {
      co_await release.wait();
    }
    co_return result;
  }
  runtime::Task<Outcome<void>> stop(StopMode mode) override {
    ++stops;
    last_mode = mode;
    co_await runtime::yield_on(shard_);
    if (hold) {
      co_await release.wait();
    }
    co_return result;
  }

  int starts = 0;
  int stops = 0;
  bool hold = false;
  runtime::Event release;
  Outcome<void> result;
  StopMode last_mode = StopMode::kDisable;

 private:
  runtime::Shard& shard_;
};

constexpr ServiceKind kKind = ServiceKind::kObjectManager;

class ServiceStateTest : public ServiceTest {
 protected:
  void SetUp() override {
    managed_ = std::make_unique<FakeManaged>(shard);
    other_ = std::make_unique<FakeManaged>(shard);
    begin_life();
  }
  void TearDown() override { stop(); }
  void begin_life() {
    make();
    service->manage(kKind, *managed_);
    service->manage(ServiceKind::kReplication, *other_);
    start();
    const Subscription subscription = hear();
    must(service->start_managed_services());
  }
  /// Keeps what is told in `events_`, which begins anew.
  Subscription hear() {
    events_.clear();
    return service->subscribe([this](const Event& event) {
      if (const auto* changed = std::get_if<ServiceStateChanged>(&event)) {
        events_.push_back(*changed);
      }
    });
  }
  void begin_next_life() {
    stop();
    begin_life();
  }
  ServiceStatus status() { return must(service->service_state(viewer(), kKind)); }
  StateChangeResult request(std::uint16_t state, ServiceKind kind = kKind) {
    return must(service->request_state_change(admin(), kind, {state, false, true}));
  }

  std::unique_ptr<FakeManaged> managed_;
  std::unique_ptr<FakeManaged> other_;
  std::vector<ServiceStateChanged> events_;
};

TEST_F(ServiceStateTest, ComesUpAsItsDefaultSays) {
  EXPECT_EQ(managed_->starts, 1);
  const ServiceStatus now = status();
  EXPECT_TRUE(now.started);
  EXPECT_EQ(now.enabled_state, EnabledState::kEnabled);
  EXPECT_EQ(now.requested_state, RequestedState::kNotApplicable);
  EXPECT_FALSE(now.time_of_last_state_change);
  must(service->set_enabled_default(admin(), kKind, EnabledDefault::kDisabled));
  begin_next_life();
  EXPECT_EQ(managed_->starts, 1);
  EXPECT_FALSE(status().started);
  EXPECT_EQ(status().enabled_state, EnabledState::kDisabled);
  EXPECT_EQ(status().enabled_default, EnabledDefault::kDisabled);
  EXPECT_EQ(run(service->set_enabled_default(admin(), kKind, static_cast<EnabledDefault>(7))).error().code,
            ErrorCode::kInvalidArgument);
}

TEST_F(ServiceStateTest, StopsAndStartsAndKeepsTheRecord) {
  EXPECT_EQ(must(service->stop_service(admin(), kKind)), StateChangeCode::kDone);
  ServiceStatus stopped = status();
  EXPECT_FALSE(stopped.started);
  EXPECT_EQ(stopped.requested_state, RequestedState::kDisabled);
  EXPECT_EQ(stopped.enabled_state, EnabledState::kDisabled);
  ASSERT_TRUE(stopped.time_of_last_state_change);
  EXPECT_EQ(must(service->stop_service(admin(), kKind)), StateChangeCode::kDone) << "stopped already";
  EXPECT_EQ(managed_->stops, 1);
  EXPECT_EQ(status().time_of_last_state_change, stopped.time_of_last_state_change);
  world.run_for(5s);
  begin_next_life();
  const ServiceStatus restarted = status();
  EXPECT_TRUE(restarted.started) << "the default decides";
  EXPECT_EQ(restarted.requested_state, RequestedState::kDisabled) << "the record stays";
  EXPECT_GT(restarted.time_of_last_state_change, stopped.time_of_last_state_change);
  begin_next_life();
  EXPECT_EQ(must(service->start_service(admin(), kKind)), StateChangeCode::kDone) << "started already";
  EXPECT_EQ(status().requested_state, RequestedState::kEnabled);
}

TEST_F(ServiceStateTest, RecordsTheRequestBeforeItActs) {
  managed_->hold = true;
  std::optional<Outcome<StateChangeCode>> stopping;
  begin(service->stop_service(admin(), kKind), stopping);
  ASSERT_TRUE(world.run_until([&] { return managed_->stops == 1; }));
  EXPECT_EQ(status().requested_state, RequestedState::kDisabled);
  EXPECT_EQ(status().enabled_state, EnabledState::kShuttingDown);
  EXPECT_FALSE(status().started);
  EXPECT_FALSE(stopping);
  shard.run([&] { managed_->release.set(); });
  ASSERT_TRUE(world.run_until([&] { return stopping.has_value(); }));
  EXPECT_EQ(**stopping, StateChangeCode::kDone);
}

TEST_F(ServiceStateTest, OfTwoRequestsAtOnceTheSecondFindsItBusy) {
  managed_->hold = true;
  std::optional<Outcome<StateChangeCode>> first;
  std::optional<Outcome<StateChangeCode>> second;
  begin(service->stop_service(admin(), kKind), first);
  begin(service->stop_service(admin(), kKind), second);
  ASSERT_TRUE(world.run_until([&] { return second.has_value() && managed_->stops == 1; }));
  EXPECT_EQ(**second, StateChangeCode::kInUse);
  EXPECT_EQ(request(2).code, StateChangeCode::kBusy);
  EXPECT_EQ(request(3).code, StateChangeCode::kBusy);
  EXPECT_EQ(request(99).code, StateChangeCode::kInvalidParameter);
  EXPECT_EQ(status().requested_state, RequestedState::kDisabled);
  shard.run([&] { managed_->release.set(); });
  ASSERT_TRUE(world.run_until([&] { return first.has_value(); }));
  EXPECT_EQ(**first, StateChangeCode::kDone);
  EXPECT_EQ(managed_->stops, 1);
}

TEST_F(ServiceStateTest, HandsOutAJobWhenItTakesLong) {
  managed_->hold = true;
  const StateChangeResult result = request(3);
  EXPECT_EQ(result.code, StateChangeCode::kJobStarted);
  ASSERT_TRUE(result.job);
  Job job = must(service->get_job(viewer(), *result.job));
  EXPECT_EQ(job.state, JobState::kRunning);
  EXPECT_EQ(job.name, "Stop ObjectManager");
  EXPECT_EQ(job.owner, "tester");
  EXPECT_EQ(run(service->delete_job(op(), *result.job)).error().code, ErrorCode::kInUse);
  shard.run([&] { managed_->release.set(); });
  ASSERT_TRUE(world.run_until([&] { return is_finished(must(service->get_job(viewer(), *result.job)).state); }));
  job = must(service->get_job(viewer(), *result.job));
  EXPECT_EQ(job.state, JobState::kCompleted);
  EXPECT_EQ(job.percent_complete, 100);
  EXPECT_FALSE(job.error);
  EXPECT_EQ(status().enabled_state, EnabledState::kDisabled);
  world.run_for(kJobTimeBeforeRemoval + 1s);
  EXPECT_EQ(run(service->get_job(viewer(), *result.job)).error().code, ErrorCode::kNotFound);
  EXPECT_TRUE(must(service->list_jobs(viewer())).empty());
}

TEST_F(ServiceStateTest, JobTellsOfAFailure) {
  managed_->hold = true;
  managed_->result = fail(Error{ErrorCode::kIo, "it broke"});
  const StateChangeResult result = request(3);
  ASSERT_TRUE(result.job);
  shard.run([&] { managed_->release.set(); });
  ASSERT_TRUE(world.run_until([&] { return is_finished(must(service->get_job(viewer(), *result.job)).state); }));
  const Job job = must(service->get_job(viewer(), *result.job));
  EXPECT_EQ(job.state, JobState::kException);
  EXPECT_EQ(job.error, (Error{ErrorCode::kIo, "it broke"}));
  EXPECT_TRUE(status().started) << "it is where it was";
  EXPECT_EQ(status().requested_state, RequestedState::kDisabled) << "4096 recorded the request";
  must(service->delete_job(op(), *result.job));
  EXPECT_EQ(run(service->get_job(viewer(), *result.job)).error().code, ErrorCode::kNotFound);
}

TEST_F(ServiceStateTest, StopServiceAnswersTimeoutAndGoesOn) {
  managed_->hold = true;
  EXPECT_EQ(must(service->stop_service(admin(), kKind)), StateChangeCode::kTimeout);
  EXPECT_EQ(status().enabled_state, EnabledState::kShuttingDown);
  shard.run([&] { managed_->release.set(); });
  ASSERT_TRUE(world.run_until([&] { return status().enabled_state == EnabledState::kDisabled; }));
}

TEST_F(ServiceStateTest, AFailedTransitionLeavesStateAndRecord) {
  managed_->result = fail(Error{ErrorCode::kIo, "it broke"});
  EXPECT_EQ(request(3).code, StateChangeCode::kFailed);
  EXPECT_TRUE(status().started);
  EXPECT_EQ(status().requested_state, RequestedState::kNotApplicable);
  EXPECT_FALSE(status().time_of_last_state_change);
  EXPECT_EQ(must(service->stop_service(admin(), kKind)), StateChangeCode::kFailed);
}

TEST_F(ServiceStateTest, ShutDownOfTheObjectManagerEndsTheProcess) {
  EXPECT_EQ(request(4).code, StateChangeCode::kDone);
  EXPECT_EQ(managed_->last_mode, StopMode::kShutDown);
  EXPECT_EQ(status().enabled_state, EnabledState::kShuttingDown);
  EXPECT_EQ(status().requested_state, RequestedState::kShutDown);
  EXPECT_EQ(request(2).code, StateChangeCode::kInvalidTransition);
  EXPECT_EQ(must(service->start_service(admin(), kKind)), StateChangeCode::kFailed);
  EXPECT_EQ(request(4, ServiceKind::kReplication).code, StateChangeCode::kDone);
  EXPECT_EQ(other_->last_mode, StopMode::kDisable);
  EXPECT_EQ(request(2, ServiceKind::kReplication).code, StateChangeCode::kDone);
}

TEST_F(ServiceStateTest, AnswersTheRestOfTheTable) {
  EXPECT_EQ(request(6).code, StateChangeCode::kNotSupported);
  EXPECT_EQ(request(5).code, StateChangeCode::kInvalidParameter);
  EXPECT_EQ(must(service->request_state_change(admin(), kKind, {3, true, true})).code,
            StateChangeCode::kTimeoutNotSupported);
  EXPECT_EQ(must(service->request_state_change(admin(), kKind, {3, true, false})).code,
            StateChangeCode::kInvalidParameter);
  EXPECT_EQ(status().requested_state, RequestedState::kNotApplicable) << "none of them is a request";
  EXPECT_EQ(must(service->stop_service(admin(), ServiceKind::kIscsiConfiguration)), StateChangeCode::kNotSupported);
  EXPECT_EQ(run(service->service_state(viewer(), ServiceKind::kIscsiConfiguration)).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(must(service->list_service_states(viewer())).size(), 2U);
}

TEST_F(ServiceStateTest, IsForAdministrators) {
  EXPECT_EQ(run(service->stop_service(op(), kKind)).error().code, ErrorCode::kPermissionDenied);
  EXPECT_EQ(run(service->request_state_change(op(), kKind, {3, false, true})).error().code,
            ErrorCode::kPermissionDenied);
  EXPECT_TRUE(status().started);
}

TEST_F(ServiceStateTest, TellsOfEveryStepInEvents) {
  const Subscription subscription = hear();
  request(3);
  ASSERT_EQ(events_.size(), 2U);
  EXPECT_EQ(events_[0].before->enabled_state, EnabledState::kEnabled);
  EXPECT_EQ(events_[0].before->requested_state, RequestedState::kNotApplicable);
  EXPECT_EQ(events_[0].after->enabled_state, EnabledState::kShuttingDown);
  EXPECT_EQ(events_[0].after->requested_state, RequestedState::kDisabled);
  EXPECT_EQ(events_[1].before, events_[0].after);
  EXPECT_EQ(events_[1].after->enabled_state, EnabledState::kDisabled);
  EXPECT_TRUE(events_[1].after->time_of_last_state_change);
}

TEST_F(ServiceStateTest, TellsOfARequestThatNeedsNoTransition) {
  request(3, ServiceKind::kReplication);
  const Subscription subscription = hear();
  request(4, ServiceKind::kReplication);
  ASSERT_EQ(events_.size(), 1U);
  EXPECT_EQ(events_[0].before->requested_state, RequestedState::kDisabled);
  EXPECT_EQ(events_[0].after->requested_state, RequestedState::kShutDown);
  EXPECT_EQ(must(service->stop_service(admin(), ServiceKind::kReplication)), StateChangeCode::kDone);
  EXPECT_EQ(events_.size(), 2U);
  EXPECT_EQ(must(service->stop_service(admin(), ServiceKind::kReplication)), StateChangeCode::kDone);
  EXPECT_EQ(events_.size(), 2U) << "nothing changed";
}

TEST_F(ServiceStateTest, TellsOfARequestThatIsTakenBack) {
  managed_->result = fail(Error{ErrorCode::kIo, "it broke"});
  const Subscription subscription = hear();
  EXPECT_EQ(request(3).code, StateChangeCode::kFailed);
  ASSERT_EQ(events_.size(), 3U);
  for (std::size_t i = 1; i < events_.size(); ++i) {
    EXPECT_EQ(events_[i].before, events_[i - 1].after);
  }
  EXPECT_EQ(events_.back().after, events_.front().before);
}

TEST_F(ServiceStateTest, AStartThatLeavesAServiceAsItWasIsNoTransition) {
  begin_next_life();
  EXPECT_TRUE(events_.empty());
  must(service->stop_service(admin(), kKind));
  const ServiceStatus stopped = status();
  world.run_for(5s);
  begin_next_life();
  ASSERT_EQ(events_.size(), 1U);
  EXPECT_EQ(events_[0].before, stopped);
  EXPECT_EQ(events_[0].after, status());
  EXPECT_GT(events_[0].after->time_of_last_state_change, stopped.time_of_last_state_change);
}

TEST_F(ServiceStateTest, OnlyTheFirstStartAfterAStopTellsThatItRunsAgain) {
  must(service->stop_service(admin(), kKind));
  begin_next_life();
  EXPECT_EQ(events_.size(), 1U);
  const ServiceStatus running = status();
  world.run_for(5s);
  begin_next_life();
  EXPECT_TRUE(events_.empty()) << "it ran when the last run ended";
  EXPECT_EQ(status(), running);
}

TEST_F(ServiceStateTest, OnlyTheFirstStartByADefaultOfDisabledTellsThatItIsStopped) {
  must(service->stop_service(admin(), kKind));
  must(service->start_service(admin(), kKind));
  must(service->set_enabled_default(admin(), kKind, EnabledDefault::kDisabled));
  begin_next_life();
  ASSERT_EQ(events_.size(), 1U);
  EXPECT_TRUE(events_[0].before->started);
  EXPECT_FALSE(events_[0].after->started);
  const ServiceStatus stopped = status();
  EXPECT_EQ(stopped.requested_state, RequestedState::kEnabled);
  world.run_for(5s);
  begin_next_life();
  EXPECT_TRUE(events_.empty()) << "it was stopped when the last run ended";
  EXPECT_EQ(status(), stopped);
}

TEST_F(ServiceStateTest, AFailedTransitionIsNoChangeToTheNextStart) {
  managed_->hold = true;
  managed_->result = fail(Error{ErrorCode::kIo, "it broke"});
  ASSERT_TRUE(request(3).job);
  shard.run([&] { managed_->release.set(); });
  ASSERT_TRUE(world.run_until([&] { return status().started; }));
  managed_->hold = false;
  managed_->result = {};
  begin_next_life();
  EXPECT_TRUE(events_.empty());
  EXPECT_FALSE(status().time_of_last_state_change);
}

TEST_F(ServiceStateTest, AJobThatTheDaemonDidNotFinishEndsInException) {
  managed_->hold = true;
  const StateChangeResult result = request(3);
  ASSERT_TRUE(result.job);
  // What a crash leaves: a copy of the catalogue as it is now.
  const std::string database = state_directory() + "/catalogue.db";
  for (const char* suffix : {"", "-wal"}) {
    std::filesystem::copy_file(database + suffix, database + ".crash" + suffix);
  }
  shard.run([&] { managed_->release.set(); });
  stop();
  for (const char* suffix : {"", "-wal"}) {
    std::filesystem::rename(database + ".crash" + suffix, database + suffix);
  }
  managed_->hold = false;
  begin_life();
  const Job job = must(service->get_job(viewer(), *result.job));
  EXPECT_EQ(job.state, JobState::kException);
  EXPECT_TRUE(job.error);
  EXPECT_EQ(status().requested_state, RequestedState::kDisabled);
  EXPECT_TRUE(status().started);
  ASSERT_EQ(events_.size(), 1U);
  EXPECT_EQ(events_[0].before->enabled_state, EnabledState::kShuttingDown) << "that was told last";
  EXPECT_EQ(events_[0].after, status());
}

TEST(ServiceKinds, HaveNamesThatLeadBack) {
  for (const ServiceKind kind : kServiceKinds) {
    EXPECT_EQ(parse_service_kind(to_string(kind)), kind);
  }
  EXPECT_FALSE(parse_service_kind("objectmanager"));
}

}  // namespace
}  // namespace lunaria::service
