#include "daemon/audit_text.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <chrono>
#include <iterator>
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

/// Says each field of a record to `say`, in the order of both forms: a text, a list of texts or a number.
template <class Say>
void say_fields(const cim::AuditRecord& record, const AuditGaps& gaps, Say&& say) {
  say("time", time_text(record.time));
  say("user", cut(record.user));
  say("role", std::string(record.role ? cim::to_string(*record.role) : std::string_view()));
  say("authentication", std::string(cim::to_string(record.authentication)));
  say("peer", cut(record.peer));
  say("front", cut(record.front));
  say("transport", cut(record.transport));
  say("operation", cut(record.operation));
  say("namespace", cut(record.name_space));
  say("class", cut(record.class_name));
  say("method", cut(record.method));
  say("object", cut(record.object));
  say("elements", cut(record.elements));
  say("references", cut(record.references));
  say("result", cut(record.result));
  say("reason", cut(record.reason));
  say("return_value", cut(record.return_value));
  say("refusals_left_out", gaps.refusals_left_out);
  say("records_lost", gaps.records_lost);
}

class JsonWriter final {
 public:
  void operator()(const char* name, std::uint64_t number) {
    if (number != 0) {
      json_[name] = number;
    }
  }
  template <class Texts>
  void operator()(const char* name, const Texts& texts) {
    if (!texts.empty()) {
      json_[name] = texts;
    }
  }
  std::string line() const {
    return json_.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + '\n';
  }

 private:
  nlohmann::ordered_json json_;
};

/// "class" is LUNARIA_CLASS.
class JournalWriter final {
 public:
  explicit JournalWriter(std::string& out) : out_(out) {}

  void operator()(std::string_view name, std::uint64_t number) {
    (*this)(name, number == 0 ? std::string() : std::to_string(number));
  }
  void operator()(std::string_view name, const std::vector<std::string>& texts) {
    (*this)(name, fmt::format("{}", fmt::join(texts, " ")));
  }
  void operator()(std::string_view name, const std::string& text) {
    std::string field = "LUNARIA_";
    std::ranges::transform(name, std::back_inserter(field),
                           [](char c) { return c == '_' ? c : static_cast<char>(c - 'a' + 'A'); });
    append_field(out_, field, text);
  }

 private:
  std::string& out_;
};

}  // namespace

std::string to_json_line(const cim::AuditRecord& record, const AuditGaps& gaps) {
  JsonWriter writer;
  say_fields(record, gaps, writer);
  return writer.line();
}

std::string to_journal_datagram(const cim::AuditRecord& record, const AuditGaps& gaps) {
  std::string out;
  append_field(out, "MESSAGE", message(record));
  append_field(out, "MESSAGE_ID", is_login(record) ? kRefusedLoginMessageId : kChangeMessageId);
  append_field(out, "PRIORITY", std::to_string(record.result == "ok" ? kPriorityNotice : kPriorityWarning));
  append_field(out, "SYSLOG_IDENTIFIER", "lunariad");
  say_fields(record, gaps, JournalWriter(out));
  return out;
}

}  // namespace lunaria::daemon
