#pragma once

// UnitAttentions: what one I_T nexus has yet to hear of a logical unit (SAM-5 5.14), in order, bounded.

#include <array>
#include <cstddef>
#include <optional>

#include "scsi/limits.h"
#include "scsi/sense.h"

namespace lunaria::scsi {

/// A bounded queue that holds each condition once. A reset (29h) supersedes all that was pending, and when the queue
/// is full everything becomes one POWER ON, RESET, OR BUS DEVICE RESET OCCURRED: it tells the initiator to look at
/// everything again, so nothing is lost by it.
class UnitAttentions final {
 public:
  void establish(AdditionalSense condition);
  /// The oldest one, removed (UA_INTLCK_CTRL is 00b: reporting clears).
  std::optional<AdditionalSense> take();
  /// The same, left in place.
  std::optional<AdditionalSense> first() const { return count_ == 0 ? std::nullopt : std::optional(conditions_[0]); }
  /// Removes one condition if it is pending.
  void clear(AdditionalSense condition);
  bool empty() const { return count_ == 0; }

 private:
  std::array<AdditionalSense, kUnitAttentionsMax> conditions_{};
  std::size_t count_ = 0;
};

}  // namespace lunaria::scsi
