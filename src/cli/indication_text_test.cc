// Indications as `lunaria cim listen` prints them.

#include "cli/indication_text.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

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

cim::Instance method_call(bool is_before, const std::string& failure = {}) {
  cim::InstanceBuilder part("LUNARIA_Part");
  part.add("Name", cim::Value("p"));
  cim::InstanceBuilder parameters("__MethodParameters");
  parameters.add("Size", cim::Value(std::uint64_t{2}));
  parameters.add("Note", cim::Value("a \"b\""));
  parameters.add("Part", cim::Value(part.build()));
  parameters.add("Parts", cim::Value::array(cim::Type::kEmbeddedInstance, {}));
  cim::InstanceBuilder builder("CIM_InstMethodCall");
  builder.add("SourceInstanceModelPath", cim::Value("root/lunaria:LUNARIA_Disk.Name=\"d\""));
  builder.add("MethodName", cim::Value("Resize"));
  builder.add("MethodParameters",
              cim::Value(std::make_shared<const cim::Instance>(parameters.build()), cim::Type::kEmbeddedObject));
  builder.add("PreCall", cim::Value(is_before));
  if (!is_before && failure.empty()) {
    builder.add("ReturnValue", cim::Value("0"));
  }
  if (!failure.empty()) {
    cim::InstanceBuilder error("CIM_Error");
    error.add("Message", cim::Value(failure));
    builder.add("Error", cim::Value::array(cim::Type::kEmbeddedInstance, {cim::Value(error.build())}));
  }
  return builder.build();
}

TEST(IndicationText, AMethodCallShowsItsParametersAndHowItEnded) {
  const std::string call =
      "root/lunaria:LUNARIA_Disk.Name=\"d\" Resize(Size=2, Note=\"a \\\"b\\\"\", Part=instance of LUNARIA_Part, "
      "Parts={0 instances})";
  EXPECT_EQ(indication_text(method_call(true)), "- calling " + call);
  EXPECT_EQ(indication_text(method_call(false)), "- called " + call + " = 0");
  EXPECT_EQ(indication_text(method_call(false, "it is too small")), "- failed " + call + ": it is too small");
}

TEST(IndicationText, ANamespaceIsNamed) {
  cim::InstanceBuilder builder("CIM_InstCreation");
  builder.add("SourceInstanceModelPath",
              cim::Value("root/interop:MSFTSM_Namespace.CreationClassName=\"MSFTSM_Namespace\",Name=\"root/new\""));
  EXPECT_EQ(indication_text(builder.build()), "- created namespace root/new (root/interop:MSFTSM_Namespace)");
  cim::InstanceBuilder older("CIM_InstDeletion");
  older.add("SourceInstanceModelPath", cim::Value("root/a:__Namespace.Name=\"b/c\""));
  EXPECT_EQ(indication_text(older.build()), "- deleted namespace root/a/b/c (root/a:__Namespace)");
}

TEST(IndicationText, JsonHoldsEmbeddedInstances) {
  const Json json = indication_json(indication("CIM_InstModification", disk(1), disk(2)));
  EXPECT_EQ(json["class"], "CIM_InstModification");
  EXPECT_EQ(json["properties"]["SourceInstance"]["properties"]["Size"], 2);
  EXPECT_EQ(json["properties"]["PreviousInstance"]["properties"]["Size"], 1);
}

}  // namespace
}  // namespace lunaria::cli
