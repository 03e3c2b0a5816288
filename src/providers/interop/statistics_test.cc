// Statistics of the object manager as clients see and control them.

#include "cim/datetime.h"
#include "cim/operation_meter.h"
#include "providers/testing/bed.h"

namespace lunaria::providers {
namespace {

using namespace testing;  // NOLINT(google-build-using-namespace): the bed's vocabulary
using cim::CountedOperation;
using cim::Status;
using cim::Value;

namespace names = schema::cim_cimom_statistical_data;
namespace manager_names = schema::msftsm_object_manager;

class StatisticsTest : public Bed {
 protected:
  cim::ObjectPath manager_path() { return only(kInterop, manager_names::kClass); }
  void gather(bool wanted) {
    const auto done = modify(manager_path(), {{manager_names::kGatherStatisticalData, Value(wanted)}});
    ASSERT_TRUE(done) << done.error().to_string();
  }
  cim::ObjectPath path_of(std::string_view operation) {
    const service::Server server = must(service->server(viewer()));
    return {
        kInterop,
        std::string(names::kClass),
        {{std::string(names::kInstanceID), Value("CIM:" + server.guid.to_string() + ':' + std::string(operation))}}};
  }
  /// As if the front end had carried out a GetInstance that took 6 microseconds.
  void count_one() {
    cim::OperationMeter meter(world.clock());
    meter.request_bytes = 100;
    meter.response_bytes = 300;
    world.run_for(std::chrono::microseconds(6));
    statistics.count(CountedOperation::kGetInstance, meter);
  }
  static Values selected(std::vector<std::string> properties) {
    return {{names::reset_selected_stats::kSelectedStatistics, Value::array_of(properties)}};
  }
};

TEST_F(StatisticsTest, AreGatheredWhenTheObjectManagerIsToldTo) {
  EXPECT_EQ(flag_of(*get(manager_path()), manager_names::kGatherStatisticalData), false);
  count_one();
  EXPECT_EQ(number_of(*get(path_of("GetInstance")), names::kNumberOfOperations), 0U);
  EXPECT_TRUE(value_of(*get(path_of("GetInstance")), names::kStartStatisticTime).is_null());

  gather(true);
  EXPECT_EQ(flag_of(*get(manager_path()), manager_names::kGatherStatisticalData), true);
  count_one();
  const auto shown = get(path_of("GetInstance"));
  ASSERT_TRUE(shown);
  EXPECT_EQ(number_of(*shown, names::kOperationType), 4U);
  EXPECT_TRUE(value_of(*shown, names::kOtherOperationType).is_null());
  EXPECT_EQ(number_of(*shown, names::kNumberOfOperations), 1U);
  EXPECT_EQ(number_of(*shown, names::kRequestSize), 100U);
  EXPECT_EQ(number_of(*shown, names::kResponseSize), 300U);
  EXPECT_EQ(value_of(*shown, names::kCimomElapsedTime), Value(cim::DateTime::interval(std::chrono::microseconds(6))));
  EXPECT_FALSE(value_of(*shown, names::kStartStatisticTime).is_null());

  gather(false);
  count_one();
  EXPECT_EQ(number_of(*get(path_of("GetInstance")), names::kNumberOfOperations), 1U);
}

TEST_F(StatisticsTest, AreGatheredAgainAfterARestart) {
  gather(true);
  end_life();
  begin_life();
  EXPECT_EQ(flag_of(*get(manager_path()), manager_names::kGatherStatisticalData), true);
  count_one();
  EXPECT_EQ(number_of(*get(path_of("GetInstance")), names::kNumberOfOperations), 1U);
}

TEST_F(StatisticsTest, AreForAdministratorsToTurnOn) {
  context.role = cim::Role::kOperator;
  EXPECT_EQ(status_of(modify(manager_path(), {{manager_names::kGatherStatisticalData, Value(true)}})),
            Status::kAccessDenied);
  context.role = cim::Role::kAdministrator;
  EXPECT_EQ(
      status_of(modify(manager_path(), {{manager_names::kGatherStatisticalData, Value::null(cim::Type::kBoolean)}})),
      Status::kInvalidParameter);
}

TEST_F(StatisticsTest, HaveOneInstanceForEveryOperationThatLeadsToTheObjectManager) {
  const auto all = list(kInterop, names::kClass);
  EXPECT_EQ(all.size(), cim::kCountedOperations);
  for (const cim::Instance& each : all) {
    const bool is_other = number_of(each, names::kOperationType) == 1;
    EXPECT_EQ(value_of(each, names::kOtherOperationType).is_null(), !is_other) << text_of(each, names::kElementName);
  }
  EXPECT_EQ(number_of(*get(path_of("EnumerateQualifiers")), names::kOperationType), 25U);
  EXPECT_EQ(text_of(*get(path_of("PullInstancePaths")), names::kOtherOperationType), "PullInstancePaths");
  const auto links = list(kInterop, schema::cim_element_statistical_data::kClass);
  ASSERT_EQ(links.size(), all.size());
  for (const cim::Instance& link : links) {
    EXPECT_EQ(*value_of(link, "ManagedElement").as_reference(), manager_path());
    EXPECT_TRUE(get(*value_of(link, "Stats").as_reference()));
  }
}

TEST_F(StatisticsTest, AreResetOneByOneOrAllTogether) {
  gather(true);
  count_one();
  const cim::ObjectPath path = path_of("GetInstance");
  EXPECT_EQ(code(path, names::reset_selected_stats::kMethod, selected({"requestsize"})), 0U);
  EXPECT_EQ(number_of(*get(path), names::kRequestSize), 0U);
  EXPECT_EQ(number_of(*get(path), names::kResponseSize), 300U);
  EXPECT_EQ(status_of(invoke(path, names::reset_selected_stats::kMethod, selected({"ResponseSize", "Nonsense"}))),
            Status::kInvalidParameter);
  EXPECT_EQ(number_of(*get(path), names::kResponseSize), 300U) << "nothing of a wrong list is reset";
  const Value since = value_of(*get(path), names::kStartStatisticTime);
  EXPECT_EQ(code(path, names::reset_selected_stats::kMethod, selected({"All"})), 0U);
  EXPECT_EQ(number_of(*get(path), names::kNumberOfOperations), 0U);
  EXPECT_EQ(number_of(*get(path), names::kResponseSize), 0U);
  EXPECT_NE(value_of(*get(path), names::kStartStatisticTime), since);
  EXPECT_EQ(status_of(invoke({kInterop, std::string(names::kClass)}, names::reset_selected_stats::kMethod)),
            Status::kMethodNotAvailable);
  EXPECT_EQ(status_of(get(path_of("GetNothing"))), Status::kNotFound);
}

}  // namespace
}  // namespace lunaria::providers
