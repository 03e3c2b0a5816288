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

/// A threshold of a thin unit's space (SBC-4 6.5.9), in MiB, the threshold sets of the Logical Block Provisioning VPD
/// page.
struct SpaceThreshold {
  bool enabled = false;
  std::uint32_t count = 0;

  std::uint64_t bytes() const { return std::uint64_t{count} << 20; }
  /// Of so many bytes; 0: none. Rounded up, so that space that falls meets it early.
  static SpaceThreshold falling_to(std::uint64_t bytes);
  /// Rounded down to what is no less than 1 MiB, so that space that rises meets it early.
  static SpaceThreshold rising_to(std::uint64_t bytes);
  friend bool operator==(const SpaceThreshold&, const SpaceThreshold&) = default;
};

/// The changeable part of all mode pages. Shared by all nexuses; defaults come back with a logical unit reset.
struct ModeSettings {
  bool write_cache = false;          ///< WCE: completed writes may still be volatile
  bool descriptor_sense = false;     ///< D_SENSE
  bool software_protect = false;     ///< SWP
  bool task_aborted_status = false;  ///< TAS
  bool nexus_task_sets = false;      ///< TST 001b: each I_T nexus has a task set of its own
  QueueError queue_error = QueueError::kContinue;
  bool provisioning_errors = true;  ///< LBPERE: initiators are told when a threshold is reached
  SpaceThreshold available{};       ///< armed decreasing: of the space that is left
  SpaceThreshold used{};            ///< armed increasing: of the space that is taken

  bool has_threshold() const { return available.enabled || used.enabled; }
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
