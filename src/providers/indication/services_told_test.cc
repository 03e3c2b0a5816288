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

}  // namespace
}  // namespace lunaria::providers
