#include "scsi/reservation_state.h"

#include <algorithm>

namespace lunaria::scsi {

bool is_reservation_type(std::uint8_t value) {
  switch (ReservationType{value}) {
    case ReservationType::kWriteExclusive:
    case ReservationType::kExclusiveAccess:
    case ReservationType::kWriteExclusiveRegistrantsOnly:
    case ReservationType::kExclusiveAccessRegistrantsOnly:
    case ReservationType::kWriteExclusiveAllRegistrants:
    case ReservationType::kExclusiveAccessAllRegistrants:
      return true;
    case ReservationType::kNone:
      break;
  }
  return false;
}

bool is_all_registrants(ReservationType type) {
  return type == ReservationType::kWriteExclusiveAllRegistrants ||
         type == ReservationType::kExclusiveAccessAllRegistrants;
}

bool is_registrants_only(ReservationType type) {
  return type == ReservationType::kWriteExclusiveRegistrantsOnly ||
         type == ReservationType::kExclusiveAccessRegistrantsOnly;
}

bool excludes_reads(ReservationType type) {
  return type == ReservationType::kExclusiveAccess || type == ReservationType::kExclusiveAccessRegistrantsOnly ||
         type == ReservationType::kExclusiveAccessAllRegistrants;
}

const Registration* ReservationState::find(const NexusPorts& ports) const {
  const auto found = std::ranges::find(registrations, ports, &Registration::ports);
  return found == registrations.end() ? nullptr : &*found;
}

Registration* ReservationState::find(const NexusPorts& ports) {
  const auto found = std::ranges::find(registrations, ports, &Registration::ports);
  return found == registrations.end() ? nullptr : &*found;
}

bool ReservationState::is_holder(const Registration& registration) const {
  return is_reserved() && (is_all_registrants(type) || registration.holds);
}

std::uint64_t ReservationState::holder_key() const {
  const auto found = std::ranges::find(registrations, true, &Registration::holds);
  return found == registrations.end() ? 0 : found->key;
}

void ReservationState::release() {
  type = ReservationType::kNone;
  for (Registration& registration : registrations) {
    registration.holds = false;
  }
}

void ReservationState::remove(const NexusPorts& ports) {
  const auto found = std::ranges::find(registrations, ports, &Registration::ports);
  if (found == registrations.end()) {
    return;
  }
  const bool held_alone = is_holder(*found) && (found->holds || registrations.size() == 1);
  registrations.erase(found);
  if (held_alone) {
    release();
  }
}

}  // namespace lunaria::scsi
