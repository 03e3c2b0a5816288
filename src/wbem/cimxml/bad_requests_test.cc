// What wrong requests get: the HTTP status and CIMError of DSP0200 where the message cannot be understood, the CIM
// status where it can. After each of them the server answers a good one.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "wbem/cimxml/limits.h"
#include "wbem/cimxml/request_parts_for_test.h"

namespace lunaria::wbem::cimxml {
namespace {

/// A request whose head is wrong; the body is good.
struct BadHead {
  const char* name;
  const char* line;    ///< method and path
  const char* fields;  ///< all but Host, Connection and Content-Length
  unsigned status;
  const char* cim_error;
};

constexpr BadHead kBadHeads[] = {
    {"another path", "POST /wsman", "CIMOperation: MethodCall\r\n", 404, ""},
    {"no path", "POST /", "CIMOperation: MethodCall\r\n", 404, ""},
    {"a path below", "POST /cimom/x", "CIMOperation: MethodCall\r\n", 404, ""},
    {"a path in capitals", "POST /CIMOM", "CIMOperation: MethodCall\r\n", 404, ""},
    {"PUT", "PUT /cimom", "CIMOperation: MethodCall\r\n", 405, ""},
    {"DELETE", "DELETE /cimom", "CIMOperation: MethodCall\r\n", 405, ""},
    {"post in small letters", "post /cimom", "CIMOperation: MethodCall\r\n", 501, ""},
    {"GET with a body", "GET /cimom", "CIMOperation: MethodCall\r\n", 405, ""},
    {"no CIMOperation", "POST /cimom", "CIMMethod: EnumerateClassNames\r\nCIMObject: root/test\r\n", 400,
     "unsupported-operation"},
    {"an empty CIMOperation", "POST /cimom",
     "CIMOperation:\r\nCIMMethod: EnumerateClassNames\r\nCIMObject: root/test\r\n", 400, "unsupported-operation"},
    {"another CIMOperation", "POST /cimom",
     "CIMOperation: MethodResponse\r\nCIMMethod: EnumerateClassNames\r\nCIMObject: root/test\r\n", 400,
     "unsupported-operation"},
    {"an export", "POST /cimom", "CIMExport: MethodRequest\r\nCIMExportMethod: ExportIndication\r\n", 400,
     "unsupported-operation"},
    {"a batch", "POST /cimom", "CIMOperation: MethodCall\r\nCIMBatch:\r\n", 501, "multiple-requests-unsupported"},
    {"no CIMMethod", "POST /cimom", "CIMOperation: MethodCall\r\nCIMObject: root/test\r\n", 400, "header-mismatch"},
    {"an empty CIMMethod", "POST /cimom", "CIMOperation: MethodCall\r\nCIMMethod:\r\nCIMObject: root/test\r\n", 400,
     "header-mismatch"},
    {"no CIMObject", "POST /cimom", "CIMOperation: MethodCall\r\nCIMMethod: EnumerateClassNames\r\n", 400,
     "header-mismatch"},
    {"another CIMMethod", "POST /cimom", "CIMOperation: MethodCall\r\nCIMMethod: GetClass\r\nCIMObject: root/test\r\n",
     400, "header-mismatch"},
    {"a CIMMethod with more", "POST /cimom",
     "CIMOperation: MethodCall\r\nCIMMethod: EnumerateClassNames2\r\nCIMObject: root/test\r\n", 400, "header-mismatch"},
    {"another CIMObject", "POST /cimom",
     "CIMOperation: MethodCall\r\nCIMMethod: EnumerateClassNames\r\nCIMObject: root/empty\r\n", 400, "header-mismatch"},
    {"a CIMObject that stops short", "POST /cimom",
     "CIMOperation: MethodCall\r\nCIMMethod: EnumerateClassNames\r\nCIMObject: root\r\n", 400, "header-mismatch"},
    {"a bad escape in CIMObject", "POST /cimom",
     "CIMOperation: MethodCall\r\nCIMMethod: EnumerateClassNames\r\nCIMObject: root%2\r\n", 400, "header-mismatch"},
    {"a bad escape in CIMMethod", "POST /cimom",
     "CIMOperation: MethodCall\r\nCIMMethod: %GG\r\nCIMObject: root/test\r\n", 400, "header-mismatch"},
    {"a NUL in CIMMethod", "POST /cimom",
     "CIMOperation: MethodCall\r\nCIMMethod: EnumerateClassNames%00\r\nCIMObject: root/test\r\n", 400,
     "header-mismatch"},
    {"protocol version 2.0", "POST /cimom", "CIMProtocolVersion: 2.0\r\nCIMOperation: MethodCall\r\n", 501,
     "unsupported-protocol-version"},
    {"protocol version 1", "POST /cimom", "CIMProtocolVersion: 1\r\nCIMOperation: MethodCall\r\n", 501,
     "unsupported-protocol-version"},
    {"protocol version 1.x", "POST /cimom", "CIMProtocolVersion: 1.x\r\nCIMOperation: MethodCall\r\n", 501,
     "unsupported-protocol-version"},
    {"protocol version 11.0", "POST /cimom", "CIMProtocolVersion: 11.0\r\nCIMOperation: MethodCall\r\n", 501,
     "unsupported-protocol-version"},
    {"an empty protocol version", "POST /cimom", "CIMProtocolVersion:\r\nCIMOperation: MethodCall\r\n", 501,
     "unsupported-protocol-version"},
    {"M-POST without Man", "M-POST /cimom", "CIMOperation: MethodCall\r\n", 510, ""},
    {"M-POST with the Man of another", "M-POST /cimom",
     "Man: http://example.com/x;ns=12\r\n12-CIMOperation: MethodCall\r\n", 510, ""},
    {"M-POST with one digit", "M-POST /cimom", "Man: http://www.dmtf.org/cim/mapping/http/v1.0;ns=7\r\n", 400, ""},
    {"M-POST with letters", "M-POST /cimom", "Man: http://www.dmtf.org/cim/mapping/http/v1.0;ns=ab\r\n", 400, ""},
    {"M-POST with an empty prefix", "M-POST /cimom", "Man: http://www.dmtf.org/cim/mapping/http/v1.0;ns=\r\n", 400, ""},
    {"M-POST with fields of another prefix", "M-POST /cimom",
     "Man: http://www.dmtf.org/cim/mapping/http/v1.0;ns=12\r\n13-CIMOperation: MethodCall\r\n", 400,
     "unsupported-operation"},
    {"M-POST with fields without prefix", "M-POST /cimom",
     "Man: http://www.dmtf.org/cim/mapping/http/v1.0;ns=12\r\nCIMOperation: MethodCall\r\n", 400,
     "unsupported-operation"},
    {"JSON", "POST /cimom", "Content-Type: application/json\r\nCIMOperation: MethodCall\r\n", 415, ""},
    {"a form", "POST /cimom", "Content-Type: application/x-www-form-urlencoded\r\nCIMOperation: MethodCall\r\n", 415,
     ""},
    {"SOAP", "POST /cimom", "Content-Type: application/soap+xml;charset=UTF-8\r\nCIMOperation: MethodCall\r\n", 415,
     ""},
    {"an empty media type", "POST /cimom", "Content-Type:\r\nCIMOperation: MethodCall\r\n", 415, ""},
    {"Latin-1", "POST /cimom", "Content-Type: text/xml; charset=iso-8859-1\r\nCIMOperation: MethodCall\r\n", 415, ""},
    {"UTF-16", "POST /cimom", "Content-Type: text/xml; x=y; charset=\"utf-16\"\r\nCIMOperation: MethodCall\r\n", 415,
     ""},
    {"gzip", "POST /cimom", "Content-Encoding: gzip\r\nCIMOperation: MethodCall\r\n", 415, ""},
    {"only HTML is accepted", "POST /cimom", "Accept: text/html, image/*\r\nCIMOperation: MethodCall\r\n", 406, ""},
    {"nothing is accepted", "POST /cimom", "Accept:\r\nCIMOperation: MethodCall\r\n", 406, ""},
};

TEST_F(CimXmlBadRequest, InTheHead) {
  const std::string body = intrinsic_call("EnumerateClassNames", "");
  for (const BadHead& bad : kBadHeads) {
    expect_refused(bad.name,
                   fmt::format("{} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{}Content-Length: {}\r\n\r\n{}",
                               bad.line, bad.fields, body.size(), body),
                   bad.status, bad.cim_error);
  }
}

/// A body that is no request, under a good head.
struct BadBody {
  const char* name;
  std::string body;
  unsigned status;
  const char* cim_error;
};

constexpr const char* kNotWellFormed = "request-not-well-formed";
constexpr const char* kNotValid = "request-not-valid";

/// A message whose outer elements have these attributes.
std::string message(std::string_view cim, std::string_view attributes, std::string_view content) {
  return fmt::format("<CIM {}><MESSAGE {}>{}</MESSAGE></CIM>", cim, attributes, content);
}

std::vector<BadBody> bad_xml() {
  const std::string good = intrinsic_call("EnumerateClassNames", "");
  const std::string prolog = "<?xml version=\"1.0\"?>";
  std::string bomb = prolog + "<!DOCTYPE x [<!ENTITY a0 \"ha\">";
  for (int i = 1; i < 30; ++i) {
    bomb += fmt::format("<!ENTITY a{} \"&a{};&a{};\">", i, i - 1, i - 1);
  }
  bomb += "]><CIM>&a29;</CIM>";
  std::string with_nul = good;
  with_nul[with_nul.find("MESSAGE") + 3] = '\0';
  std::string many;
  for (std::size_t i = 0; i <= limits::kAttributesMax; ++i) {
    many += fmt::format(" a{}=\"\"", i);
  }
  return {
      {"nothing", "", 400, kNotWellFormed},
      {"white space", " \r\n\t", 400, kNotWellFormed},
      {"text", "hello", 400, kNotWellFormed},
      {"JSON", "{\"a\":1}", 400, kNotWellFormed},
      {"half a message", good.substr(0, good.size() / 2), 400, kNotWellFormed},
      {"a message without its last byte", good.substr(0, good.size() - 1), 400, kNotWellFormed},
      {"a message and more", good + "x", 400, kNotWellFormed},
      {"two messages", good + good, 400, kNotWellFormed},
      {"a NUL inside", with_nul, 400, kNotWellFormed},
      {"a NUL behind", good + std::string(1, '\0'), 400, kNotWellFormed},
      {"only NULs", std::string(100, '\0'), 400, kNotWellFormed},
      {"a control character", cim_message("\x01"), 400, kNotWellFormed},
      {"broken UTF-8", cim_message("<IMETHODCALL NAME=\"\xC3\x28\"/>"), 400, kNotWellFormed},
      {"UTF-8 of a surrogate", cim_message("<IMETHODCALL NAME=\"\xED\xA0\x80\"/>"), 400, kNotWellFormed},
      {"a reference to NUL", cim_message("<IMETHODCALL NAME=\"&#0;\"/>"), 400, kNotWellFormed},
      {"an encoding that is not there", "<?xml version=\"1.0\" encoding=\"x-unknown\"?><CIM/>", 400, kNotWellFormed},
      {"UTF-16 said, UTF-8 sent", "<?xml version=\"1.0\" encoding=\"utf-16\"?><CIM/>", 400, kNotWellFormed},
      {"XML 2.0", "<?xml version=\"2.0\"?><CIM", 400, kNotWellFormed},
      {"tags that cross", "<CIM><MESSAGE></CIM></MESSAGE>", 400, kNotWellFormed},
      {"an attribute twice", "<CIM CIMVERSION=\"2.0\" CIMVERSION=\"2.0\"/>", 400, kNotWellFormed},
      {"an attribute without quotes", "<CIM CIMVERSION=2.0/>", 400, kNotWellFormed},
      {"an unknown entity", cim_message("&nbsp;"), 400, kNotWellFormed},
      {"an entity bomb", bomb, 400, kNotWellFormed},
      {"an external entity", prolog + "<!DOCTYPE x [<!ENTITY e SYSTEM \"file:///etc/passwd\">]><CIM>&e;</CIM>", 400,
       kNotWellFormed},
      {"a parameter entity", prolog + "<!DOCTYPE x [<!ENTITY % p SYSTEM \"http://192.0.2.1/x\"> %p;]><CIM/>", 400,
       kNotWellFormed},
      {"an empty document type subset", prolog + "<!DOCTYPE CIM []><CIM/>", 400, kNotWellFormed},
      {"elements in great depth", repeated("<a>", 100'000), 413, kNotValid},
      {"more attributes than any element has", "<CIM" + many + "/>", 413, kNotValid},
      {"more elements than any request has", "<CIM>" + repeated("<a/>", limits::kElementsMax) + "</CIM>", 413,
       kNotValid},
      {"a huge attribute", "<CIM CIMVERSION=\"" + std::string(limits::kRequestBytesMax, 'x') + "\"/>", 413, ""},
      {"a huge text", "<CIM>" + std::string(limits::kRequestBytesMax, 'x') + "</CIM>", 413, ""},
  };
}

TEST_F(CimXmlBadRequest, InTheXml) {
  for (const BadBody& bad : bad_xml()) {
    expect_refused(bad.name, http_post({}, bad.body), bad.status, bad.cim_error);
  }
}

std::vector<BadBody> bad_messages() {
  const std::string versions = "CIMVERSION=\"2.0\" DTDVERSION=\"2.0\"";
  const std::string id = "ID=\"1\" PROTOCOLVERSION=\"1.0\"";
  const std::string space(kTestSpace);
  const std::string call = "<IMETHODCALL NAME=\"EnumerateClassNames\">" + space + "</IMETHODCALL>";
  const std::string simple = "<SIMPLEREQ>" + call + "</SIMPLEREQ>";
  return {
      {"another document", "<html/>", 400, kNotValid},
      {"CIM in small letters", "<cim " + versions + "/>", 400, kNotValid},
      {"CIM 3.0", message("CIMVERSION=\"3.0\" DTDVERSION=\"2.0\"", id, simple), 501, "unsupported-cim-version"},
      {"no CIM version", message("DTDVERSION=\"2.0\"", id, simple), 501, "unsupported-cim-version"},
      {"CIM version 2.", message("CIMVERSION=\"2.\" DTDVERSION=\"2.0\"", id, simple), 501, "unsupported-cim-version"},
      {"CIM version 2.0.0.0", message("CIMVERSION=\"2.0.0.0\" DTDVERSION=\"2.0\"", id, simple), 501,
       "unsupported-cim-version"},
      {"CIM version 2", message("CIMVERSION=\"2\" DTDVERSION=\"2.0\"", id, simple), 501, "unsupported-cim-version"},
      {"CIM version 2.0x", message("CIMVERSION=\"2.0x\" DTDVERSION=\"2.0\"", id, simple), 501,
       "unsupported-cim-version"},
      {"DTD 1.0", message("CIMVERSION=\"2.0\" DTDVERSION=\"1.0\"", id, simple), 501, "unsupported-dtd-version"},
      {"no DTD version", message("CIMVERSION=\"2.0\"", id, simple), 501, "unsupported-dtd-version"},
      {"protocol 2.0", message(versions, "ID=\"1\" PROTOCOLVERSION=\"2.0\"", simple), 501,
       "unsupported-protocol-version"},
      {"no protocol version", message(versions, "ID=\"1\"", simple), 400, kNotValid},
      {"no message ID", message(versions, "PROTOCOLVERSION=\"1.0\"", simple), 400, kNotValid},
      {"no message", "<CIM " + versions + "/>", 400, kNotValid},
      {"two messages", fmt::format("<CIM {0}>{1}{1}</CIM>", versions, "<MESSAGE " + id + ">" + simple + "</MESSAGE>"),
       400, kNotValid},
      {"a declaration", fmt::format("<CIM {}><DECLARATION/></CIM>", versions), 400, kNotValid},
      {"an empty message", message(versions, id, ""), 400, kNotValid},
      {"an empty request", message(versions, id, "<SIMPLEREQ/>"), 400, kNotValid},
      {"two requests", message(versions, id, simple + simple), 400, kNotValid},
      {"many requests", message(versions, id, "<MULTIREQ>" + simple + simple + "</MULTIREQ>"), 501,
       "multiple-requests-unsupported"},
      {"a response", message(versions, id, "<SIMPLERSP/>"), 400, kNotValid},
      {"an export", message(versions, id, "<SIMPLEEXPREQ/>"), 400, kNotValid},
      {"two calls", cim_message(call + call), 400, kNotValid},
      {"another call", cim_message("<EXPMETHODCALL NAME=\"x\"/>"), 400, kNotValid},
      {"a call without name", cim_message("<IMETHODCALL>" + space + "</IMETHODCALL>"), 400, kNotValid},
      {"a call with an empty name", cim_message("<IMETHODCALL NAME=\"\">" + space + "</IMETHODCALL>"), 400, kNotValid},
      {"a call without namespace", cim_message("<IMETHODCALL NAME=\"EnumerateClassNames\"/>"), 400, kNotValid},
      {"an empty namespace path",
       cim_message("<IMETHODCALL NAME=\"EnumerateClassNames\"><LOCALNAMESPACEPATH/></IMETHODCALL>"), 400, kNotValid},
      {"a namespace without name",
       cim_message("<IMETHODCALL NAME=\"EnumerateClassNames\"><LOCALNAMESPACEPATH><NAMESPACE/></LOCALNAMESPACEPATH>"
                   "</IMETHODCALL>"),
       400, kNotValid},
      {"a namespace with an empty name",
       cim_message("<IMETHODCALL NAME=\"EnumerateClassNames\"><LOCALNAMESPACEPATH><NAMESPACE "
                   "NAME=\"/\"/></LOCALNAMESPACEPATH></IMETHODCALL>"),
       400, kNotValid},
      {"an element that is no namespace",
       cim_message("<IMETHODCALL NAME=\"EnumerateClassNames\"><LOCALNAMESPACEPATH><HOST>x</HOST></LOCALNAMESPACEPATH>"
                   "</IMETHODCALL>"),
       400, kNotValid},
      {"text beside elements", cim_message("text" + call), 400, kNotValid},
      {"text behind elements", cim_message(call + "text"), 400, kNotValid},
      {"a parameter without name", intrinsic_call("EnumerateClassNames", "<IPARAMVALUE/>"), 400, kNotValid},
      {"another element among the parameters", intrinsic_call("EnumerateClassNames", "<PARAMVALUE NAME=\"x\"/>"), 400,
       kNotValid},
      {"text as a parameter", intrinsic_call("EnumerateClassNames", parameter("DeepInheritance", "TRUE")), 400,
       kNotValid},
      {"two values",
       intrinsic_call("EnumerateClassNames", parameter("DeepInheritance", "<VALUE>TRUE</VALUE><VALUE>TRUE</VALUE>")),
       400, kNotValid},
      {"a value inside a value",
       intrinsic_call("EnumerateClassNames", parameter("DeepInheritance", "<VALUE><VALUE>TRUE</VALUE></VALUE>")), 400,
       kNotValid},
      {"an unknown value element", intrinsic_call("EnumerateClassNames", parameter("ClassName", "<CLASSNAMES/>")), 400,
       kNotValid},
      {"a class name without name", intrinsic_call("EnumerateClassNames", parameter("ClassName", "<CLASSNAME/>")), 400,
       kNotValid},
  };
}

TEST_F(CimXmlBadRequest, InTheMessage) {
  for (const BadBody& bad : bad_messages()) {
    expect_refused(bad.name, http_post({}, bad.body), bad.status, bad.cim_error);
  }
}

/// Elements of DSP0201 that are wrong inside parameters: the whole request is not valid.
struct BadParameter {
  const char* name;
  const char* method;
  std::string parameters;
};

std::vector<BadParameter> bad_parameters() {
  const auto get = [](const std::string& name) { return parameter("InstanceName", name); };
  return {
      {"an instance name without class", "GetInstance", get("<INSTANCENAME/>")},
      {"a key without name", "GetInstance",
       get("<INSTANCENAME CLASSNAME=\"T_Disk\"><KEYBINDING><KEYVALUE/></KEYBINDING></INSTANCENAME>")},
      {"a key without value", "GetInstance", get(instance_name("<KEYBINDING NAME=\"Id\"/>"))},
      {"a key with two values", "GetInstance",
       get(instance_name("<KEYBINDING NAME=\"Id\"><KEYVALUE>1</KEYVALUE><KEYVALUE>1</KEYVALUE></KEYBINDING>"))},
      {"a VALUE as key", "GetInstance", get(instance_name("<KEYBINDING NAME=\"Id\"><VALUE>1</VALUE></KEYBINDING>"))},
      {"a key of unknown kind", "GetInstance", get(instance_name(key("Id", "1", "integer")))},
      {"a key of unknown type", "GetInstance",
       get(instance_name("<KEYBINDING NAME=\"Id\"><KEYVALUE TYPE=\"int\">1</KEYVALUE></KEYBINDING>"))},
      {"elements in a key", "GetInstance",
       get(instance_name("<KEYBINDING NAME=\"Id\"><KEYVALUE><VALUE/></KEYVALUE></KEYBINDING>"))},
      {"two keys without names", "GetInstance", get(instance_name("<KEYVALUE>h</KEYVALUE><KEYVALUE>1</KEYVALUE>"))},
      {"an empty reference key", "GetInstance",
       get(instance_name("<KEYBINDING NAME=\"Id\"><VALUE.REFERENCE/></KEYBINDING>"))},
      {"more keys than any class has", "GetInstance", get(instance_name(repeated(key("Id", "1"), 65)))},
      {"a path with too many parts", "GetInstance",
       get("<LOCALINSTANCEPATH>" + std::string(kTestSpace) + kDisk + kDisk + "</LOCALINSTANCEPATH>")},
      {"a path without host", "GetInstance",
       get("<INSTANCEPATH><NAMESPACEPATH>" + std::string(kTestSpace) + "</NAMESPACEPATH>" + kDisk + "</INSTANCEPATH>")},
      {"an instance without class", "CreateInstance", parameter("NewInstance", "<INSTANCE/>")},
      {"a property without name", "CreateInstance", new_instance("<PROPERTY TYPE=\"string\"/>")},
      {"a property without type", "CreateInstance", new_instance("<PROPERTY NAME=\"Label\"/>")},
      {"a property of unknown type", "CreateInstance", new_instance(property("Label", "text", "x"))},
      {"a property of type reference", "CreateInstance", new_instance(property("Label", "ref", "x"))},
      {"an unknown property element", "CreateInstance",
       new_instance("<PROPERTY.LIST NAME=\"Label\" TYPE=\"string\"/>")},
      {"an array in a plain property", "CreateInstance",
       new_instance("<PROPERTY NAME=\"Label\" TYPE=\"string\"><VALUE.ARRAY/></PROPERTY>")},
      {"a plain value in an array property", "CreateInstance",
       new_instance("<PROPERTY.ARRAY NAME=\"Modes\" TYPE=\"uint16\"><VALUE>1</VALUE></PROPERTY.ARRAY>")},
      {"a reference in an array", "CreateInstance",
       new_instance("<PROPERTY.ARRAY NAME=\"Modes\" "
                    "TYPE=\"uint16\"><VALUE.ARRAY><VALUE.REFERENCE/></VALUE.ARRAY></PROPERTY.ARRAY>")},
      {"elements in an element of an array", "CreateInstance",
       new_instance("<PROPERTY.ARRAY NAME=\"Modes\" "
                    "TYPE=\"uint16\"><VALUE.ARRAY><VALUE><VALUE/></VALUE></VALUE.ARRAY></PROPERTY.ARRAY>")},
      {"two values of a property", "CreateInstance",
       new_instance("<PROPERTY NAME=\"Label\" TYPE=\"string\"><VALUE/><VALUE/></PROPERTY>")},
      {"text in a property", "CreateInstance", new_instance("<PROPERTY NAME=\"Label\" TYPE=\"string\">x</PROPERTY>")},
      {"a method in an instance", "CreateInstance", new_instance("<METHOD NAME=\"x\"/>")},
      {"an embedded document that is no object", "CreateInstance",
       new_instance("<PROPERTY NAME=\"Part\" TYPE=\"string\" "
                    "EmbeddedObject=\"instance\"><VALUE>&lt;CIM/&gt;</VALUE></PROPERTY>")},
      {"a named instance without name", "ModifyInstance",
       parameter("ModifiedInstance", "<VALUE.NAMEDINSTANCE><INSTANCE CLASSNAME=\"T_Disk\"/></VALUE.NAMEDINSTANCE>")},
      {"a named instance the wrong way round", "ModifyInstance",
       parameter("ModifiedInstance",
                 "<VALUE.NAMEDINSTANCE><INSTANCE CLASSNAME=\"T_Disk\"/>" + kDisk + "</VALUE.NAMEDINSTANCE>")},
      {"more properties than any class has", "CreateInstance",
       [] {
         std::string properties;
         for (std::size_t i = 0; i <= limits::kPropertiesMax; ++i) {
           properties += property(fmt::format("p{}", i), "string", "");
         }
         return new_instance(properties);
       }()},
  };
}

TEST_F(CimXmlBadRequest, InItsParameters) {
  for (const BadParameter& bad : bad_parameters()) {
    expect_refused(bad.name, http_post({bad.method}, intrinsic_call(bad.method, bad.parameters)), 400, kNotValid);
  }
}

std::vector<BadOperation> bad_reads() {
  const std::string yes = "<VALUE>TRUE</VALUE>";
  return {
      {"no class name", "GetClass", "", "4"},
      {"a NULL class name", "GetClass", "<IPARAMVALUE NAME=\"ClassName\"/>", "4"},
      {"an instance name for a class name", "GetClass", parameter("ClassName", kDisk), "4"},
      {"a class that is not there", "GetClass", class_name("T_None"), "6"},
      {"a class with markup in its name", "GetClass", class_name("&lt;b&gt;"), "6"},
      {"a class with an empty name", "GetClass", class_name(""), "6"},
      {"a very long class name", "GetClass", class_name(std::string(100'000, 'x')), "6"},
      {"an unknown parameter", "GetClass", class_name("T_Disk") + parameter("Bogus", yes), "4"},
      {"a parameter of another operation", "GetClass", class_name("T_Disk") + parameter("DeepInheritance", yes), "4"},
      {"a parameter twice", "GetClass", class_name("T_Disk") + class_name("T_Disk"), "4"},
      {"a flag that is no boolean", "GetClass", class_name("T_Disk") + parameter("LocalOnly", "<VALUE>1</VALUE>"), "4"},
      {"an empty flag", "GetClass", class_name("T_Disk") + parameter("LocalOnly", "<VALUE/>"), "4"},
      {"a subclass of nothing", "EnumerateClasses", class_name("T_None"), "5"},
      {"names below nothing", "EnumerateClassNames", class_name("T_None"), "5"},
      {"instances of nothing", "EnumerateInstances", class_name("T_None"), "5"},
      {"instances without class", "EnumerateInstances", "", "4"},
      {"names of instances of nothing", "EnumerateInstanceNames", class_name("T_None"), "5"},
      {"names of instances without class", "EnumerateInstanceNames", "", "4"},
      {"more than a property list takes", "EnumerateInstances",
       class_name("T_Disk") + list(repeated("<VALUE>x</VALUE>", limits::kPropertyListMax + 1)), "4"},
      {"no instance name", "GetInstance", "", "4"},
      {"an array for a flag", "EnumerateClassNames", parameter("DeepInheritance", "<VALUE.ARRAY/>"), "4"},
      {"a reference for a flag", "EnumerateClassNames", parameter("DeepInheritance", "<VALUE.REFERENCE/>"), "4"},
      {"a text for a class name", "EnumerateInstances", parameter("ClassName", "<VALUE>T_Disk</VALUE>"), "4"},
      {"a text for a list", "EnumerateInstances", class_name("T_Disk") + parameter("PropertyList", "<VALUE>Id</VALUE>"),
       "4"},
      {"a text for an instance name", "GetInstance", parameter("InstanceName", "<VALUE>T_Disk.Id=1</VALUE>"), "4"},
      {"a class name for an instance name", "GetInstance", parameter("InstanceName", "<CLASSNAME NAME=\"T_Disk\"/>"),
       "4"},
      {"an instance of nothing", "GetInstance", parameter("InstanceName", instance_name(kKeys, "T_None")), "5"},
      {"an instance that is not there", "GetInstance",
       parameter("InstanceName", instance_name(key("System", "x") + key("Id", "1", "numeric"))), "6"},
      {"no key", "GetInstance", parameter("InstanceName", instance_name("")), "4"},
      {"a key without its name", "GetInstance",
       parameter("InstanceName", instance_name("<KEYVALUE>x</KEYVALUE>", "T_Lonely")), "6"},
      {"a key without its name where there are two", "GetInstance",
       parameter("InstanceName", instance_name("<KEYVALUE>x</KEYVALUE>")), "4"},
      {"a key too few", "GetInstance", parameter("InstanceName", instance_name(key("Id", "1", "numeric"))), "4"},
      {"a key too many", "GetInstance", parameter("InstanceName", instance_name(kKeys + key("Label", "x"))), "4"},
      {"a key twice", "GetInstance", parameter("InstanceName", instance_name(kKeys + key("ID", "1", "numeric"))), "4"},
      {"another key", "GetInstance", parameter("InstanceName", instance_name(key("System", "h") + key("Ident", "1"))),
       "4"},
      {"text for a number", "GetInstance",
       parameter("InstanceName", instance_name(key("System", "h") + key("Id", "one", "numeric"))), "4"},
      {"a boolean for a number", "GetInstance",
       parameter("InstanceName", instance_name(key("System", "h") + key("Id", "true", "boolean"))), "4"},
      {"a number that is too large", "GetInstance",
       parameter("InstanceName", instance_name(key("System", "h") + key("Id", "4294967296", "numeric"))), "4"},
      {"a negative number", "GetInstance",
       parameter("InstanceName", instance_name(key("System", "h") + key("Id", "-1", "numeric"))), "4"},
      {"a reference for a number", "GetInstance",
       parameter("InstanceName", instance_name(key("System", "h") + "<KEYBINDING NAME=\"Id\"><VALUE.REFERENCE>" +
                                               kDisk + "</VALUE.REFERENCE></KEYBINDING>")),
       "4"},
      {"one key without name where two are needed", "GetInstance",
       parameter("InstanceName", instance_name("<KEYVALUE>h</KEYVALUE>")), "4"},
      {"no qualifier name", "GetQualifier", "", "4"},
      {"a qualifier that is not there", "GetQualifier", parameter("QualifierName", "<VALUE>Nope</VALUE>"), "6"},
      {"a parameter where none are", "EnumerateQualifiers", parameter("ClassName", "<CLASSNAME NAME=\"T_Disk\"/>"),
       "4"},
      {"an operation that nobody knows", "Frobnicate", parameter("x", yes), "7"},
      {"a new class", "CreateClass", parameter("NewClass", "<CLASS NAME=\"X\"/>"), "7"},
  };
}

std::vector<BadOperation> bad_changes() {
  const std::string keys = property("System", "string", "n") + property("Id", "uint32", "5");
  return {
      {"an association of a class", "CreateInstance",
       new_instance("<PROPERTY.REFERENCE NAME=\"Left\"><VALUE.REFERENCE><CLASSNAME NAME=\"T_Disk\"/></VALUE.REFERENCE>"
                    "</PROPERTY.REFERENCE>",
                    "T_Link"),
       "4"},
      {"a named instance where a plain one must be", "CreateInstance",
       parameter("NewInstance", "<VALUE.NAMEDINSTANCE/>"), "4"},
      {"a property twice", "CreateInstance",
       new_instance(property("Label", "string", "x") + property("LABEL", "string", "y")), "4"},
      {"a plain instance where a named one must be", "ModifyInstance",
       parameter("ModifiedInstance", "<INSTANCE CLASSNAME=\"T_Disk\"/>"), "4"},
      {"no new instance", "CreateInstance", "", "4"},
      {"a new one of nothing", "CreateInstance", new_instance(keys, "T_None"), "5"},
      {"a new one of an abstract class", "CreateInstance", new_instance("", "T_Element"), "7"},
      {"a new one that nobody provides", "CreateInstance", new_instance(property("Name", "string", "x"), "T_Lonely"),
       "7"},
      {"an unknown property", "CreateInstance", new_instance(keys + property("Colour", "string", "red")), "12"},
      {"another type", "CreateInstance", new_instance(keys + property("Label", "uint32", "5")), "13"},
      {"another width", "CreateInstance", new_instance(keys + property("Size", "uint32", "5")), "13"},
      {"an array for a scalar", "CreateInstance",
       new_instance(keys + "<PROPERTY.ARRAY NAME=\"Label\" TYPE=\"string\"><VALUE.ARRAY/></PROPERTY.ARRAY>"), "13"},
      {"a scalar for an array", "CreateInstance", new_instance(keys + property("Modes", "uint16", "1")), "13"},
      {"a number out of range", "CreateInstance",
       new_instance(keys + property("Size", "uint64", "18446744073709551616")), "4"},
      {"a number that is none", "CreateInstance", new_instance(keys + property("Size", "uint64", "1e3")), "4"},
      {"an empty number", "CreateInstance", new_instance(keys + property("Size", "uint64", "")), "4"},
      {"a boolean that is none", "CreateInstance", new_instance(keys + property("Enabled", "boolean", "yes")), "4"},
      {"a datetime that is none", "CreateInstance", new_instance(keys + property("Since", "datetime", "yesterday")),
       "4"},
      {"two characters for one", "CreateInstance", new_instance(keys + property("Letter", "char16", "ab")), "4"},
      {"an embedded object that is not XML", "CreateInstance",
       new_instance(keys +
                    "<PROPERTY NAME=\"Part\" TYPE=\"string\" EmbeddedObject=\"instance\"><VALUE>x</VALUE></PROPERTY>"),
       "4"},
      {"an embedded instance of another class", "CreateInstance",
       new_instance(keys + "<PROPERTY NAME=\"Part\" TYPE=\"string\" EmbeddedObject=\"instance\"><VALUE>&lt;INSTANCE "
                           "CLASSNAME=\"T_Lonely\"/&gt;</VALUE></PROPERTY>"),
       "13"},
      {"an embedded entity bomb", "CreateInstance",
       new_instance(keys + "<PROPERTY NAME=\"Part\" TYPE=\"string\" EmbeddedObject=\"instance\"><VALUE>&lt;!DOCTYPE a "
                           "[&lt;!ENTITY b \"c\"&gt;]&gt;&lt;a&gt;&amp;b;&lt;/a&gt;</VALUE></PROPERTY>"),
       "4"},
      {"a NULL key", "CreateInstance", new_instance("<PROPERTY NAME=\"System\" TYPE=\"string\"/>"), "4"},
      {"one that is there", "CreateInstance",
       new_instance(property("System", "string", "h") + property("Id", "uint32", "1")), "11"},
      {"no modified instance", "ModifyInstance", "", "4"},
      {"a change of what is not there", "ModifyInstance",
       modified(property("Label", "string", "x"), instance_name(key("System", "x") + key("Id", "1", "numeric"))), "6"},
      {"a change of nothing's class", "ModifyInstance", modified("", instance_name(kKeys, "T_None"), "T_None"), "5"},
      {"a change into another class", "ModifyInstance", modified("", kDisk, "T_FastDisk"), "4"},
      {"a change of an unknown property", "ModifyInstance", modified(property("Colour", "string", "x")), "12"},
      {"an unknown property in the list", "ModifyInstance", modified("") + list("<VALUE>Colour</VALUE>"), "12"},
      {"a change of another type", "ModifyInstance", modified(property("Label", "uint8", "1")), "13"},
      {"a change of what is read-only", "ModifyInstance",
       modified(property("Size", "uint64", "9")) + list("<VALUE>Size</VALUE>"), "7"},
      {"a change of a key", "ModifyInstance", modified(property("Id", "uint32", "2")), "4"},
      {"no instance to delete", "DeleteInstance", "", "4"},
      {"deleting what is not there", "DeleteInstance",
       parameter("InstanceName", instance_name(key("System", "h") + key("Id", "9", "numeric"))), "6"},
      {"deleting a class", "DeleteInstance", parameter("InstanceName", "<CLASSNAME NAME=\"T_Disk\"/>"), "4"},
  };
}

std::vector<BadOperation> unusual_but_good() {
  const std::string null_list = parameter("PropertyList", "<VALUE.NULL/>");
  return {
      {"no optional parameter", "GetClass", class_name("T_Disk"), ""},
      {"optional parameters that are NULL", "GetClass",
       class_name("T_Disk") + "<IPARAMVALUE NAME=\"LocalOnly\"/><IPARAMVALUE NAME=\"PropertyList\"/>", ""},
      {"NULL in other words", "GetClass",
       class_name("T_Disk") + parameter("LocalOnly", "<VALUE xsi:nil=\"true\"/>") + null_list, ""},
      {"an empty property list", "EnumerateInstances", class_name("T_Disk") + list(""), ""},
      {"a property list that is one value of NULL", "EnumerateInstances",
       class_name("T_Disk") + parameter("PropertyList", "<VALUE xsi:null=\"1\"/>"), ""},
      {"names without regard to case", "getinstance", "<IPARAMVALUE NAME=\"INSTANCENAME\">" + kDisk + "</IPARAMVALUE>",
       ""},
      {"keys without regard to case", "GetInstance",
       parameter("InstanceName", instance_name(key("SYSTEM", "h") + key("id", "1", "numeric"), "t_disk")), ""},
      {"keys in another order", "GetInstance",
       parameter("InstanceName", instance_name(key("Id", "1", "numeric") + key("System", "h"))), ""},
      {"a key in hexadecimal", "GetInstance",
       parameter("InstanceName", instance_name(key("System", "h") + key("Id", " 0x1 ", "numeric"))), ""},
      {"a local path for a name", "GetInstance",
       parameter("InstanceName", "<LOCALINSTANCEPATH>" + std::string(kTestSpace) + kDisk + "</LOCALINSTANCEPATH>"), ""},
      {"a full path for a name", "GetInstance",
       parameter("InstanceName", "<INSTANCEPATH><NAMESPACEPATH><HOST>x</HOST>" + std::string(kTestSpace) +
                                     "</NAMESPACEPATH>" + kDisk + "</INSTANCEPATH>"),
       ""},
      {"a property list with names that are not there", "EnumerateInstances",
       class_name("T_Disk") + list("<VALUE>Nope</VALUE><VALUE>size</VALUE><VALUE>Size</VALUE>"), ""},
      {"a qualifier among the properties", "ModifyInstance",
       modified("<QUALIFIER NAME=\"x\" TYPE=\"string\"/>" + property("Label", "string", "x")), ""},
      {"a comment and an instruction", "EnumerateClassNames", "<!-- c --><?x y?>", ""},
  };
}

TEST_F(CimXmlBadRequest, InWhatItReads) {
  for (const BadOperation& bad : bad_reads()) {
    expect_code(bad.name, {bad.method}, intrinsic_call(bad.method, bad.parameters), bad.code);
  }
}

TEST_F(CimXmlBadRequest, InWhatItChanges) {
  for (const BadOperation& bad : bad_changes()) {
    expect_code(bad.name, {bad.method}, intrinsic_call(bad.method, bad.parameters), bad.code);
  }
  EXPECT_EQ(provider.instances(), std::vector{disk(1)}) << "none of them changed anything";
}

TEST_F(CimXmlBadRequest, IsNotOneThatIsOnlyUnusual) {
  for (const BadOperation& good : unusual_but_good()) {
    expect_code(good.name, {good.method}, intrinsic_call(good.method, good.parameters), good.code);
  }
}

TEST_F(CimXmlBadRequest, InItsNamespace) {
  for (const char* name : {"EnumerateClassNames", "EnumerateQualifiers"}) {
    const std::string call = cim_message(fmt::format(
        "<IMETHODCALL NAME=\"{}\"><LOCALNAMESPACEPATH><NAMESPACE NAME=\"nowhere\"/></LOCALNAMESPACEPATH></IMETHODCALL>",
        name));
    expect_code(name, {name, "nowhere"}, call, "3");
  }
}

TEST_F(CimXmlBadRequest, WhileTheObjectManagerIsStopped) {
  admission.close();
  const std::string call = intrinsic_call("EnumerateClassNames", "");
  EXPECT_EQ(exchange(http_post({}, call)).cim_code(), "28");
  admission.open();
  expect_alive("a stop");
}

/// A method call; `object` is what CIMObject says.
struct BadCall {
  const char* name;
  std::string path;
  const char* method;
  std::string parameters;
  const char* code;
  const char* object = "root/test:T_Disk.System=\"h\",Id=1";
};

std::string local_path(std::string_view name) {
  return fmt::format("<LOCALINSTANCEPATH>{}{}</LOCALINSTANCEPATH>", kTestSpace, name);
}

std::string local_class(std::string_view name) {
  return fmt::format("<LOCALCLASSPATH>{}<CLASSNAME NAME=\"{}\"/></LOCALCLASSPATH>", kTestSpace, name);
}

std::string param(std::string_view attributes, std::string_view content) {
  return fmt::format("<PARAMVALUE {}>{}</PARAMVALUE>", attributes, content);
}

std::vector<BadCall> bad_calls() {
  const std::string size = param("NAME=\"Size\" PARAMTYPE=\"uint64\"", "<VALUE>1</VALUE>");
  const std::string path = local_path(kDisk);
  const auto many = [] {
    std::string out;
    for (std::size_t i = 0; i <= limits::kMethodParametersMax; ++i) {
      out += param(fmt::format("NAME=\"p{}\"", i), "");
    }
    return out;
  };
  return {
      {"a good one", path, "Resize", size, ""},
      {"one whose type is not stated", path, "Resize", param("NAME=\"Size\"", "<VALUE>1</VALUE>"), ""},
      {"a parameter in another case", path, "RESIZE", param("NAME=\"SIZE\" PARAMTYPE=\"uint64\"", "<VALUE>1</VALUE>"),
       ""},
      {"an output given as NULL", path, "Resize", size + param("NAME=\"Message\" PARAMTYPE=\"string\"", ""), ""},
      {"a method that is not there", path, "Explode", "", "17"},
      {"a method with markup in its name", path, "&lt;b&gt;", "", "17"},
      {"the required parameter is missing", path, "Resize", "", "4"},
      {"the required parameter is NULL", path, "Resize", param("NAME=\"Size\" PARAMTYPE=\"uint64\"", ""), "4"},
      {"an unknown parameter", path, "Resize", size + param("NAME=\"Bogus\"", "<VALUE/>"), "4"},
      {"a parameter twice", path, "Resize", size + size, "4"},
      {"another type", path, "Resize", param("NAME=\"Size\" PARAMTYPE=\"uint32\"", "<VALUE>1</VALUE>"), "4"},
      {"text for a number", path, "Resize", param("NAME=\"Size\"", "<VALUE>big</VALUE>"), "4"},
      {"text for a number of that type", path, "Resize",
       param("NAME=\"Size\" PARAMTYPE=\"uint64\"", "<VALUE>big</VALUE>"), "4"},
      {"an array for a scalar", path, "Resize", param("NAME=\"Size\"", "<VALUE.ARRAY><VALUE>1</VALUE></VALUE.ARRAY>"),
       "4"},
      {"a scalar for an array", path, "Resize", size + param("NAME=\"Hints\"", "<VALUE>1</VALUE>"), "4"},
      {"a value for an output", path, "Resize", size + param("NAME=\"Message\"", "<VALUE>x</VALUE>"), "4"},
      {"a reference to another class", path, "Resize",
       size + param("NAME=\"Like\" PARAMTYPE=\"reference\"",
                    "<VALUE.REFERENCE>" + instance_name(key("Name", "x"), "T_Lonely") + "</VALUE.REFERENCE>"),
       "4"},
      {"an embedded instance that is none", path, "Resize",
       size + param("NAME=\"Part\" PARAMTYPE=\"string\" EmbeddedObject=\"instance\"", "<VALUE>x</VALUE>"), "4"},
      {"more parameters than any method has", path, "Resize", many(), "4"},
      {"an instance of nothing", local_path(instance_name(kKeys, "T_None")), "Resize", size, "6",
       "root/test:T_None.Id=1,System=\"h\""},
      {"an instance that nobody provides", local_path(instance_name(key("Name", "x"), "T_Lonely")), "Resize", size,
       "17", "root/test:T_Lonely.Name=\"x\""},
      {"a path with a key too few", local_path(instance_name(key("System", "h"))), "Resize", size, "4",
       "root/test:T_Disk.System=\"h\""},
      {"a class that is not there", local_class("T_None"), "Scan", "", "6", "root/test:T_None"},
      {"a class in a namespace that is not there",
       "<LOCALCLASSPATH><LOCALNAMESPACEPATH><NAMESPACE NAME=\"no\"/></LOCALNAMESPACEPATH><CLASSNAME "
       "NAME=\"T_Disk\"/></LOCALCLASSPATH>",
       "Scan", "", "3", "no:T_Disk"},
  };
}

TEST_F(CimXmlBadRequest, IsWhatSaysOneThingInTheHeadAndAnotherInTheMessage) {
  const std::string call = cim_message("<METHODCALL NAME=\"Resize\">" + local_path(kDisk) +
                                       param("NAME=\"Size\"", "<VALUE>1</VALUE>") + "</METHODCALL>");
  for (const char* object : {"root/test:T_Disk.Id=1,System=\"h\"", "root/test:t_disk.SYSTEM=\"h\",id=\"1\"",
                             "root/test:T_Disk.Id%3D1%2CSystem%3D%22h%22", "//x/root/test:T_Disk.Id=1,System=\"h\""}) {
    expect_code(object, {"Resize", object}, call, "");
  }
  for (const char* object : {"root/test:T_Disk", "root/test:T_Disk.Id=1", "root/test:T_Disk.Id=2,System=\"h\"",
                             "root/test:T_Disk.Id=1,System=\"H\"", "root/test:T_Disk.Id=1,System=\"h\",X=1",
                             "root/test:T_Disk.Id=1,Name=\"h\""}) {
    expect_refused(object, http_post({"Resize", object}, call), 400, "header-mismatch");
  }
}

TEST_F(CimXmlBadRequest, IsNotOneWhoseOnlyKeyHasItsNameInTheHeadAlone) {
  const std::string call = cim_message(
      "<METHODCALL NAME=\"Rest\">" + local_path(instance_name("<KEYVALUE>x</KEYVALUE>", "T_Lonely")) + "</METHODCALL>");
  expect_code("an unnamed key", {"Rest", "root/test:T_Lonely.Name=\"x\""}, call, "6");
  expect_refused("another one", http_post({"Rest", "root/test:T_Lonely.Name=\"y\""}, call), 400, "header-mismatch");
}

TEST_F(CimXmlBadRequest, InAMethodCall) {
  for (const BadCall& bad : bad_calls()) {
    const std::string header = std::string(bad.method) == "&lt;b&gt;" ? "%3Cb%3E" : bad.method;
    expect_code(
        bad.name, {header, bad.object},
        cim_message(fmt::format("<METHODCALL NAME=\"{}\">{}{}</METHODCALL>", bad.method, bad.path, bad.parameters)),
        bad.code);
  }
}

TEST_F(CimXmlBadRequest, InTheStructureOfAMethodCall) {
  const std::string path = local_path(kDisk);
  const std::pair<const char*, std::string> cases[] = {
      {"no path", "<METHODCALL NAME=\"Resize\"/>"},
      {"a namespace for a path", "<METHODCALL NAME=\"Resize\">" + std::string(kTestSpace) + "</METHODCALL>"},
      {"a path without namespace", "<METHODCALL NAME=\"Resize\">" + kDisk + "</METHODCALL>"},
      {"an intrinsic parameter", "<METHODCALL NAME=\"Resize\">" + path + "<IPARAMVALUE NAME=\"x\"/></METHODCALL>"},
      {"a parameter without name", "<METHODCALL NAME=\"Resize\">" + path + "<PARAMVALUE/></METHODCALL>"},
      {"a parameter of unknown type",
       "<METHODCALL NAME=\"Resize\">" + path + param("NAME=\"Size\" PARAMTYPE=\"int\"", "") + "</METHODCALL>"},
      {"text as a parameter", "<METHODCALL NAME=\"Resize\">" + path + param("NAME=\"Size\"", "1") + "</METHODCALL>"},
      {"two values", "<METHODCALL NAME=\"Resize\">" + path +
                         param("NAME=\"Size\"", "<VALUE>1</VALUE><VALUE>1</VALUE>") + "</METHODCALL>"},
  };
  for (const auto& [name, call] : cases) {
    expect_refused(name, http_post({"Resize", "root/test:T_Disk.System=\"h\",Id=1"}, cim_message(call)), 400,
                   kNotValid);
  }
  const std::string good = "<METHODCALL NAME=\"Scan\">" + local_class("T_Disk") + "</METHODCALL>";
  for (const char* object : {"root/test", "root/test:T_Part", "root/empty:T_Disk", "\"", "root/test:T_Disk.System="}) {
    expect_refused(object, http_post({"Scan", object}, cim_message(good)), 400, "header-mismatch");
  }
}

TEST_F(CimXmlBadRequest, EchoesItsMessageIdEscaped) {
  const std::string call = fmt::format(
      "<CIM CIMVERSION=\"2.0\" DTDVERSION=\"2.0\"><MESSAGE ID=\"&quot;/&gt;&lt;ERROR "
      "CODE=&apos;1&apos;/&gt;&#10;&amp;\" "
      "PROTOCOLVERSION=\"1.2\"><SIMPLEREQ><IMETHODCALL NAME=\"No&lt;such&gt;\">{}</IMETHODCALL></SIMPLEREQ></MESSAGE>"
      "</CIM>",
      kTestSpace);
  const HttpReply reply = exchange(http_post({"No%3Csuch%3E"}, call));
  EXPECT_EQ(reply.cim_code(), "7");
  const auto document = XmlDocument::parse(reply.body);
  ASSERT_TRUE(document) << reply.body;
  const XmlElement& message_element = *document->root().child("MESSAGE");
  EXPECT_EQ(message_element.attribute("ID"), "\"/><ERROR CODE='1'/>\n&");
  EXPECT_EQ(message_element.attribute("PROTOCOLVERSION"), "1.2");
  EXPECT_EQ(message_element.first_child->first_child->attribute("NAME"), "No<such>");
}

}  // namespace
}  // namespace lunaria::wbem::cimxml
