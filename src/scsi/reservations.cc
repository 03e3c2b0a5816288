#include "scsi/reservations.h"

#include <algorithm>

#include "base/check.h"
#include "scsi/limits.h"
#include "scsi/unit_state.h"

namespace lunaria::scsi {
namespace {

bool excludes_reads(ReservationType type) {
  return type == ReservationType::kExclusiveAccess || type == ReservationType::kExclusiveAccessRegistrantsOnly ||
         type == ReservationType::kExclusiveAccessAllRegistrants;
}

}  // namespace

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

bool Reservations::is_all_registrants() const {
  return type_ == ReservationType::kWriteExclusiveAllRegistrants ||
         type_ == ReservationType::kExclusiveAccessAllRegistrants;
}

bool Reservations::is_registrants_only() const {
  return type_ == ReservationType::kWriteExclusiveRegistrantsOnly ||
         type_ == ReservationType::kExclusiveAccessRegistrantsOnly;
}

bool Reservations::is_holder(const Registration* registration) const {
  return type_ != ReservationType::kNone && (is_all_registrants() || registration == holder_);
}

bool Reservations::conflicts(const NexusState& nexus, ConflictClass command) const {
  if (command == ConflictClass::kNever) {
    return false;
  }
  if (legacy_holder_ != nullptr) {
    return legacy_holder_ != &nexus;
  }
  if (type_ == ReservationType::kNone || command == ConflictClass::kLegacyOnly) {
    return false;
  }
  if (nexus.registration != nullptr &&
      (is_holder(nexus.registration) || is_registrants_only() || is_all_registrants())) {
    return false;
  }
  return command == ConflictClass::kWrites || excludes_reads(type_);
}

void Reservations::attach(NexusState& nexus) {
  for (const auto& registration : registrations_) {
    if (registration->nexus == nullptr && registration->initiator_port == nexus.nexus->initiator_port &&
        registration->target_port == nexus.nexus->target_port) {
      registration->nexus = &nexus;
      nexus.registration = registration.get();
      return;
    }
  }
}

void Reservations::detach(NexusState& nexus) {
  if (nexus.registration != nullptr) {
    nexus.registration->nexus = nullptr;
    nexus.registration = nullptr;
  }
  if (legacy_holder_ == &nexus) {
    legacy_holder_ = nullptr;
  }
}

Registration* Reservations::add(NexusState& nexus, std::uint64_t key) {
  if (registrations_.size() == kRegistrationsMax) {
    return nullptr;
  }
  auto registration = std::make_unique<Registration>();
  registration->initiator_port = nexus.nexus->initiator_port;
  registration->target_port = nexus.nexus->target_port;
  registration->relative_target_port = nexus.nexus->relative_target_port;
  registration->key = key;
  registration->nexus = &nexus;
  nexus.registration = registration.get();
  registrations_.push_back(std::move(registration));
  return nexus.registration;
}

void Reservations::remove(Registration& registration) {
  if (registration.nexus != nullptr) {
    registration.nexus->registration = nullptr;
  }
  const bool was_only_holder = is_holder(&registration) && (!is_all_registrants() || registrations_.size() == 1);
  if (was_only_holder) {
    release();
  }
  const auto found = std::ranges::find_if(
      registrations_, [&](const std::unique_ptr<Registration>& each) { return each.get() == &registration; });
  check(found != registrations_.end(), "a registration belongs to its unit");
  registrations_.erase(found);
}

void Reservations::reserve(Registration& holder, ReservationType type) {
  type_ = type;
  holder_ = is_all_registrants() ? nullptr : &holder;
}

void Reservations::release() {
  type_ = ReservationType::kNone;
  holder_ = nullptr;
}

}  // namespace lunaria::scsi
