#include "daemon/stderr_log.h"

#include <spdlog/async.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

namespace lunaria::daemon {
namespace {

constexpr std::size_t kQueuedLinesMax = 4096;

spdlog::level::level_enum to_spdlog(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return spdlog::level::debug;
    case LogLevel::kInfo:
      return spdlog::level::info;
    case LogLevel::kWarning:
      return spdlog::level::warn;
    case LogLevel::kError:
      return spdlog::level::err;
  }
  return spdlog::level::err;
}

}  // namespace

struct StderrLog::Sink {
  std::shared_ptr<spdlog::details::thread_pool> pool =
      std::make_shared<spdlog::details::thread_pool>(kQueuedLinesMax, 1);
  std::shared_ptr<spdlog::async_logger> logger =
      std::make_shared<spdlog::async_logger>("lunariad", std::make_shared<spdlog::sinks::stderr_sink_mt>(), pool,
                                             spdlog::async_overflow_policy::overrun_oldest);
};

StderrLog::StderrLog(LogLevel least) : least_(least), sink_(std::make_unique<Sink>()) {
  sink_->logger->set_pattern("%Y-%m-%dT%H:%M:%S.%eZ %l %v", spdlog::pattern_time_type::utc);
  sink_->logger->set_level(to_spdlog(least));
}

StderrLog::~StderrLog() = default;

void StderrLog::write(LogLevel level, std::string_view event, std::span<const LogField> fields) {
  if (level >= least_) {
    sink_->logger->log(to_spdlog(level), format_log_line(event, fields));
  }
}

}  // namespace lunaria::daemon
