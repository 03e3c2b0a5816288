#pragma once

// ModelRate: the judge of one rate limit. Since it came into force no more may have got through than the burst, what
// the time that has passed allows, and what was on its way already.

#include <cstdint>
#include <optional>
#include <string>

#include "runtime/clock.h"
#include "scsi/rate_limit.h"

namespace lunaria::simulation {

/// Commands that transfer blocks, and their bytes.
struct Load {
  std::uint64_t commands = 0;
  std::uint64_t bytes = 0;
};

/// Answers may come late, which makes no rate look higher than it was: everything is counted from one moment.
class ModelRate final {
 public:
  using Judgement = std::optional<std::string>;

  /// `limit` is in force since `now` at the latest; `under_way` may have got past the one before.
  void begin(runtime::Instant now, const scsi::RateLimit& limit, const Load& under_way);
  /// A command has been carried out.
  Judgement note(runtime::Instant now, std::uint64_t bytes);
  const scsi::RateLimit& limit() const { return limit_; }

 private:
  scsi::RateLimit limit_;
  runtime::Instant since_{};
  Load allowed_;  ///< whatever the time
  Load seen_;
  std::uint64_t largest_ = 0;  ///< bytes: a command that begins within the burst may be larger than it
};

}  // namespace lunaria::simulation
