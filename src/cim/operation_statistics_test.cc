// What operations are said to cost: the time of providers apart from that of everything around them.

#include "cim/operation_statistics.h"

#include <chrono>
#include <optional>
#include <string>
#include <utility>

#include "cim/enumeration_world_for_test.h"
#include "cim/object_manager.h"
#include "cim/open_enumerations.h"
#include "cim/operation_meter.h"

namespace lunaria::cim {
namespace {

using namespace std::chrono_literals;

/// Time passes when the test says so.
class HandClock final : public runtime::Clock {
 public:
  runtime::Instant now() const override { return now_; }
  runtime::WallTime wall_time() const override { return runtime::WallTime(5s); }
  void pass(runtime::Duration duration) { now_ += duration; }

 private:
  runtime::Instant now_{1s};
};

/// Takes 3 ms for every instance, 7 ms for one that is asked for.
class SlowProvider final : public Provider {
 public:
  explicit SlowProvider(HandClock& clock) : clock_(clock) {}
  runtime::Task<Result<void, Error>> enumerate_instances(ProviderCall call, InstanceSink& sink) override {
    for (std::uint32_t id = 0; id < 4 && name_equal(call.cls->name(), "A_Disk"); ++id) {
      clock_.pass(3ms);
      Instance instance(call.cls);
      EXPECT_TRUE(instance.set("Id", Value(id)));
      const bool go_on = co_await sink.put(std::move(instance));
      if (!go_on) {
        break;
      }
    }
    co_return Result<void, Error>();
  }
  runtime::Task<Result<Instance, Error>> get_instance(ProviderCall call, const ObjectPath& path) override {
    clock_.pass(7ms);
    Instance instance(call.cls);
    EXPECT_TRUE(instance.set("Id", *path.key("Id")));
    co_return instance;
  }

 private:
  HandClock& clock_;
};

/// Takes 5 ms for every instance, and 20 ms more after the second.
class SlowSink final : public InstanceSink {
 public:
  explicit SlowSink(HandClock& clock) : clock_(clock) {}
  Delivery deliver(Instance&& /*instance*/) override {
    clock_.pass(5ms);
    return ++count_ == 2 ? Delivery::kWait : Delivery::kGoOn;
  }
  runtime::Task<bool> ready() override {
    clock_.pass(20ms);
    co_return true;
  }

 private:
  HandClock& clock_;
  int count_ = 0;
};

class OperationCost : public EnumerationWorld {
 protected:
  OperationCost() { slow_providers.add(space, "A_Disk", slow); }
  ~OperationCost() override { finish(enumerations.close_all()); }

  HandClock clock;
  SlowProvider slow{clock};
  ProviderTable slow_providers;
  Enumerator slow_enumerator{repository, slow_providers};
  OpenEnumerations enumerations{shard, slow_enumerator, {.open_max = 6, .open_per_principal_max = 4}};
  AdmissionControl admission{{}, {}};
  ObjectManager manager{repository,
                        slow_providers,
                        admission,
                        [](const OperationContext&, const OperationRequest&) { return Result<void, Error>(); },
                        {}};
};

TEST_F(OperationCost, OfAnEnumerationIsThatOfTheProviderWithoutItsReceiver) {
  OperationMeter meter(clock);
  context.meter = &meter;
  clock.pass(1ms);
  SlowSink sink(clock);
  ASSERT_TRUE(finish(manager.enumerate_instances(context, space, "A_Disk", {}, sink)));
  EXPECT_EQ(meter.in_providers(), 12ms);
  EXPECT_EQ(meter.elapsed(), 1ms + 12ms + 4 * 5ms + 20ms);
}

TEST_F(OperationCost, OfOneInstance) {
  OperationMeter meter(clock);
  context.meter = &meter;
  ASSERT_TRUE(finish(manager.get_instance(context, path("root/test:A_Disk.Id=1"), {})));
  EXPECT_EQ(meter.in_providers(), 7ms);
}

TEST_F(OperationCost, OfAPullIsWhatPassedWhileItWaited) {
  OperationMeter first(clock);
  context.meter = &first;
  CollectingSink sink;
  const auto opened = finish(enumerations.open(
      context, {.kind = EnumerationRequest::Kind::kInstances, .name_space = space, .class_name = "A_Disk"},
      {.object_count_max = 2}, sink));
  ASSERT_TRUE(opened);
  EXPECT_EQ(first.in_providers(), 9ms) << "the third was made to see that there is one";
  clock.pass(1h);
  OperationMeter second(clock);
  context.meter = &second;
  SlowSink slow_sink(clock);
  ASSERT_TRUE(
      finish(enumerations.pull(context, space, PullContent::kInstancesWithPath, opened->context, 9, slow_sink)));
  EXPECT_EQ(first.in_providers(), 9ms);
  EXPECT_EQ(second.in_providers(), 3ms);
}

TEST_F(OperationCost, OfAnEnumerationThatWasOpenedUncountedIsCountedFromThenOn) {
  CollectingSink sink;
  const auto opened = finish(enumerations.open(
      context, {.kind = EnumerationRequest::Kind::kInstances, .name_space = space, .class_name = "A_Disk"},
      {.object_count_max = 1}, sink));
  ASSERT_TRUE(opened);
  OperationMeter meter(clock);
  context.meter = &meter;
  ASSERT_TRUE(finish(enumerations.pull(context, space, PullContent::kInstancesWithPath, opened->context, 9, sink)));
  EXPECT_EQ(meter.in_providers(), 6ms);
}

TEST(OperationStatistics, CountWhileTheyAreTurnedOn) {
  HandClock clock;
  OperationStatistics statistics;
  OperationMeter meter(clock);
  meter.request_bytes = 10;
  meter.response_bytes = 20;
  meter.enter_provider();
  clock.pass(3us);
  meter.leave_provider();
  clock.pass(4us);
  statistics.count(CountedOperation::kGetInstance, meter);
  EXPECT_EQ(statistics.of(CountedOperation::kGetInstance).count, 0U);
  EXPECT_EQ(statistics.since(CountedOperation::kGetInstance), std::nullopt);

  statistics.set_gathering(true, clock.wall_time());
  statistics.count(CountedOperation::kGetInstance, meter);
  statistics.count(CountedOperation::kGetInstance, meter);
  const OperationTotals& totals = statistics.of(CountedOperation::kGetInstance);
  EXPECT_EQ(totals.count, 2U);
  EXPECT_EQ(totals.in_providers, 6us);
  EXPECT_EQ(totals.in_manager, 8us);
  EXPECT_EQ(totals.request_bytes, 20U);
  EXPECT_EQ(totals.response_bytes, 40U);
  EXPECT_EQ(statistics.of(CountedOperation::kGetClass).count, 0U);

  statistics.set_gathering(true, clock.wall_time() + 1h);
  EXPECT_EQ(totals.count, 2U) << "it was on";
  statistics.set_gathering(false, clock.wall_time() + 2h);
  statistics.count(CountedOperation::kGetInstance, meter);
  EXPECT_EQ(totals.count, 2U) << "what was counted stays to be read";
  EXPECT_EQ(statistics.since(CountedOperation::kGetInstance), clock.wall_time());
  statistics.set_gathering(true, clock.wall_time() + 3h);
  EXPECT_EQ(totals.count, 0U);
  EXPECT_EQ(statistics.since(CountedOperation::kGetInstance), clock.wall_time() + 3h);
}

}  // namespace
}  // namespace lunaria::cim
