#pragma once

// Mode pages: what MODE SENSE shows and MODE SELECT changes (SPC-5 7.5, SBC-4 6.5). One table; settings as typed
// values.

#include <cstddef>
#include <cstdint>
#include <span>

#include "base/result.h"
#include "scsi/outcome.h"
#include "wire/reader.h"

namespace lunaria::scsi {

/// QERR (SPC-5 7.5.10): what becomes of other commands when one ends with CHECK CONDITION. The values are the field's.
enum class QueueError : std::uint8_t {
  kContinue = 0,    ///< they go on
  kAbortAll = 1,    ///< all of the task set are aborted
  kAbortNexus = 3,  ///< those of the same I_T nexus are aborted
};

/// The changeable part of all mode pages. Shared by all nexuses; defaults come back with a logical unit reset.
struct ModeSettings {
  bool write_cache = false;          ///< WCE: completed writes may still be volatile
  bool descriptor_sense = false;     ///< D_SENSE
  bool software_protect = false;     ///< SWP
  bool task_aborted_status = false;  ///< TAS
  bool nexus_task_sets = false;      ///< TST 001b: each I_T nexus has a task set of its own
  QueueError queue_error = QueueError::kContinue;
  bool provisioning_errors = true;    ///< LBPERE: initiators are told when a threshold is reached
  bool threshold_enabled = false;     ///< of the space that is left to a thin unit (SBC-4 6.5.9)
  std::uint32_t threshold_count = 0;  ///< MiB, as the Logical Block Provisioning VPD page says

  std::uint64_t threshold_bytes() const { return std::uint64_t{threshold_count} << 20; }
  /// Rounded up; 0: none.
  void set_threshold(std::uint64_t bytes);
  friend bool operator==(const ModeSettings&, const ModeSettings&) = default;
};

/// What a unit has that a page is about: only then may it be changed.
struct ModeCapabilities {
  bool volatile_cache = false;
  bool thin = false;
};

/// SPC-5 6.13: the PC field.
enum class PageControl : std::uint8_t { kCurrent, kChangeable, kDefault, kSaved };

/// Appends the pages that (page, subpage) names; INVALID FIELD IN CDB when there are none. `settings` are the current
/// or the default ones.
Outcome put_mode_pages(wire::Writer& out, std::uint8_t page, std::uint8_t subpage, PageControl control,
                       const ModeSettings& settings, ModeCapabilities capabilities);

/// Reads the pages of a MODE SELECT parameter list that begin at `offset` of it; returns the new settings or why they
/// are refused. All or nothing.
Result<ModeSettings, Outcome> parse_mode_pages(std::span<const std::byte> list, std::size_t offset,
                                               const ModeSettings& current, ModeCapabilities capabilities);

}  // namespace lunaria::scsi
