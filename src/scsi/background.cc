#include "scsi/background.h"

#include <algorithm>

namespace lunaria::scsi {

Outcome BackgroundOperation::refusal() const {
  if (running_ == Kind::kNone) {
    return failed_ ? check_condition(SenseKey::kMediumError, asc::kSanitizeCommandFailed) : good();
  }
  Outcome outcome = check_condition(SenseKey::kNotReady,
                                    running_ == Kind::kSanitize ? asc::kSanitizeInProgress : asc::kFormatInProgress);
  outcome.sense.progress = progress();
  return outcome;
}

std::uint16_t BackgroundOperation::progress() const {
  // In 65536ths; bytes are scaled first, so that no disk's size overflows.
  const std::uint64_t unit = std::max<std::uint64_t>(total_ >> 16, 1);
  return static_cast<std::uint16_t>(std::min<std::uint64_t>(done_ / unit, UINT16_MAX));
}

void BackgroundOperation::begin(Kind kind, std::uint64_t total_bytes, bool may_exit) {
  running_ = kind;
  may_exit_ = may_exit;
  failed_ = false;
  done_ = 0;
  total_ = std::max<std::uint64_t>(total_bytes, 1);
  ++generation_;
}

void BackgroundOperation::end(bool is_successful) {
  failed_ = !is_successful && running_ == Kind::kSanitize;
  running_ = Kind::kNone;
}

}  // namespace lunaria::scsi
