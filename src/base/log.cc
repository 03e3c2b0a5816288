#include "base/log.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace lunaria {
namespace {

bool is_plain(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](unsigned char c) {
    return c > 0x20 && c < 0x7F && c != '"' && c != '\\' && c != '=';
  });
}

void append_quoted(std::string& out, std::string_view text) {
  out += '"';
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20 || byte == 0x7F) {
      fmt::format_to(std::back_inserter(out), "\\x{:02x}", byte);
    } else {
      out += c;
    }
  }
  out += '"';
}

}  // namespace

std::string_view to_string(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return "debug";
    case LogLevel::kInfo:
      return "info";
    case LogLevel::kWarning:
      return "warning";
    case LogLevel::kError:
      return "error";
  }
  return "unknown";
}

std::string format_log_line(std::string_view event, std::span<const LogField> fields) {
  std::string line(event);
  for (const LogField& field : fields) {
    line += ' ';
    line += field.name;
    line += '=';
    if (const auto* text = std::get_if<std::string_view>(&field.value)) {
      if (is_plain(*text)) {
        line += *text;
      } else {
        append_quoted(line, *text);
      }
    } else if (const auto* flag = std::get_if<bool>(&field.value)) {
      line += *flag ? "true" : "false";
    } else if (const auto* number = std::get_if<std::int64_t>(&field.value)) {
      fmt::format_to(std::back_inserter(line), "{}", *number);
    } else {
      fmt::format_to(std::back_inserter(line), "{}", std::get<std::uint64_t>(field.value));
    }
  }
  return line;
}

void MemoryLog::write(LogLevel level, std::string_view event, std::span<const LogField> fields) {
  lines_.push_back(std::string(to_string(level)) + ' ' + format_log_line(event, fields));
}

bool MemoryLog::contains(std::string_view text) const {
  return std::ranges::any_of(lines_, [text](const std::string& line) { return line.find(text) != std::string::npos; });
}

}  // namespace lunaria
