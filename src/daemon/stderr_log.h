#pragma once

// The daemon's Log: lines on standard error, written by a thread of their own so that a slow terminal or journal never
// holds a shard up. When the queue is full the oldest lines go.

#include <memory>

#include "base/log.h"

namespace lunaria::daemon {

/// Thread-safe. The destructor writes what is queued.
class StderrLog final : public Log {
 public:
  explicit StderrLog(LogLevel least);
  StderrLog(const StderrLog&) = delete;
  StderrLog& operator=(const StderrLog&) = delete;
  ~StderrLog() override;

  void write(LogLevel level, std::string_view event, std::span<const LogField> fields) override;

 private:
  struct Sink;
  LogLevel least_;
  std::unique_ptr<Sink> sink_;
};

}  // namespace lunaria::daemon
