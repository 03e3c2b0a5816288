#include "daemon/audit_text.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>
#include <vector>

namespace lunaria::daemon {
namespace {

// syslog(3)
constexpr int kPriorityWarning = 4;
constexpr int kPriorityNotice = 5;

std::string cut(std::string_view text) {
  return std::string(text.substr(0, kAuditTextMax));
}

std::vector<std::string> cut(const std::vector<std::string>& list) {
  std::vector<std::string> shorter;
  std::ranges::transform(list.begin(), list.begin() + static_cast<std::ptrdiff_t>(std::min(list.size(), kAuditListMax)),
                         std::back_inserter(shorter), [](const std::string& text) { return cut(text); });
  if (list.size() > kAuditListMax) {
    shorter.push_back(fmt::format("and {} more", list.size() - kAuditListMax));
  }
  return shorter;
}

std::string time_text(runtime::WallTime time) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(time);
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:06}Z", fmt::gmtime(std::chrono::system_clock::to_time_t(seconds)),
                     (time - seconds).count());
}

bool is_login(const cim::AuditRecord& record) {
  return record.operation == cim::kAuthenticate;
}

/// For people: the other fields say it again, each on its own.
std::string message(const cim::AuditRecord& record) {
  std::string text =
      fmt::format("{} from {}: {}", record.user.empty() ? "somebody" : cut(record.user), record.peer, record.operation);
  if (!record.class_name.empty()) {
    text += fmt::format(" {}{}{}", cut(record.class_name), record.method.empty() ? "" : ".", cut(record.method));
  }
  if (!record.object.empty()) {
    text += fmt::format(" on {}", cut(record.object));
  }
  text += fmt::format(": {}{}{}", record.result, record.reason.empty() ? "" : ", ", record.reason);
  if (!record.return_value.empty()) {
    text += fmt::format(", returned {}", record.return_value);
  }
  return text;
}

/// A text as the protocol takes any: its name, its length in eight bytes, little-endian, and its bytes.
void append_field(std::string& out, std::string_view name, std::string_view value) {
  if (value.empty()) {
    return;
  }
  out += name;
  out += '\n';
  auto rest = static_cast<std::uint64_t>(value.size());
  for (int i = 0; i < 8; ++i) {
    out += static_cast<char>(rest & 0xFF);
    rest >>= 8;
  }
  out += value;
  out += '\n';
}

std::string number_text(std::uint64_t number) {
  return number == 0 ? std::string() : std::to_string(number);
}

}  // namespace

std::string to_json_line(const cim::AuditRecord& record, const AuditGaps& gaps) {
  nlohmann::ordered_json json;
  const auto add = [&json](const char* name, std::string_view text) {
    if (!text.empty()) {
      json[name] = cut(text);
    }
  };
  add("time", time_text(record.time));
  add("user", record.user);
  if (record.role) {
    add("role", cim::to_string(*record.role));
  }
  add("authentication", cim::to_string(record.authentication));
  add("peer", record.peer);
  add("front", record.front);
  add("transport", record.transport);
  add("operation", record.operation);
  add("namespace", record.name_space);
  add("class", record.class_name);
  add("method", record.method);
  add("object", record.object);
  if (!record.elements.empty()) {
    json["elements"] = cut(record.elements);
  }
  if (!record.references.empty()) {
    json["references"] = cut(record.references);
  }
  add("result", record.result);
  add("reason", record.reason);
  add("return_value", record.return_value);
  if (gaps.refusals_left_out != 0) {
    json["refusals_left_out"] = gaps.refusals_left_out;
  }
  if (gaps.records_lost != 0) {
    json["records_lost"] = gaps.records_lost;
  }
  return json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + '\n';
}

std::string to_journal_datagram(const cim::AuditRecord& record, const AuditGaps& gaps) {
  std::string out;
  append_field(out, "MESSAGE", message(record));
  append_field(out, "MESSAGE_ID", is_login(record) ? kRefusedLoginMessageId : kChangeMessageId);
  append_field(out, "PRIORITY", std::to_string(record.result == "ok" ? kPriorityNotice : kPriorityWarning));
  append_field(out, "SYSLOG_IDENTIFIER", "lunariad");
  append_field(out, "LUNARIA_TIME", time_text(record.time));
  append_field(out, "LUNARIA_USER", cut(record.user));
  if (record.role) {
    append_field(out, "LUNARIA_ROLE", cim::to_string(*record.role));
  }
  append_field(out, "LUNARIA_AUTHENTICATION", cim::to_string(record.authentication));
  append_field(out, "LUNARIA_PEER", record.peer);
  append_field(out, "LUNARIA_FRONT", record.front);
  append_field(out, "LUNARIA_TRANSPORT", record.transport);
  append_field(out, "LUNARIA_OPERATION", record.operation);
  append_field(out, "LUNARIA_NAMESPACE", cut(record.name_space));
  append_field(out, "LUNARIA_CLASS", cut(record.class_name));
  append_field(out, "LUNARIA_METHOD", cut(record.method));
  append_field(out, "LUNARIA_OBJECT", cut(record.object));
  append_field(out, "LUNARIA_ELEMENTS", fmt::format("{}", fmt::join(cut(record.elements), " ")));
  append_field(out, "LUNARIA_REFERENCES", fmt::format("{}", fmt::join(cut(record.references), " ")));
  append_field(out, "LUNARIA_RESULT", record.result);
  append_field(out, "LUNARIA_REASON", record.reason);
  append_field(out, "LUNARIA_RETURN_VALUE", record.return_value);
  append_field(out, "LUNARIA_REFUSALS_LEFT_OUT", number_text(gaps.refusals_left_out));
  append_field(out, "LUNARIA_RECORDS_LOST", number_text(gaps.records_lost));
  return out;
}

}  // namespace lunaria::daemon
