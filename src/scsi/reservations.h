#pragma once

// Reservations of one logical unit in force: persistent ones (SPC-5 5.14) and the RESERVE/RELEASE of SPC-2, bound to
// the nexuses that are attached. The commands are in persistent_reserve_in.cc, persistent_reserve_out.cc and
// reserve_release.cc.

#include <cstdint>

#include "scsi/nexus.h"
#include "scsi/reservation_state.h"

namespace lunaria::scsi {

struct NexusState;

/// How a command gets along with somebody else's reservation (SPC-5 table 65, SBC-4 table 10).
enum class ConflictClass : std::uint8_t {
  kNever,       ///< always allowed
  kLegacyOnly,  ///< allowed by every persistent reservation, refused by RESERVE
  kPersistent,  ///< a command of persistent reservations: refused by RESERVE, the sender's own included (SPC-2 5.5.1)
  kReads,       ///< as READ: refused by Exclusive Access
  kWrites,      ///< as WRITE: refused by all
};

/// Single shard.
class Reservations final {
 public:
  /// Whether anything is reserved; when not, nothing conflicts.
  bool any() const { return state_.is_reserved() || legacy_holder_ != nullptr; }
  bool conflicts(const NexusState& nexus, ConflictClass command) const;

  /// A nexus has come: it finds its registration of earlier sessions again.
  void attach(NexusState& nexus) const { bind(nexus); }
  /// A nexus has gone: its registration stays, its RESERVE goes.
  void detach(const NexusState& nexus);
  /// Logical unit reset: persistent reservations stay (SPC-5 5.14.1), RESERVE goes.
  void reset() { legacy_holder_ = nullptr; }

  const ReservationState& state() const { return state_; }
  /// Puts a state in force; bind() must follow for every nexus.
  void replace(ReservationState state) { state_ = std::move(state); }
  /// Looks up what the state says of a nexus.
  void bind(NexusState& nexus) const;

  /// PRgeneration (SPC-5 6.16.2); 0 after a restart.
  std::uint32_t generation() const { return generation_; }
  void count_generation() { ++generation_; }

  /// Compatible reservation handling (SPC-5 5.14.3): what becomes of a RESERVE or RELEASE.
  enum class LegacyVerdict : std::uint8_t { kCarryOut, kIgnore, kConflict };
  LegacyVerdict judge_legacy(const NexusState& nexus) const;
  const NexusState* legacy_holder() const { return legacy_holder_; }
  void set_legacy_holder(const NexusState* nexus) { legacy_holder_ = nexus; }

 private:
  ReservationState state_;
  std::uint32_t generation_ = 0;
  const NexusState* legacy_holder_ = nullptr;
};

}  // namespace lunaria::scsi
