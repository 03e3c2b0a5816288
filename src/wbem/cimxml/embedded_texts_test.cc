#include "wbem/cimxml/embedded_texts.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "wbem/cimxml/limits.h"
#include "wbem/cimxml/request_parts_for_test.h"
#include "wbem/cimxml/xml_text.h"

namespace lunaria::wbem::cimxml {
namespace {

std::string escaped(std::string_view text) {
  std::string out;
  append_escaped(out, text);
  return out;
}

/// An INSTANCE of T_Part around parts of the same kind, each as the plain text of the one around it.
std::string part(std::size_t depth) {
  const std::string name = property("Name", "string", "part " + std::to_string(depth));
  const std::string next = depth == 0 ? "" : property("Next", "string", escaped(part(depth - 1)));
  return "<INSTANCE CLASSNAME=\"T_Part\">" + name + next + "</INSTANCE>";
}

class EmbeddedTextsOfClients : public CimXmlBadRequest {
 protected:
  static std::string new_disk(std::string_view part) {
    return new_instance(property("System", "string", "h") + property("Id", "uint32", "2") +
                        property("Part", "string", escaped(part)));
  }
  HttpReply call(const std::string& name, std::string_view parameters) {
    return exchange(http_post({.method = name}, intrinsic_call(name, parameters)));
  }
  /// The names of the parts that the last disk holds, from the outside to the inside.
  std::string held() {
    std::string names;
    const cim::Value* value = provider.instances().back().find("Part");
    while (value != nullptr && value->as_instance()) {
      const cim::InstancePtr instance = value->as_instance();
      names += std::string(instance->find("Name")->string_or_empty()) + ';';
      value = instance->find("Next");
    }
    return names;
  }
};

TEST_F(EmbeddedTextsOfClients, AreTakenForWhatTheClassDeclares) {
  EXPECT_EQ(call("CreateInstance", new_disk("<?xml version=\"1.0\"?>\n" + part(0))).cim_code(), "");
  EXPECT_EQ(held(), "part 0;");
  const std::string last = instance_name(key("System", "h") + key("Id", "2", "numeric"));
  EXPECT_EQ(call("ModifyInstance", modified(property("Part", "string", escaped(part(2))), last)).cim_code(), "");
  EXPECT_EQ(held(), "part 2;part 1;part 0;");
  EXPECT_EQ(call("SetProperty", parameter("InstanceName", last) + parameter("PropertyName", "<VALUE>Part</VALUE>") +
                                    parameter("NewValue", "<VALUE>" + escaped(part(1)) + "</VALUE>"))
                .cim_code(),
            "");
  EXPECT_EQ(held(), "part 1;part 0;");
  const std::string resize = cim_message(
      "<METHODCALL NAME=\"Resize\"><LOCALINSTANCEPATH>" + std::string(kTestSpace) + kDisk +
      "</LOCALINSTANCEPATH><PARAMVALUE NAME=\"Size\"><VALUE>1</VALUE></PARAMVALUE><PARAMVALUE NAME=\"Part\" "
      "PARAMTYPE=\"string\"><VALUE>" +
      escaped(part(0)) + "</VALUE></PARAMVALUE></METHODCALL>");
  EXPECT_EQ(
      exchange(http_post({.method = "Resize", .object = "root/test:T_Disk.System=\"h\",Id=1"}, resize)).cim_code(), "");
  ASSERT_EQ(provider.invocations().size(), 1U);
  EXPECT_TRUE(provider.invocations().front().in.find("Part")->as_instance());
}

TEST_F(EmbeddedTextsOfClients, StayStringsWhereTheyAreNothingElse) {
  struct Row {
    const char* name;
    std::string text;
    const char* code;
  };
  const Row rows[] = {
      {"no XML", "x", "13"},
      {"nothing", "", "13"},
      {"half an instance", part(0).substr(0, 40), "13"},
      {"two instances", part(0) + part(0), "13"},
      {"another element", "<CIM/>", "13"},
      {"a class", "<CLASS NAME=\"T_Part\"/>", "13"},
      {"an instance of no class", "<INSTANCE/>", "13"},
      {"an entity bomb", "<!DOCTYPE a [<!ENTITY b \"c\">]><INSTANCE CLASSNAME=\"T_Part\">&b;</INSTANCE>", "13"},
      {"elements without end", repeated("<INSTANCE CLASSNAME=\"T_Part\">", 10'000), "13"},
      {"a property that stands twice",
       "<INSTANCE CLASSNAME=\"T_Part\">" + repeated(property("Name", "string", "x"), 2) + "</INSTANCE>", "13"},
      {"a value of no type", "<INSTANCE CLASSNAME=\"T_Part\">" + property("Name", "uint8", "256") + "</INSTANCE>",
       "13"},
      {"too many in one another", part(limits::kEmbeddingMax), "13"},
      {"what is checked as ever: class", "<INSTANCE CLASSNAME=\"T_Lonely\"/>", "13"},
      {"what is checked as ever: class that is not there", "<INSTANCE CLASSNAME=\"T_None\"/>", "4"},
      {"what is checked as ever: property",
       "<INSTANCE CLASSNAME=\"T_Part\">" + property("Nothing", "string", "x") + "</INSTANCE>", "12"},
      {"what is checked as ever: type",
       "<INSTANCE CLASSNAME=\"T_Part\">" + property("Name", "uint8", "1") + "</INSTANCE>", "13"},
  };
  for (const Row& row : rows) {
    expect_code(row.name, {.method = "CreateInstance"}, intrinsic_call("CreateInstance", new_disk(row.text)), row.code);
  }
  EXPECT_EQ(call("CreateInstance", new_disk(part(limits::kEmbeddingMax - 1))).cim_code(), "");
  EXPECT_EQ(call("SetProperty", parameter("InstanceName", kDisk) + parameter("PropertyName", "<VALUE>Part</VALUE>") +
                                    parameter("NewValue", "<VALUE>x</VALUE>"))
                .cim_code(),
            "13");
}

TEST_F(EmbeddedTextsOfClients, AreReadInArraysAllOrNone) {
  const EmbeddedTexts texts(repository, space);
  const cim::Value good(part(0));
  const cim::Value null = cim::Value::null(cim::Type::kString);
  const auto both = texts.read(cim::Type::kEmbeddedInstance, cim::Value::array(cim::Type::kString, {good, null}));
  ASSERT_TRUE(both);
  EXPECT_EQ(both->type(), cim::Type::kEmbeddedInstance);
  EXPECT_TRUE(both->elements()[0].as_instance());
  EXPECT_TRUE(both->elements()[1].is_null());
  EXPECT_FALSE(
      texts.read(cim::Type::kEmbeddedInstance, cim::Value::array(cim::Type::kString, {good, cim::Value("x")})));
  EXPECT_FALSE(texts.read(cim::Type::kEmbeddedInstance, cim::Value::array(cim::Type::kString, {})));
  EXPECT_FALSE(texts.read(cim::Type::kString, good));
  const auto cls = texts.read(cim::Type::kEmbeddedObject, cim::Value("<CLASS NAME=\"T_Other\"/>"));
  EXPECT_TRUE(cls && cls->as_class());

  cim::InstanceBuilder builder("T_Part");
  builder.add("Next", good);
  const cim::Instance holder = builder.build();
  for (const cim::Type type : {cim::Type::kEmbeddedInstance, cim::Type::kEmbeddedObject}) {
    const auto holders = cim::Value::array(
        type, {cim::Value(std::make_shared<const cim::Instance>(holder), type), cim::Value::null(type)});
    const auto read = texts.read(cim::Type::kEmbeddedObject, holders);
    ASSERT_TRUE(read) << "text inside an object that came as one";
    EXPECT_TRUE(read->elements()[0].as_instance()->find("Next")->as_instance());
    EXPECT_FALSE(texts.read(cim::Type::kEmbeddedObject, *read)) << "nothing is left to do";
  }
}

}  // namespace
}  // namespace lunaria::wbem::cimxml
