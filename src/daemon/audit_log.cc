#include "daemon/audit_log.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "runtime/blocking.h"

namespace lunaria::daemon {

AuditLog::AuditLog(runtime::Shard& shard, Log& log, std::unique_ptr<AuditFile> file, Journal journal)
    : shard_(shard),
      log_(log),
      file_(std::move(file)),
      journal_(std::move(journal)),
      refusals_counted_(shard.clock().now()) {}

runtime::Task<Result<void, runtime::IoError>> AuditLog::open() {
  if (file_ == nullptr) {
    co_return Result<void, runtime::IoError>();
  }
  auto opened = co_await runtime::run_blocking(shard_, [this] { return file_->open(); });
  co_return opened;
}

bool AuditLog::admit_refusal() {
  const runtime::Instant now = shard_.clock().now();
  const double seconds = std::chrono::duration<double>(now - refusals_counted_).count();
  refusals_counted_ = now;
  refusals_left_ = std::min<double>(kRefusalBurst, refusals_left_ + seconds * kRefusalsPerSecond);
  if (refusals_left_ < 1) {
    return false;
  }
  refusals_left_ -= 1;
  return true;
}

void AuditLog::record(const cim::AuditRecord& record) {
  const bool is_login = record.operation == cim::kAuthenticate;
  if (is_login && !admit_refusal()) {
    ++gaps_.refusals_left_out;
    return;
  }
  const AuditGaps gaps{.refusals_left_out = is_login ? std::exchange(gaps_.refusals_left_out, 0) : 0,
                       .records_lost = std::exchange(gaps_.records_lost, 0)};
  const bool is_sent = journal_ && journal_(to_journal_datagram(record, gaps));
  if (file_ != nullptr && !writing_.is_closed()) {
    queue(to_json_line(record, gaps), gaps);
  } else if (!is_sent) {
    note_lost(1, gaps, "neither the journal nor a file takes it");
  }
}

void AuditLog::queue(std::string_view line, const AuditGaps& gaps) {
  if (queued_.size() + line.size() > kQueueBytesMax) {
    note_lost(1, gaps, "the disk does not keep up");
    return;
  }
  queued_ += line;
  ++queued_count_;
  queued_gaps_ += gaps;
  if (!is_writing_) {
    is_writing_ = true;
    runtime::spawn(writing_, write_queued());
  }
}

runtime::Task<void> AuditLog::write_queued() {
  while (!queued_.empty()) {
    const std::string lines = std::exchange(queued_, {});
    const std::uint64_t count = std::exchange(queued_count_, 0);
    const AuditGaps told = std::exchange(queued_gaps_, {});
    const auto written = co_await runtime::run_blocking(shard_, [&] { return file_->append(lines); });
    if (written) {
      is_lossy_ = false;
    } else {
      note_lost(count, told, to_string(written.error()));
    }
  }
  is_writing_ = false;
}

// The log hears of it once: the disk that cannot take records may be the one that the log is on.
void AuditLog::note_lost(std::uint64_t records, const AuditGaps& told, std::string_view reason) {
  gaps_.records_lost += records;
  gaps_ += told;
  if (!std::exchange(is_lossy_, true)) {
    log_.error("audit.lost", {{"records", records}, {"reason", reason}});
  }
}

runtime::Task<void> AuditLog::close() {
  writing_.close();
  co_await writing_.drained();
}

}  // namespace lunaria::daemon
