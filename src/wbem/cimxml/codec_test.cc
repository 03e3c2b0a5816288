#include <gtest/gtest.h>

#include "wbem/cimxml/decode_request.h"
#include "wbem/cimxml/decode_value.h"
#include "wbem/cimxml/encode.h"
#include "wbem/cimxml/limits.h"
#include "wbem/cimxml/xml_document.h"

namespace lunaria::wbem::cimxml {
namespace {

const cim::NamespaceName kWmi("root/wmi");

RequestMessage decode(const std::string& text) {
  const auto document = XmlDocument::parse(text);
  EXPECT_TRUE(document) << document.error().message;
  auto request = decode_request(document->root());
  EXPECT_TRUE(request) << request.error().message;
  return *std::move(request);
}

cim::ObjectPath disk_path() {
  return {kWmi, "WT_Disk", {cim::KeyBinding{"WTD", cim::Value(std::uint32_t{7})}}};
}

TEST(XmlDocument, RefusesEntitiesDepthAndGarbage) {
  EXPECT_FALSE(XmlDocument::parse("<!DOCTYPE a [<!ENTITY x \"y\">]><a>&x;</a>"));
  EXPECT_TRUE(XmlDocument::parse("<!DOCTYPE CIM SYSTEM \"cim.dtd\"><a/>"));
  EXPECT_FALSE(XmlDocument::parse("<a>&undefined;</a>"));
  EXPECT_FALSE(XmlDocument::parse(""));
  EXPECT_FALSE(XmlDocument::parse("<a>"));
  EXPECT_FALSE(XmlDocument::parse("<a/><b/>"));
  std::string deep;
  for (std::size_t i = 0; i <= limits::kDepthMax; ++i) {
    deep += "<a>";
  }
  const auto refused = XmlDocument::parse(deep);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, XmlError::Kind::kLimit);
}

// Quadratic work would take hours here.
TEST(XmlDocument, ReadsLongTokensInSmallPiecesInLinearTime) {
  constexpr std::size_t kLong = std::size_t{4} << 20;
  const std::string filling(kLong, 'x');
  for (const auto& [before, behind] :
       {std::pair{"<CIM A='", "'/>"}, std::pair{"<CIM><!--", "--></CIM>"}, std::pair{"<?p ", "?><CIM/>"},
        std::pair{"<!DOCTYPE CIM SYSTEM '", "'><CIM/>"}, std::pair{"<CIM>", "</CIM>"}}) {
    const std::string text = before + filling + behind;
    XmlParser parser;
    for (std::size_t i = 0; i < text.size(); i += 7) {
      ASSERT_TRUE(parser.feed(std::string_view(text).substr(i, 7))) << before;
    }
    const auto document = parser.finish();
    ASSERT_TRUE(document) << before << document.error().message;
    EXPECT_EQ(document->root().name, "CIM");
  }
  const auto whole = XmlDocument::parse("<CIM A='" + filling + "'/>");
  ASSERT_TRUE(whole);
  EXPECT_EQ(whole->root().attribute("A")->size(), kLong);
}

TEST(XmlDocument, ReadsTheSameHoweverTheBytesArrive) {
  const std::string text = "<?xml version=\"1.0\"?><!-- c --><CIM A=\"1\"><B>a&lt;b</B><C D='2'/><!-- d --></CIM>\n";
  for (std::size_t size = 1; size <= text.size(); ++size) {
    XmlParser parser;
    for (std::size_t i = 0; i < text.size(); i += size) {
      ASSERT_TRUE(parser.feed(std::string_view(text).substr(i, size)));
    }
    const auto document = parser.finish();
    ASSERT_TRUE(document) << size;
    EXPECT_EQ(document->root().child("B")->text, "a<b") << size;
    EXPECT_EQ(document->root().child("C")->attribute("D"), "2") << size;
  }
}

TEST(XmlParserHolds, TheTreeAndWhatHasNoEndYet) {
  XmlParser tree;
  ASSERT_TRUE(tree.feed("<A>"));
  const std::size_t small = tree.held_bytes();
  std::string elements;
  for (int i = 0; i < 10'000; ++i) {
    elements += "<B/>";
  }
  ASSERT_TRUE(tree.feed(elements));
  EXPECT_GT(tree.held_bytes(), small + 10'000 * sizeof(XmlElement));

  XmlParser attribute;
  ASSERT_TRUE(attribute.feed("<A B=\""));
  for (int i = 0; i < 1000; ++i) {
    ASSERT_TRUE(attribute.feed(std::string(1000, 'x')));
  }
  EXPECT_GT(attribute.held_bytes(), 1'000'000U);

  XmlParser text;
  ASSERT_TRUE(text.feed("<A>"));
  ASSERT_TRUE(text.feed(std::string(1'000'000, 'x')));
  EXPECT_GT(text.held_bytes(), 1'000'000U);
}

TEST(Codec, RoundTripsGetInstance) {
  const GetInstance call{disk_path(), {false, cim::PropertyList({"Size", "Status"})}, {true, false}};
  const RequestMessage request = decode(encode_request(call, kWmi, "42"));
  EXPECT_EQ(request.message_id, "42");
  EXPECT_EQ(request.name_space, kWmi);
  const auto& decoded = std::get<GetInstance>(std::get<Operation>(request.operation));
  EXPECT_EQ(decoded.path, call.path);
  EXPECT_EQ(decoded.options.properties, call.options.properties);
  EXPECT_TRUE(decoded.form.include_qualifiers);
}

TEST(Codec, RoundTripsMethodCallsWithArraysReferencesAndNulls) {
  InvokeMethod call{disk_path(), "Resize", {}};
  call.parameters.push_back({"Text", cim::Value("a<b&\"c\"\n"), true});
  call.parameters.push_back({"List", cim::Value::array_of(std::vector<std::uint16_t>{1, 2}), true});
  call.parameters.push_back({"Ref", cim::Value(disk_path()), true});
  call.parameters.push_back({"None", cim::Value::null(cim::Type::kUint8), true});
  const RequestMessage request = decode(encode_request(call, kWmi, "1"));
  EXPECT_TRUE(request.is_extrinsic);
  EXPECT_EQ(request.object, disk_path());
  const auto& decoded = std::get<InvokeMethod>(std::get<Operation>(request.operation));
  ASSERT_EQ(decoded.parameters.size(), 4U);
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(decoded.parameters[i].value, call.parameters[i].value) << i;
    EXPECT_EQ(decoded.parameters[i].value.type(), call.parameters[i].value.type()) << i;
  }
}

TEST(Codec, RoundTripsInstancesWithEmbeddedOnes) {
  cim::InstanceBuilder inner("WT_VDSLunInformation");
  inner.add("VendorId", cim::Value("a ]]> b"));
  cim::InstanceBuilder outer("WT_Disk");
  outer.add("WTD", cim::Value(std::uint32_t{7}), true);
  outer.add("VdsLunInfo", cim::Value(inner.build()));
  outer.add("Enabled", cim::Value(true));
  const cim::Instance instance = outer.build();
  std::string text;
  append_instance(text, instance, {});
  const auto document = XmlDocument::parse(text);
  ASSERT_TRUE(document);
  const auto decoded = decode_instance(document->root(), disk_path());
  ASSERT_TRUE(decoded) << decoded.error().message;
  EXPECT_EQ(*decoded, instance);
  EXPECT_EQ(decoded->path(kWmi), disk_path());
}

TEST(Codec, WritesAnInstanceWithItsWholePathWhateverIsSelected) {
  cim::InstanceBuilder builder("WT_Disk");
  builder.add("WTD", cim::Value(std::uint32_t{7}), true);
  const cim::Instance instance = builder.build();
  cim::ObjectPath path = disk_path();
  const auto text = [](std::string_view host) {
    return "<VALUE.INSTANCEWITHPATH><INSTANCEPATH><NAMESPACEPATH><HOST>" + std::string(host) +
           "</HOST><LOCALNAMESPACEPATH><NAMESPACE NAME=\"root\"/><NAMESPACE NAME=\"wmi\"/></LOCALNAMESPACEPATH>"
           "</NAMESPACEPATH><INSTANCENAME CLASSNAME=\"WT_Disk\"><KEYBINDING NAME=\"WTD\">";
  };
  EXPECT_TRUE(instance_with_path(path, instance).starts_with(text("localhost"))) << "nobody said how it is called";
  path.set_host("example:5989");
  const std::string whole = instance_with_path(path, instance);
  EXPECT_TRUE(whole.starts_with(text("example:5989"))) << whole;
  const auto document = XmlDocument::parse(whole);
  ASSERT_TRUE(document);
  const auto decoded = decode_instance(*document->root().child("INSTANCE"), path);
  ASSERT_TRUE(decoded);
  EXPECT_EQ(*decoded, instance);
}

TEST(Codec, ReadsTheSizesOfArraysOfAClass) {
  const auto document = XmlDocument::parse(
      "<CLASS NAME=\"T\"><PROPERTY.ARRAY NAME=\"P\" TYPE=\"uint8\" ARRAYSIZE=\"7\"/><METHOD NAME=\"M\" TYPE=\"uint8\">"
      "<PARAMETER.ARRAY NAME=\"A\" TYPE=\"uint8\" ARRAYSIZE=\"3\"/></METHOD></CLASS>");
  ASSERT_TRUE(document);
  const auto cls = decode_class(document->root());
  ASSERT_TRUE(cls) << cls.error().message;
  EXPECT_EQ((*cls)->property(0).array_size, 7U);
  EXPECT_EQ((*cls)->find_method("M")->parameters[0].array_size, 3U);
}

struct BadMessage {
  std::string_view name;
  std::string_view text;
  unsigned http_status;
  std::string_view cim_error;
};

TEST(DecodeRequest, AnswersBadMessagesWithTheRightCimError) {
  const BadMessage cases[] = {
      {"no CIM", "<A/>", 400, "request-not-valid"},
      {"no CIM version", "<CIM DTDVERSION=\"2.0\"/>", 501, "unsupported-cim-version"},
      {"CIM version 3", "<CIM CIMVERSION=\"3.0\" DTDVERSION=\"2.0\"/>", 501, "unsupported-cim-version"},
      {"DTD version 1", "<CIM CIMVERSION=\"2.0\" DTDVERSION=\"1.0\"/>", 501, "unsupported-dtd-version"},
      {"no message", "<CIM CIMVERSION=\"2.0\" DTDVERSION=\"2.0\"/>", 400, "request-not-valid"},
      {"no id", "<CIM CIMVERSION=\"2.0\" DTDVERSION=\"2.0\"><MESSAGE PROTOCOLVERSION=\"1.0\"/></CIM>", 400,
       "request-not-valid"},
      {"protocol 2", "<CIM CIMVERSION=\"2.0\" DTDVERSION=\"2.0\"><MESSAGE ID=\"1\" PROTOCOLVERSION=\"2.0\"/></CIM>",
       501, "unsupported-protocol-version"},
      {"several requests",
       "<CIM CIMVERSION=\"2.0\" DTDVERSION=\"2.0\"><MESSAGE ID=\"1\" "
       "PROTOCOLVERSION=\"1.0\"><MULTIREQ/></MESSAGE></CIM>",
       501, "multiple-requests-unsupported"},
      {"a response",
       "<CIM CIMVERSION=\"2.0\" DTDVERSION=\"2.0\"><MESSAGE ID=\"1\" "
       "PROTOCOLVERSION=\"1.0\"><SIMPLERSP/></MESSAGE></CIM>",
       400, "request-not-valid"},
  };
  for (const BadMessage& bad : cases) {
    const auto document = XmlDocument::parse(bad.text);
    ASSERT_TRUE(document) << bad.name;
    const auto request = decode_request(document->root());
    ASSERT_FALSE(request) << bad.name;
    EXPECT_EQ(request.error().http_status, bad.http_status) << bad.name;
    EXPECT_EQ(request.error().cim_error, bad.cim_error) << bad.name;
  }
}

std::string intrinsic(std::string_view name, std::string_view parameters) {
  return "<CIM CIMVERSION=\"2.0\" DTDVERSION=\"2.0\"><MESSAGE ID=\"1\" PROTOCOLVERSION=\"1.0\"><SIMPLEREQ><IMETHODCALL "
         "NAME=\"" +
         std::string(name) + "\"><LOCALNAMESPACEPATH><NAMESPACE NAME=\"root\"/></LOCALNAMESPACEPATH>" +
         std::string(parameters) + "</IMETHODCALL></SIMPLEREQ></MESSAGE></CIM>";
}

TEST(DecodeRequest, AnswersBadParametersWithInvalidParameter) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"GetClass", ""},
      {"GetClass", "<IPARAMVALUE NAME=\"ClassName\"/>"},
      {"GetInstance", "<IPARAMVALUE NAME=\"InstanceName\"><CLASSNAME NAME=\"A\"/></IPARAMVALUE>"},
      {"EnumerateQualifiers", "<IPARAMVALUE NAME=\"Bogus\"/>"},
      {"EnumerateClassNames", "<IPARAMVALUE NAME=\"DeepInheritance\"><VALUE>maybe</VALUE></IPARAMVALUE>"},
      {"EnumerateClassNames", "<IPARAMVALUE NAME=\"DeepInheritance\"/><IPARAMVALUE NAME=\"deepinheritance\"/>"},
  };
  for (const auto& [name, parameters] : cases) {
    const RequestMessage request = decode(intrinsic(name, parameters));
    const auto* error = std::get_if<cim::Error>(&request.operation);
    ASSERT_NE(error, nullptr) << name << parameters;
    EXPECT_EQ(error->status, cim::Status::kInvalidParameter) << name << parameters;
  }
}

TEST(DecodeRequest, KeepsOperationsItDoesNotKnowByName) {
  const RequestMessage request = decode(intrinsic("Frobnicate", ""));
  EXPECT_EQ(std::get<UnknownOperation>(std::get<Operation>(request.operation)).name, "Frobnicate");
}

TEST(DecodeRequest, TakesBooleansInAnyCaseWithSpaceAround) {
  const RequestMessage request = decode(
      intrinsic("EnumerateClassNames", "<IPARAMVALUE NAME=\"DEEPINHERITANCE\"><VALUE> True </VALUE></IPARAMVALUE>"));
  EXPECT_TRUE(std::get<EnumerateClassNames>(std::get<Operation>(request.operation)).deep_inheritance);
}

}  // namespace
}  // namespace lunaria::wbem::cimxml
