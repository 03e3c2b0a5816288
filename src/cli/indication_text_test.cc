// Indications as `lunaria cim listen` prints them.

#include "cli/indication_text.h"

#include <gtest/gtest.h>

#include <memory>

namespace lunaria::cli {
namespace {

cim::InstancePtr disk(std::uint64_t size) {
  cim::InstanceBuilder builder("LUNARIA_Disk");
  builder.add("Name", cim::Value("d"), true);
  builder.add("Size", cim::Value(size));
  return std::make_shared<const cim::Instance>(builder.build());
}

cim::Instance indication(const std::string& class_name, const cim::InstancePtr& before, const cim::InstancePtr& after) {
  cim::InstanceBuilder builder(class_name);
  builder.add("IndicationTime", *cim::Value::parse(cim::Type::kDatetime, "20261127150000.000000+000"));
  builder.add("SourceInstanceModelPath", cim::Value("root/lunaria:LUNARIA_Disk.Name=\"d\""));
  builder.add("SourceInstance", cim::Value(after, cim::Type::kEmbeddedObject));
  if (before != nullptr) {
    builder.add("PreviousInstance", cim::Value(before, cim::Type::kEmbeddedObject));
  }
  return builder.build();
}

TEST(IndicationText, SaysWhatHappenedToWhat) {
  EXPECT_EQ(indication_text(indication("CIM_InstCreation", nullptr, disk(1))),
            "20261127150000.000000+000 created root/lunaria:LUNARIA_Disk.Name=\"d\"");
  EXPECT_EQ(indication_text(indication("CIM_InstDeletion", nullptr, disk(1))),
            "20261127150000.000000+000 deleted root/lunaria:LUNARIA_Disk.Name=\"d\"");
}

TEST(IndicationText, AChangeShowsWhatChanged) {
  EXPECT_EQ(indication_text(indication("CIM_InstModification", disk(1), disk(2))),
            "20261127150000.000000+000 changed root/lunaria:LUNARIA_Disk.Name=\"d\"\n    Size: 1 -> 2");
}

TEST(IndicationText, AnAlertIsItsMessage) {
  cim::InstanceBuilder builder("CIM_AlertIndication");
  builder.add("Message", cim::Value("Disk d has failed"));
  EXPECT_EQ(indication_text(builder.build()), "- CIM_AlertIndication Disk d has failed");
}

TEST(IndicationText, JsonHoldsEmbeddedInstances) {
  const Json json = indication_json(indication("CIM_InstModification", disk(1), disk(2)));
  EXPECT_EQ(json["class"], "CIM_InstModification");
  EXPECT_EQ(json["properties"]["SourceInstance"]["properties"]["Size"], 2);
  EXPECT_EQ(json["properties"]["PreviousInstance"]["properties"]["Size"], 1);
}

}  // namespace
}  // namespace lunaria::cli
