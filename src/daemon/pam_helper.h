#pragma once

// PamHelper: asks lunaria-pam, a process of its own for each question, and ends it when it takes too long. Whatever the
// helper does, hang, die or answer nonsense, the caller gets an answer in time.

#include <chrono>
#include <string>

#include "pam/protocol.h"

namespace lunaria::daemon {

class PamHelper final {
 public:
  /// Directories answer within a second or two; one that is down is given up here.
  static constexpr std::chrono::milliseconds kTimeLimit{10'000};

  explicit PamHelper(std::string program, std::chrono::milliseconds time_limit = kTimeLimit)
      : program_(std::move(program)), time_limit_(time_limit) {}

  /// Blocks for the time limit at most; any thread, several at once. The helper has a clean environment, no open files
  /// of ours, a process group of its own, and none of it is left when this returns. kFailed with a reason for the log
  /// where there is no answer.
  pam::Answer ask(const pam::Question& question) const;

 private:
  std::string program_;  ///< an absolute path
  std::chrono::milliseconds time_limit_;
};

}  // namespace lunaria::daemon
