#pragma once

// AuditLog: the daemon's audit trail. A record goes to the journal at once, if there is one, and to a file a moment
// later, through a bounded queue that a worker thread empties: neither a slow disk nor a busy journal holds the control
// shard up. What could not be written is counted, and the next record that is says how much.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/log.h"
#include "cim/audit.h"
#include "daemon/audit_file.h"
#include "daemon/audit_text.h"
#include "runtime/gate.h"
#include "runtime/shard.h"
#include "runtime/task.h"

namespace lunaria::daemon {

/// Control shard only; what it is given outlives it. close() comes before the destructor.
class AuditLog final : public cim::AuditTrail {
 public:
  /// Lines that wait for the disk, in bytes; more are lost.
  static constexpr std::size_t kQueueBytesMax = std::size_t{4} << 20;
  /// Refused credentials that are recorded: so many at once, and so many a second later on. Whoever guesses passwords
  /// must not drive the records of changes out of the file.
  static constexpr std::uint32_t kRefusalBurst = 100;
  static constexpr std::uint32_t kRefusalsPerSecond = 10;

  /// Gives a datagram to the journal; whether it was taken. Does not block.
  using Journal = std::function<bool(std::string_view)>;

  /// `file` may be null and `journal` empty: nothing is written there.
  AuditLog(runtime::Shard& shard, Log& log, std::unique_ptr<AuditFile> file, Journal journal);

  /// Opens the file. What is wrong with it, else.
  runtime::Task<Result<void, runtime::IoError>> open();
  void record(const cim::AuditRecord& record) override;
  /// Writes what is queued. Records that come later go to the journal alone.
  runtime::Task<void> close();

 private:
  /// Whether one more refusal may be recorded now.
  bool admit_refusal();
  void queue(std::string_view line, const AuditGaps& gaps);
  runtime::Task<void> write_queued();
  /// `told` is what the lost records would have told of others.
  void note_lost(std::uint64_t records, const AuditGaps& told, std::string_view reason);

  runtime::Shard& shard_;
  Log& log_;
  std::unique_ptr<AuditFile> file_;
  Journal journal_;
  std::string queued_;
  std::uint64_t queued_count_ = 0;
  AuditGaps queued_gaps_;  ///< that the queued lines tell of
  AuditGaps gaps_;
  double refusals_left_ = kRefusalBurst;
  runtime::Instant refusals_counted_{};
  bool is_lossy_ = false;  ///< said so already, and nothing was written since
  bool is_writing_ = false;
  runtime::Gate writing_;
};

}  // namespace lunaria::daemon
