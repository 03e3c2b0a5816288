#include "daemon/audit_text.h"

#include <gtest/gtest.h>

#include <chrono>
#include <map>
#include <nlohmann/json.hpp>
#include <string>

namespace lunaria::daemon {
namespace {

cim::AuditRecord sample() {
  cim::AuditRecord record;
  record.time = runtime::WallTime(std::chrono::microseconds(1'795'802'523'000'007));
  record.user = "alice";
  record.role = cim::Role::kOperator;
  record.peer = "192.0.2.9:50000";
  record.front = "cim-xml";
  record.transport = "https";
  record.operation = "InvokeMethod";
  record.name_space = "root/lunaria";
  record.class_name = "T_Disk";
  record.method = "Resize";
  record.object = "root/lunaria:T_Disk.Id=1";
  record.elements = {"Size"};
  record.references = {"Like=root/lunaria:T_Disk.Id=2"};
  record.result = "ok";
  record.return_value = "0";
  return record;
}

/// Reads the Journal Native Protocol as systemd does; an entry "" tells of a datagram that is malformed.
std::map<std::string, std::string> fields_of(std::string_view datagram) {
  std::map<std::string, std::string> fields;
  while (!datagram.empty()) {
    const std::size_t name_end = datagram.find('\n');
    if (name_end == std::string_view::npos || datagram.size() < name_end + 9) {
      fields[""] = "cut";
      break;
    }
    std::size_t length = 0;
    for (std::size_t i = 8; i > 0; --i) {
      length = length << 8U | static_cast<unsigned char>(datagram[name_end + i]);
    }
    const std::size_t start = name_end + 9;
    if (datagram.size() < start + length + 1 || datagram[start + length] != '\n') {
      fields[""] = "no end";
      break;
    }
    fields[std::string(datagram.substr(0, name_end))] = datagram.substr(start, length);
    datagram.remove_prefix(start + length + 1);
  }
  return fields;
}

TEST(AuditJson, IsOneLineWithEveryPart) {
  const std::string line = to_json_line(sample(), {});
  EXPECT_EQ(line,
            R"({"time":"2026-11-27T18:02:03.000007Z","user":"alice","role":"operator","authentication":"password",)"
            R"("peer":"192.0.2.9:50000","front":"cim-xml","transport":"https","operation":"InvokeMethod",)"
            R"("namespace":"root/lunaria","class":"T_Disk","method":"Resize","object":"root/lunaria:T_Disk.Id=1",)"
            R"("elements":["Size"],"references":["Like=root/lunaria:T_Disk.Id=2"],"result":"ok","return_value":"0"})"
            "\n");
}

TEST(AuditJson, LeavesOutWhatIsEmptyAndTellsOfGaps) {
  cim::AuditRecord record;
  record.operation = cim::kAuthenticate;
  record.peer = "198.51.100.1:1";
  record.result = "refused";
  record.reason = "throttled";
  const auto json = nlohmann::json::parse(to_json_line(record, {.refusals_left_out = 12, .records_lost = 3}));
  EXPECT_FALSE(json.contains("user"));
  EXPECT_FALSE(json.contains("role"));
  EXPECT_FALSE(json.contains("elements"));
  EXPECT_EQ(json["reason"], "throttled");
  EXPECT_EQ(json["refusals_left_out"], 12);
  EXPECT_EQ(json["records_lost"], 3);
}

TEST(AuditJson, StaysOneBoundedLineWhateverAClientSends) {
  cim::AuditRecord record = sample();
  record.user = "a\",\"role\":\"administrator\"\n\xff\x01";
  record.object = std::string(100'000, 'x');
  record.elements.assign(5'000, std::string(10'000, 'y'));
  record.references.assign(5'000, std::string(10'000, 'z'));
  const std::string line = to_json_line(record, {});
  EXPECT_EQ(line.find('\n'), line.size() - 1);
  EXPECT_LT(line.size(), 64U * 1024);
  const auto json = nlohmann::json::parse(line);
  EXPECT_EQ(json["user"], "a\",\"role\":\"administrator\"\n\xEF\xBF\xBD\x01");
  EXPECT_EQ(json["role"], "operator");
  EXPECT_EQ(json["object"].get<std::string>().size(), kAuditTextMax);
  EXPECT_EQ(json["elements"].size(), kAuditListMax + 1);
  EXPECT_EQ(json["elements"].back(), "and 4984 more");
}

TEST(AuditJournal, HasAFieldForEveryPart) {
  const auto fields = fields_of(to_journal_datagram(sample(), {.records_lost = 2}));
  EXPECT_FALSE(fields.contains(""));
  EXPECT_EQ(fields.at("MESSAGE"),
            "alice from 192.0.2.9:50000: InvokeMethod T_Disk.Resize on root/lunaria:T_Disk.Id=1: ok, returned 0");
  EXPECT_EQ(fields.at("MESSAGE_ID"), kChangeMessageId);
  EXPECT_EQ(fields.at("PRIORITY"), "5");
  EXPECT_EQ(fields.at("SYSLOG_IDENTIFIER"), "lunariad");
  EXPECT_EQ(fields.at("LUNARIA_USER"), "alice");
  EXPECT_EQ(fields.at("LUNARIA_ROLE"), "operator");
  EXPECT_EQ(fields.at("LUNARIA_PEER"), "192.0.2.9:50000");
  EXPECT_EQ(fields.at("LUNARIA_TRANSPORT"), "https");
  EXPECT_EQ(fields.at("LUNARIA_OPERATION"), "InvokeMethod");
  EXPECT_EQ(fields.at("LUNARIA_NAMESPACE"), "root/lunaria");
  EXPECT_EQ(fields.at("LUNARIA_CLASS"), "T_Disk");
  EXPECT_EQ(fields.at("LUNARIA_METHOD"), "Resize");
  EXPECT_EQ(fields.at("LUNARIA_OBJECT"), "root/lunaria:T_Disk.Id=1");
  EXPECT_EQ(fields.at("LUNARIA_RESULT"), "ok");
  EXPECT_EQ(fields.at("LUNARIA_RECORDS_LOST"), "2");
  EXPECT_FALSE(fields.contains("LUNARIA_REASON"));
}

TEST(AuditJournal, CannotBeGivenFieldsByAClient) {
  cim::AuditRecord record = sample();
  record.operation = cim::kAuthenticate;
  record.user = "mallory\nLUNARIA_RESULT=ok\nPRIORITY=7";
  record.result = "refused";
  const auto fields = fields_of(to_journal_datagram(record, {}));
  EXPECT_FALSE(fields.contains(""));
  EXPECT_EQ(fields.at("LUNARIA_USER"), record.user);
  EXPECT_EQ(fields.at("LUNARIA_RESULT"), "refused");
  EXPECT_EQ(fields.at("PRIORITY"), "4");
  EXPECT_EQ(fields.at("MESSAGE_ID"), kRefusedLoginMessageId);
}

}  // namespace
}  // namespace lunaria::daemon
