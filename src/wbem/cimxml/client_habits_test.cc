// Requests as common clients send them, heads included: tests/golden/clients/NAME.request, and in NAME.response what
// they are answered. Written by hand from what these clients are known to send; lines end with LF there, and @ stands
// for the length of the body.

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <regex>
#include <string>

#include "wbem/cimxml/world_for_test.h"

namespace lunaria::wbem::cimxml {
namespace {

constexpr const char* kExchanges[] = {
    "pywbem_get_instance",
    "pywbem_invoke_method",
    "pywbem_open_enumerate_instances",
    "pywbem_open_enumerate_paths",
    "pywbem_open_associators",
    "pywbem_open_references",
    "pywbem_open_reference_paths_not_found",
    "pywbem_open_filter",
    "pegasus_associators",
    "pegasus_associator_names_of_class",
    "pegasus_references_of_class",
    "pegasus_reference_names",
    "pegasus_get_property",
    "pegasus_set_property",
    "pegasus_create_class",
    "wbemcli_associator_names",
    "wbemcli_enumerate_class_names",
    "windows_enumerate_instances_interop",
    "windows_associators_null_filters",
    "windows_get_class_http_1_0",
};

std::string golden_path(const std::string& name) {
  return LUNARIA_SOURCE_DIR "/tests/golden/clients/" + name;
}

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// The bytes that go over the wire.
std::string wire_request(const std::string& name) {
  const std::string text = read_file(golden_path(name + ".request"));
  const auto end = text.find("\n\n");
  const std::string body = text.substr(end + 2);
  std::string head;
  for (const char c : text.substr(0, end)) {
    head += c == '\n' ? "\r\n" : c == '@' ? std::to_string(body.size()) : std::string(1, c);
  }
  return head + "\r\n\r\n" + body;
}

/// The answer as the files hold it: a tag a line, without what differs from run to run.
std::string readable(const std::string& reply) {
  std::string text = std::regex_replace(reply, std::regex("Date: [^\r]*\r\n"), "");
  text = std::regex_replace(text, std::regex("<VALUE>[0-9a-f]{32}</VALUE>"), "<VALUE>CONTEXT</VALUE>");
  text = std::regex_replace(text, std::regex("Content-Length: [0-9]+\r\n"), "Content-Length: @\r\n");
  text = std::regex_replace(text, std::regex("><"), ">\n<");
  return std::regex_replace(text, std::regex("\r\n"), "\n");
}

class ClientHabits : public CimXmlWorld, public testing::TestWithParam<const char*> {
 protected:
  ClientHabits() {
    provider.add(disk(1));
    provider.add(disk(2));
    provider.add(disk(3, "T_FastDisk"));
    cim::Instance link(repository.find_class(space, "T_Link"));
    EXPECT_TRUE(link.set("Left", cim::Value(disk(1).path(space))));
    EXPECT_TRUE(link.set("Right", cim::Value(disk(3, "T_FastDisk").path(space))));
    provider.add(std::move(link));
    const cim::NamespaceName interop("root/interop");
    EXPECT_TRUE(repository.add_namespace(interop));
    EXPECT_TRUE(repository.share_class(space, interop, "T_FastDisk"));
    providers.add(interop, "T_FastDisk", provider);
  }

  std::string answer() {
    RawClient client = connect();
    client.send(wire_request(GetParam()));
    EXPECT_TRUE(client.run_until(
        [&client] { return client.text.ends_with("</CIM>\n") || client.text.ends_with("0\r\n\r\n") || client.ended; }));
    return readable(client.text);
  }
};

TEST_P(ClientHabits, AreAnsweredToTheLetter) {
  EXPECT_EQ(answer(), read_file(golden_path(std::string(GetParam()) + ".response")))
      << "if the new answer is right, run this test's DISABLED_Update";
}

// Writes the answers of today: --gtest_also_run_disabled_tests --gtest_filter='*DISABLED_Update*'. Review the change.
TEST_P(ClientHabits, DISABLED_Update) {
  std::ofstream(golden_path(std::string(GetParam()) + ".response"), std::ios::binary) << answer();
}

INSTANTIATE_TEST_SUITE_P(Exchange, ClientHabits, testing::ValuesIn(kExchanges),
                         [](const auto& info) { return std::string(info.param); });

}  // namespace
}  // namespace lunaria::wbem::cimxml
