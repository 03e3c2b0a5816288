#pragma once

// Pieces of requests, and a world that is asked them and must be well afterwards: for the tests of wrong requests. Not
// part of the product.

#include <fmt/format.h>

#include "wbem/cimxml/world_for_test.h"

namespace lunaria::wbem::cimxml {

inline std::string repeated(std::string_view text, std::size_t count) {
  std::string out;
  out.reserve(text.size() * count);
  for (std::size_t i = 0; i < count; ++i) {
    out += text;
  }
  return out;
}

inline std::string parameter(std::string_view name, std::string_view content) {
  return fmt::format("<IPARAMVALUE NAME=\"{}\">{}</IPARAMVALUE>", name, content);
}

inline std::string class_name(std::string_view name) {
  return parameter("ClassName", fmt::format("<CLASSNAME NAME=\"{}\"/>", name));
}

inline std::string key(std::string_view name, std::string_view text, std::string_view value_type = "string") {
  return fmt::format("<KEYBINDING NAME=\"{}\"><KEYVALUE VALUETYPE=\"{}\">{}</KEYVALUE></KEYBINDING>", name, value_type,
                     text);
}

inline std::string instance_name(std::string_view keys, std::string_view cls = "T_Disk") {
  return fmt::format("<INSTANCENAME CLASSNAME=\"{}\">{}</INSTANCENAME>", cls, keys);
}

inline const std::string kKeys = key("System", "h") + key("Id", "1", "numeric");
inline const std::string kDisk = instance_name(kKeys);

inline std::string property(std::string_view name, std::string_view type, std::string_view value) {
  return fmt::format("<PROPERTY NAME=\"{}\" TYPE=\"{}\"><VALUE>{}</VALUE></PROPERTY>", name, type, value);
}

inline std::string new_instance(std::string_view properties, std::string_view cls = "T_Disk") {
  return parameter("NewInstance", fmt::format("<INSTANCE CLASSNAME=\"{}\">{}</INSTANCE>", cls, properties));
}

inline std::string modified(std::string_view properties, std::string_view name = kDisk,
                            std::string_view cls = "T_Disk") {
  return parameter("ModifiedInstance",
                   fmt::format("<VALUE.NAMEDINSTANCE>{}<INSTANCE CLASSNAME=\"{}\">{}</INSTANCE></VALUE.NAMEDINSTANCE>",
                               name, cls, properties));
}

inline std::string list(std::string_view values) {
  return parameter("PropertyList", fmt::format("<VALUE.ARRAY>{}</VALUE.ARRAY>", values));
}

class CimXmlBadRequest : public CimXmlWorld, public testing::Test {
 protected:
  CimXmlBadRequest() { provider.add(disk(1)); }

  void expect_alive(std::string_view after) {
    const HttpReply reply = exchange(http_post({}, intrinsic_call("EnumerateClassNames", "")));
    EXPECT_EQ(reply.status, 200U) << "after " << after;
    EXPECT_EQ(reply.cim_code(), "") << "after " << after;
  }
  void expect_refused(std::string_view name, std::string request, unsigned status, std::string_view cim_error) {
    const HttpReply reply = exchange(std::move(request));
    EXPECT_EQ(reply.status, status) << name << '\n' << reply.body;
    EXPECT_EQ(reply.cim_error(), cim_error) << name << '\n' << reply.body;
    EXPECT_TRUE(reply.fields.contains("Content-Length"))
        << name << ": a client waits for the end of what has no length";
    EXPECT_TRUE(reply.is_complete) << name;
    expect_alive(name);
  }
  void expect_code(std::string_view name, const CimFields& fields, const std::string& message, std::string_view code) {
    const HttpReply reply = exchange(http_post(fields, message));
    EXPECT_EQ(reply.status, 200U) << name << '\n' << reply.body;
    EXPECT_EQ(reply.cim_code(), code) << name << '\n' << reply.body;
    EXPECT_TRUE(XmlDocument::parse(reply.body)) << name;
    expect_alive(name);
  }
};

/// A well-formed operation that cannot be done: the CIM status code says why; "" for those that can.
struct BadOperation {
  const char* name;
  const char* method;
  std::string parameters;
  const char* code;
};

}  // namespace lunaria::wbem::cimxml
