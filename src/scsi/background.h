#pragma once

// BackgroundOperation: a SANITIZE or FORMAT UNIT of one logical unit, which outlives its command: it goes on when the
// command is aborted, the unit is reset or the nexus is lost (SBC-4 4.11).

#include <cstdint>

#include "runtime/gate.h"
#include "scsi/outcome.h"

namespace lunaria::scsi {

/// Single shard. Stopped (gate drained) before its unit goes.
class BackgroundOperation final {
 public:
  enum class Kind : std::uint8_t { kNone, kSanitize, kFormat };

  /// Neither one runs nor has a SANITIZE failed: commands may touch the medium.
  bool is_idle() const { return running_ == Kind::kNone && !failed_; }
  bool is_running() const { return running_ != Kind::kNone; }
  /// A SANITIZE ended before its end; another one, or EXIT FAILURE MODE, is needed.
  bool has_failed() const { return failed_; }
  Kind running() const { return running_; }
  /// How far it is, 0 to 65535.
  std::uint16_t progress() const;
  /// Whether EXIT FAILURE MODE may end that: the SANITIZE allowed it (AUSE).
  bool may_exit() const { return may_exit_; }
  /// Why commands are refused when it is not idle: NOT READY with the progress, or MEDIUM ERROR after a failure.
  Outcome refusal() const;
  /// Counts the operations that began, so that a command which waits for one can tell it from the next.
  std::uint64_t generation() const { return generation_; }

  void begin(Kind kind, std::uint64_t total_bytes, bool may_exit);
  void advance(std::uint64_t bytes) { done_ += bytes; }
  /// An interrupted FORMAT UNIT leaves a medium that can be used, an interrupted SANITIZE does not.
  void end(bool is_successful);
  void exit_failure() { failed_ = false; }

  /// While held, none begins: somebody is about to change the medium's size. Only when none runs.
  void hold() { is_held_ = true; }
  void release() { is_held_ = false; }
  bool is_held() const { return is_held_; }

  /// Asks the running operation to end unfinished; `gate` tells when it has.
  void stop() { stopping_ = true; }
  void allow() { stopping_ = false; }
  bool is_stopping() const { return stopping_; }

  runtime::Gate gate;

 private:
  Kind running_ = Kind::kNone;
  bool failed_ = false;
  bool may_exit_ = false;
  bool stopping_ = false;
  bool is_held_ = false;
  std::uint64_t done_ = 0;
  std::uint64_t total_ = 1;
  std::uint64_t generation_ = 0;
};

}  // namespace lunaria::scsi
