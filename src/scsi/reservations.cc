#include "scsi/reservations.h"

#include "scsi/unit_state.h"

namespace lunaria::scsi {

bool Reservations::conflicts(const NexusState& nexus, ConflictClass command) const {
  if (command == ConflictClass::kNever) {
    return false;
  }
  if (legacy_holder_ != nullptr) {
    return legacy_holder_ != &nexus || command == ConflictClass::kPersistent;
  }
  if (!state_.is_reserved() || command == ConflictClass::kLegacyOnly || command == ConflictClass::kPersistent) {
    return false;
  }
  if (nexus.is_registered && (nexus.holds_reservation || is_registrants_only(state_.type))) {
    return false;
  }
  return command == ConflictClass::kWrites || excludes_reads(state_.type);
}

void Reservations::detach(const NexusState& nexus) {
  if (legacy_holder_ == &nexus) {
    legacy_holder_ = nullptr;
  }
}

void Reservations::bind(NexusState& nexus) const {
  const Registration* registration = state_.find({nexus.nexus->initiator_port, nexus.nexus->target_port});
  nexus.is_registered = registration != nullptr;
  nexus.holds_reservation = registration != nullptr && state_.is_holder(*registration);
}

Reservations::LegacyVerdict Reservations::judge_legacy(const NexusState& nexus) const {
  if (state_.registrations.empty()) {
    return LegacyVerdict::kCarryOut;
  }
  const bool shares = is_registrants_only(state_.type) && nexus.is_registered;
  return nexus.holds_reservation || shares ? LegacyVerdict::kIgnore : LegacyVerdict::kConflict;
}

}  // namespace lunaria::scsi
