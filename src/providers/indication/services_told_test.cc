// Services as subscribers hear of them: names, requests and transitions.

#include "providers/testing/indication_bed.h"

namespace lunaria::providers {
namespace {

using namespace testing;  // NOLINT(google-build-using-namespace): the bed's vocabulary
using cim::Value;
namespace names = schema::cim_service;

class ServicesToldTest : public IndicationServiceTest {
 protected:
  /// A property before and after, of each InstModification that was told.
  std::vector<std::pair<cim::Value, cim::Value>> changes_of(std::string_view property) {
    std::vector<std::pair<cim::Value, cim::Value>> changes;
    for (const cim::Instance& each : exporter.encoded) {
      changes.emplace_back(value_of(*value_of(each, "PreviousInstance").as_instance(), property),
                           value_of(*value_of(each, "SourceInstance").as_instance(), property));
    }
    return changes;
  }
};

TEST_F(ServicesToldTest, AllOfThemAreNamedAfterTheServer) {
  listen("SELECT * FROM CIM_InstModification WHERE SourceInstance ISA CIM_Service", {}, kStorage.text());
  ASSERT_TRUE(modify(only(kWmi, "WT_General"), {{schema::wt_general::kName, Value("gamma")}}));
  settle();
  const auto changes = changes_of(names::kElementName);
  ASSERT_EQ(changes.size(), kStorageServiceCount + 1U) << "and the object manager";
  for (const auto& [before, after] : changes) {
    EXPECT_FALSE(before.string_or_empty().ends_with(" of gamma"));
    EXPECT_TRUE(after.string_or_empty().ends_with(" of gamma")) << after.string_or_empty();
  }
}

TEST_F(ServicesToldTest, ARequestIsToldWithWhatWasRequestedBefore) {
  listen(
      "SELECT * FROM CIM_InstModification WHERE SourceInstance ISA CIM_Service AND "
      "SourceInstance.CIM_Service::RequestedState <> PreviousInstance.CIM_Service::RequestedState",
      {}, kStorage.text());
  const cim::ObjectPath path = only(kStorage, "MSISCSITARGET_ReplicationService");
  namespace change = names::request_state_change;
  EXPECT_EQ(code(path, names::stop_service::kMethod), 0U);
  EXPECT_EQ(code(path, change::kMethod, {{change::kRequestedState, Value(std::uint16_t{4})}}), 0U);
  EXPECT_EQ(code(path, names::start_service::kMethod), 0U);
  settle();
  std::vector<std::pair<std::uint64_t, std::uint64_t>> told;
  for (const auto& [before, after] : changes_of(names::kRequestedState)) {
    told.emplace_back(before.as_unsigned().value_or(0), after.as_unsigned().value_or(0));
  }
  EXPECT_EQ(told, (std::vector<std::pair<std::uint64_t, std::uint64_t>>{{5, 3}, {3, 4}, {4, 2}}));
}

TEST_F(ServicesToldTest, TheEndOfATransitionIsToldWithItsTime) {
  listen(
      "SELECT * FROM CIM_InstModification WHERE SourceInstance ISA CIM_Service AND "
      "PreviousInstance.CIM_Service::TimeOfLastStateChange IS NULL AND "
      "SourceInstance.CIM_Service::TimeOfLastStateChange IS NOT NULL",
      {}, kStorage.text());
  EXPECT_EQ(code(only(kStorage, "MSISCSITARGET_ReplicationService"), names::stop_service::kMethod), 0U);
  settle();
  const auto states = changes_of(names::kEnabledState);
  ASSERT_EQ(states.size(), 1U);
  EXPECT_EQ(states[0].first.as_unsigned(), 4U) << "shutting down";
  EXPECT_EQ(states[0].second.as_unsigned(), 3U);
}

TEST_F(ServicesToldTest, TheWbemServerIsToldOfWithTheObjectManager) {
  listen("SELECT * FROM CIM_InstModification WHERE SourceInstance ISA CIM_WBEMServer", {}, kInterop.text());
  service::SetServer renamed;
  renamed.name = "gamma";
  must(service->set_server(admin(), renamed));
  settle();
  const auto changes = changes_of(names::kElementName);
  ASSERT_EQ(changes.size(), 1U);
  EXPECT_EQ(changes[0].second.string_or_empty(), "Lunaria WBEM server of gamma");
}

}  // namespace
}  // namespace lunaria::providers
