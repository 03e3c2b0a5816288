// Wrong requests to follow associations, to pull, to change the schema and to touch single properties: the CIM status
// that each is answered with. What is wrong with heads, XML and instances is in bad_requests_test.cc.

#include <gtest/gtest.h>

#include "wbem/cimxml/request_parts_for_test.h"

namespace lunaria::wbem::cimxml {
namespace {

std::string text(std::string_view name, std::string_view value) {
  return parameter(name, fmt::format("<VALUE>{}</VALUE>", value));
}
std::string class_in(std::string_view parameter_name, std::string_view name) {
  return parameter(parameter_name, fmt::format("<CLASSNAME NAME=\"{}\"/>", name));
}

std::vector<BadOperation> bad_associations() {
  const std::string disk = parameter("ObjectName", kDisk);
  const std::string cls = class_in("ObjectName", "T_Disk");
  return {
      {"associators", "Associators", disk, ""},
      {"associators of a class", "Associators", cls, ""},
      {"no object", "Associators", "", "4"},
      {"a NULL object", "AssociatorNames", "<IPARAMVALUE NAME=\"ObjectName\"/>", "4"},
      {"an instance name for a class filter", "Associators", disk + parameter("AssocClass", kDisk), "4"},
      {"an association that is nowhere", "Associators", disk + class_in("AssocClass", "T_None"), "4"},
      {"a result class that is nowhere", "AssociatorNames", disk + class_in("ResultClass", "T_None"), "4"},
      {"a class that is nowhere", "Associators", class_in("ObjectName", "T_None"), "4"},
      {"an association of a class that is nowhere", "AssociatorNames", cls + class_in("AssocClass", "T_None"), "4"},
      {"an object of a class that is nowhere", "References", parameter("ObjectName", instance_name(kKeys, "T_None")),
       "4"},
      {"an object with a key too few", "References", parameter("ObjectName", instance_name(key("Id", "1", "numeric"))),
       "4"},
      {"an object with a key of another type", "ReferenceNames",
       parameter("ObjectName", instance_name(key("System", "h") + key("Id", "x"))), "4"},
      {"AssocClass for references", "References", disk + class_in("AssocClass", "T_Link"), "4"},
      {"ResultRole for references", "ReferenceNames", disk + text("ResultRole", "Left"), "4"},
      {"a property list for names", "AssociatorNames", disk + list("<VALUE>Id</VALUE>"), "4"},
      {"qualifiers for names", "ReferenceNames", disk + text("IncludeQualifiers", "TRUE"), "4"},
      {"a role that no association has", "Associators", disk + text("Role", "Nobody"), ""},
      {"an object that is not there", "Associators",
       parameter("ObjectName", instance_name(key("System", "x") + key("Id", "1", "numeric"))), ""},
      {"filters that are NULL", "Associators",
       disk + "<IPARAMVALUE NAME=\"AssocClass\"/><IPARAMVALUE NAME=\"Role\"/>" + parameter("ResultRole", "<VALUE/>"),
       ""},
      {"no query", "ExecQuery", text("QueryLanguage", "WQL"), "4"},
      {"no query language", "ExecQuery", text("Query", "SELECT * FROM T_Disk"), "4"},
      {"a query language that nobody knows", "ExecQuery",
       text("QueryLanguage", "SQL") + text("Query", "SELECT * FROM T_Disk"), "14"},
      {"a query", "ExecQuery", text("QueryLanguage", "WQL") + text("Query", "SELECT * FROM T_Disk"), ""},
      {"a query for classes", "ExecQuery", text("QueryLanguage", "WQL") + text("Query", "SELECT * FROM meta_class"),
       ""},
      {"a query of nothing", "ExecQuery", text("QueryLanguage", "WQL") + text("Query", "SELECT * FROM T_None"), "15"},
      {"half a query", "ExecQuery", text("QueryLanguage", "DMTF:CQL") + text("Query", "SELECT * FROM"), "15"},
      {"associators of nothing in a query", "ExecQuery",
       text("QueryLanguage", "WQL") + text("Query", "ASSOCIATORS OF {T_Disk}"), "15"},
  };
}

std::vector<BadOperation> bad_opens() {
  const std::string cls = class_name("T_Disk");
  const std::string disk = parameter("InstanceName", kDisk);
  return {
      {"an Open that gets all", "OpenEnumerateInstances", cls + text("MaxObjectCount", "9"), ""},
      {"no class", "OpenEnumerateInstances", "", "4"},
      {"a class that is not there", "OpenEnumerateInstances", class_name("T_None"), "5"},
      {"paths of a class that is not there", "OpenEnumerateInstancePaths", class_name("T_None"), "5"},
      {"a timeout of never", "OpenEnumerateInstances", cls + text("OperationTimeout", "0"), "22"},
      {"a timeout of a day", "OpenEnumerateInstancePaths", cls + text("OperationTimeout", "86400"), "22"},
      {"the longest timeout and one more", "OpenEnumerateInstances", cls + text("OperationTimeout", "3601"), "22"},
      {"a negative timeout", "OpenEnumerateInstances", cls + text("OperationTimeout", "-1"), "4"},
      {"a timeout that is no number", "OpenEnumerateInstances", cls + text("OperationTimeout", "soon"), "4"},
      {"a count that is no number", "OpenEnumerateInstances", cls + text("MaxObjectCount", "all"), "4"},
      {"a negative count", "OpenEnumerateInstances", cls + text("MaxObjectCount", "-1"), "4"},
      {"a count of 2^32", "OpenEnumerateInstances", cls + text("MaxObjectCount", "4294967296"), "4"},
      {"ContinueOnError that is no boolean", "OpenEnumerateInstances", cls + text("ContinueOnError", "maybe"), "4"},
      {"an unknown parameter", "OpenEnumerateInstances", cls + text("Bogus", "1"), "4"},
      {"a property list for paths", "OpenEnumerateInstancePaths", cls + list("<VALUE>Id</VALUE>"), "4"},
      {"associators without an instance", "OpenAssociatorInstances", "", "4"},
      {"associators of a class", "OpenAssociatorInstances", class_in("InstanceName", "T_Disk"), "4"},
      {"associators of what is not there", "OpenAssociatorInstances",
       parameter("InstanceName", instance_name(key("System", "x") + key("Id", "1", "numeric"))), "6"},
      {"associator paths of what is not there", "OpenAssociatorInstancePaths",
       parameter("InstanceName", instance_name(key("System", "x") + key("Id", "1", "numeric"))), "6"},
      {"references of what is not there", "OpenReferenceInstances",
       parameter("InstanceName", instance_name(key("System", "x") + key("Id", "1", "numeric"))), "6"},
      {"reference paths of what is not there", "OpenReferenceInstancePaths",
       parameter("InstanceName", instance_name(key("System", "x") + key("Id", "1", "numeric"))), "6"},
      {"references over a class that is nowhere", "OpenReferenceInstances", disk + class_in("ResultClass", "T_None"),
       "4"},
      {"AssocClass for references", "OpenReferenceInstancePaths", disk + class_in("AssocClass", "T_Link"), "4"},
      {"a filter", "OpenEnumerateInstances",
       cls + text("MaxObjectCount", "9") + text("FilterQueryLanguage", "DMTF:FQL") + text("FilterQuery", "Id = 1"), ""},
      {"half a filter", "OpenEnumerateInstances",
       cls + text("FilterQueryLanguage", "DMTF:FQL") + text("FilterQuery", "Id ="), "15"},
      {"a filter in a language that nobody knows", "OpenEnumerateInstances",
       cls + text("FilterQueryLanguage", "SQL") + text("FilterQuery", "Id = 1"), "14"},
      {"a query for a filter", "OpenEnumerateInstancePaths",
       cls + text("FilterQueryLanguage", "WQL") + text("FilterQuery", "SELECT * FROM T_Disk"), "14"},
      {"the class of a query's result", "OpenQueryInstances",
       text("FilterQueryLanguage", "WQL") + text("FilterQuery", "SELECT * FROM T_Disk") +
           text("ReturnQueryResultClass", "TRUE") + text("MaxObjectCount", "9"),
       ""},
      {"the class of a made-up result", "OpenQueryInstances",
       text("FilterQueryLanguage", "DMTF:CQL") + text("FilterQuery", "SELECT COUNT(*) FROM T_Disk") +
           text("ReturnQueryResultClass", "TRUE") + text("MaxObjectCount", "9"),
       ""},
      {"the class of a made-up result whose type is not known yet", "OpenQueryInstances",
       text("FilterQueryLanguage", "DMTF:CQL") + text("FilterQuery", "SELECT SUM(Id) FROM T_Disk") +
           text("ReturnQueryResultClass", "TRUE"),
       "7"},
      {"a query without text", "OpenQueryInstances", text("FilterQueryLanguage", "WQL"), "4"},
      {"a query without language", "OpenQueryInstances", text("FilterQuery", "SELECT * FROM T_Disk"), "4"},
      {"a query in a language that nobody knows", "OpenQueryInstances",
       text("FilterQueryLanguage", "SQL") + text("FilterQuery", "SELECT 1"), "14"},
  };
}

std::vector<BadOperation> bad_pulls() {
  const std::string unknown = text("EnumerationContext", std::string(32, '0'));
  std::vector<BadOperation> rows;
  for (const char* method : {"PullInstancesWithPath", "PullInstancePaths", "PullInstances"}) {
    rows.push_back({"no context", method, text("MaxObjectCount", "1"), "4"});
    rows.push_back({"an empty context", method, text("EnumerationContext", "") + text("MaxObjectCount", "1"), "4"});
    rows.push_back(
        {"a NULL context", method, "<IPARAMVALUE NAME=\"EnumerationContext\"/>" + text("MaxObjectCount", "1"), "4"});
    rows.push_back({"no count", method, unknown, "4"});
    rows.push_back({"a NULL count", method, unknown + "<IPARAMVALUE NAME=\"MaxObjectCount\"/>", "4"});
    rows.push_back({"a count that is no number", method, unknown + text("MaxObjectCount", "x"), "4"});
    rows.push_back({"a context that nobody opened", method, unknown + text("MaxObjectCount", "1"), "21"});
    rows.push_back({"a context with markup", method,
                    text("EnumerationContext", "&lt;a&gt;&amp;") + text("MaxObjectCount", "1"), "21"});
    rows.push_back({"an enormous context", method,
                    text("EnumerationContext", std::string(100'000, 'f')) + text("MaxObjectCount", "1"), "21"});
    rows.push_back(
        {"a parameter of Open", method, unknown + text("MaxObjectCount", "1") + text("OperationTimeout", "1"), "4"});
  }
  for (const char* method : {"CloseEnumeration", "EnumerationCount"}) {
    rows.push_back({"no context", method, "", "4"});
    rows.push_back({"a context that nobody opened", method, unknown, "21"});
    rows.push_back({"a parameter of Pull", method, unknown + text("MaxObjectCount", "1"), "4"});
  }
  return rows;
}

std::string new_class(std::string_view content) {
  return parameter("NewClass", fmt::format("<CLASS NAME=\"T_New\">{}</CLASS>", content));
}

/// The schema of the world cannot be changed: what is right gets 7.
std::vector<BadOperation> bad_schema_changes() {
  return {
      {"a class", "CreateClass", new_class(""), "7"},
      {"no class", "CreateClass", "", "4"},
      {"no changed class", "ModifyClass", "", "4"},
      {"a class name for a class", "CreateClass", class_in("NewClass", "T_New"), "4"},
      {"a class for a qualifier", "SetQualifier", parameter("QualifierDeclaration", "<CLASS NAME=\"X\"/>"), "4"},
      {"the parameter of another operation", "ModifyClass", new_class(""), "4"},
      {"a class to delete that has no name", "DeleteClass", "", "4"},
      {"an instance to delete as a class", "DeleteClass", parameter("ClassName", kDisk), "4"},
      {"a class to delete", "DeleteClass", class_name("T_Disk"), "7"},
      {"a default of another type", "CreateClass",
       new_class("<PROPERTY NAME=\"A\" TYPE=\"uint8\"><VALUE>256</VALUE></PROPERTY>"), "4"},
      {"a qualifier of another type", "CreateClass",
       new_class("<QUALIFIER NAME=\"Abstract\" TYPE=\"boolean\"><VALUE>7</VALUE></QUALIFIER>"), "4"},
      {"no qualifier", "SetQualifier", "", "4"},
      {"a qualifier", "SetQualifier",
       parameter("QualifierDeclaration",
                 "<QUALIFIER.DECLARATION NAME=\"Q\" TYPE=\"string\"><SCOPE CLASS=\"true\"/></QUALIFIER.DECLARATION>"),
       "7"},
      {"a qualifier whose default is out of range", "SetQualifier",
       parameter("QualifierDeclaration",
                 "<QUALIFIER.DECLARATION NAME=\"Q\" TYPE=\"uint8\"><SCOPE/><VALUE>300</VALUE></QUALIFIER.DECLARATION>"),
       "4"},
      {"no qualifier to delete", "DeleteQualifier", "", "4"},
      {"a qualifier to delete", "DeleteQualifier", text("QualifierName", "Key"), "7"},
  };
}

std::vector<BadOperation> bad_properties() {
  const std::string disk = parameter("InstanceName", kDisk);
  const std::string label = text("PropertyName", "Label");
  return {
      {"a property", "GetProperty", disk + label, ""},
      {"no instance", "GetProperty", label, "4"},
      {"no property", "GetProperty", disk, "4"},
      {"an unknown property", "GetProperty", disk + text("PropertyName", "Colour"), "12"},
      {"a property of what is not there", "GetProperty",
       parameter("InstanceName", instance_name(key("System", "x") + key("Id", "1", "numeric"))) + label, "6"},
      {"a property of nothing's class", "GetProperty",
       parameter("InstanceName", instance_name(kKeys, "T_None")) + label, "5"},
      {"a property to set of what is not there", "SetProperty",
       parameter("InstanceName", instance_name(key("System", "x") + key("Id", "1", "numeric"))) + label +
           text("NewValue", "x"),
       "6"},
      {"an unknown property to set", "SetProperty", disk + text("PropertyName", "Colour") + text("NewValue", "x"),
       "12"},
      {"a property to set that is read-only", "SetProperty",
       disk + text("PropertyName", "Size") + text("NewValue", "8"), "7"},
      {"a key to set", "SetProperty", disk + text("PropertyName", "Id") + text("NewValue", "2"), "4"},
      {"text for a number", "SetProperty",
       disk + text("PropertyName", "Modes") + parameter("NewValue", "<VALUE.ARRAY><VALUE>x</VALUE></VALUE.ARRAY>"),
       "13"},
      {"a scalar for an array", "SetProperty", disk + text("PropertyName", "Modes") + text("NewValue", "1"), "13"},
      {"an array for a scalar", "SetProperty",
       disk + label + parameter("NewValue", "<VALUE.ARRAY><VALUE>x</VALUE></VALUE.ARRAY>"), "13"},
      {"a reference for text", "SetProperty",
       disk + label + parameter("NewValue", "<VALUE.REFERENCE>" + kDisk + "</VALUE.REFERENCE>"), "13"},
  };
}

/// The document itself is none of DSP0201.
std::vector<BadOperation> bad_declarations() {
  const auto qualifier = [](std::string_view attributes, std::string_view content) {
    return parameter("QualifierDeclaration",
                     fmt::format("<QUALIFIER.DECLARATION {}>{}</QUALIFIER.DECLARATION>", attributes, content));
  };
  return {
      {"a class without name", "CreateClass", parameter("NewClass", "<CLASS/>"), ""},
      {"a property without name", "CreateClass", new_class("<PROPERTY TYPE=\"uint8\"/>"), ""},
      {"a property without type", "CreateClass", new_class("<PROPERTY NAME=\"A\"/>"), ""},
      {"a property of unknown type", "CreateClass", new_class("<PROPERTY NAME=\"A\" TYPE=\"int\"/>"), ""},
      {"a property with two defaults", "CreateClass",
       new_class("<PROPERTY NAME=\"A\" TYPE=\"uint8\"><VALUE>1</VALUE><VALUE>1</VALUE></PROPERTY>"), ""},
      {"an array of no size", "CreateClass",
       new_class("<PROPERTY.ARRAY NAME=\"A\" TYPE=\"uint8\" ARRAYSIZE=\"many\"/>"), ""},
      {"a qualifier behind the properties", "CreateClass",
       new_class("<PROPERTY NAME=\"A\" TYPE=\"uint8\"/><QUALIFIER NAME=\"B\" TYPE=\"boolean\"/>"), ""},
      {"a qualifier without type", "CreateClass", new_class("<QUALIFIER NAME=\"B\"/>"), ""},
      {"a method without name", "CreateClass", new_class("<METHOD TYPE=\"uint32\"/>"), ""},
      {"a method of unknown type", "CreateClass", new_class("<METHOD NAME=\"M\" TYPE=\"int\"/>"), ""},
      {"a property in a method", "CreateClass",
       new_class("<METHOD NAME=\"M\" TYPE=\"uint32\"><PROPERTY NAME=\"A\" TYPE=\"uint8\"/></METHOD>"), ""},
      {"a parameter with a value", "CreateClass",
       new_class("<METHOD NAME=\"M\" TYPE=\"uint32\"><PARAMETER NAME=\"A\" TYPE=\"uint8\"><VALUE>1</VALUE>"
                 "</PARAMETER></METHOD>"),
       ""},
      {"an instance in a class", "CreateClass", new_class("<INSTANCE CLASSNAME=\"T_Disk\"/>"), ""},
      {"a declaration without name", "SetQualifier", qualifier("TYPE=\"string\"", ""), ""},
      {"a declaration without type", "SetQualifier", qualifier("NAME=\"Q\"", ""), ""},
      {"a scope with content", "SetQualifier", qualifier("NAME=\"Q\" TYPE=\"string\"", "<SCOPE><VALUE/></SCOPE>"), ""},
      {"two defaults", "SetQualifier", qualifier("NAME=\"Q\" TYPE=\"string\"", "<SCOPE/><VALUE/><VALUE/>"), ""},
      {"an array default for a scalar", "SetQualifier",
       qualifier("NAME=\"Q\" TYPE=\"string\"", "<SCOPE/><VALUE.ARRAY/>"), ""},
  };
}

class CimXmlBadOperation : public CimXmlBadRequest {
 protected:
  void expect_codes(const std::vector<BadOperation>& rows) {
    for (const BadOperation& bad : rows) {
      expect_code(fmt::format("{}: {}", bad.method, bad.name), {bad.method}, intrinsic_call(bad.method, bad.parameters),
                  bad.code);
    }
  }
};

TEST_F(CimXmlBadOperation, OnAssociations) {
  expect_codes(bad_associations());
}

TEST_F(CimXmlBadOperation, ThatOpens) {
  expect_codes(bad_opens());
  EXPECT_EQ(enumerations.size(), 0U);
}

TEST_F(CimXmlBadOperation, ThatPulls) {
  expect_codes(bad_pulls());
}

TEST_F(CimXmlBadOperation, OnTheSchema) {
  expect_codes(bad_schema_changes());
}

TEST_F(CimXmlBadOperation, OnOneProperty) {
  expect_codes(bad_properties());
  EXPECT_EQ(provider.instances(), std::vector{disk(1)}) << "none of them changed anything";
}

TEST_F(CimXmlBadOperation, ThatDeclaresNothing) {
  for (const BadOperation& bad : bad_declarations()) {
    expect_refused(bad.name, http_post({bad.method}, intrinsic_call(bad.method, bad.parameters)), 400,
                   "request-not-valid");
  }
}

// A server that asks only once a connection lets in whoever comes second.
TEST_F(CimXmlBadOperation, OfSomebodyElseOnAConnectionThatWasGood) {
  std::string good = http_post({}, intrinsic_call("EnumerateClassNames", ""));
  good.replace(good.find("Connection: close\r\n"), 19, "");
  RawClient client = connect();
  client.send(good);
  ASSERT_TRUE(client.run_until([&client] { return client.text.ends_with("</CIM>\n"); }));
  client.text.clear();
  authenticator.failure = AuthenticationFailure{401, "Give a user and a password", true};
  client.send(http_post({}, intrinsic_call("EnumerateClassNames", "")));
  ASSERT_TRUE(client.wait_for_end());
  EXPECT_EQ(parse_reply(client.text).status, 401U);
}

TEST_F(CimXmlBadOperation, AreMany) {
  EXPECT_GE(bad_associations().size() + bad_opens().size() + bad_pulls().size() + bad_schema_changes().size() +
                bad_properties().size() + bad_declarations().size(),
            130U);
}

}  // namespace
}  // namespace lunaria::wbem::cimxml
