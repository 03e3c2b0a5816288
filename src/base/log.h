#pragma once

// Structured log: an event name and typed fields, e.g. `iscsi.login.rejected initiator=... reason=...`, so that tests
// can assert on it and operators can grep for it. A Log is passed by reference to whoever writes; the daemon owns it.

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace lunaria {

enum class LogLevel : std::uint8_t { kDebug, kInfo, kWarning, kError };

/// "debug", "info", "warning" or "error".
std::string_view to_string(LogLevel level);

/// One typed field. The name and a string value need live only as long as the call. Never a secret, never user data.
struct LogField {
  std::string_view name;
  std::variant<std::string_view, std::int64_t, std::uint64_t, bool> value;

  LogField(std::string_view field_name, std::string_view text) : name(field_name), value(text) {}
  LogField(std::string_view field_name, const char* text) : name(field_name), value(std::string_view(text)) {}
  LogField(std::string_view field_name, const std::string& text) : name(field_name), value(std::string_view(text)) {}
  LogField(std::string_view field_name, bool flag) : name(field_name), value(flag) {}
  template <class Integer>
    requires std::is_integral_v<Integer>
  LogField(std::string_view field_name, Integer number) : name(field_name) {
    if constexpr (std::is_signed_v<Integer>) {
      value = static_cast<std::int64_t>(number);
    } else {
      value = static_cast<std::uint64_t>(number);
    }
  }
};

/// Where log lines go. Implementations are thread-safe and never block the caller on a slow sink.
class Log {
 public:
  virtual ~Log() = default;
  virtual void write(LogLevel level, std::string_view event, std::span<const LogField> fields) = 0;

  void debug(std::string_view event, std::initializer_list<LogField> fields = {}) {
    write(LogLevel::kDebug, event, {fields.begin(), fields.size()});
  }
  void info(std::string_view event, std::initializer_list<LogField> fields = {}) {
    write(LogLevel::kInfo, event, {fields.begin(), fields.size()});
  }
  void warning(std::string_view event, std::initializer_list<LogField> fields = {}) {
    write(LogLevel::kWarning, event, {fields.begin(), fields.size()});
  }
  void error(std::string_view event, std::initializer_list<LogField> fields = {}) {
    write(LogLevel::kError, event, {fields.begin(), fields.size()});
  }
};

/// `event name=value name="quoted value"`: control characters and quotes in values are escaped, so that a hostile peer
/// cannot forge a line.
std::string format_log_line(std::string_view event, std::span<const LogField> fields);

/// A Log that drops everything: for tests and tools that do not care.
class NullLog final : public Log {
 public:
  void write(LogLevel /*level*/, std::string_view /*event*/, std::span<const LogField> /*fields*/) override {}
};

/// A Log that keeps its lines, for assertions in tests. Not thread-safe.
class MemoryLog final : public Log {
 public:
  void write(LogLevel level, std::string_view event, std::span<const LogField> fields) override;
  const std::vector<std::string>& lines() const { return lines_; }
  bool contains(std::string_view text) const;

 private:
  std::vector<std::string> lines_;
};

}  // namespace lunaria
