#pragma once

// ReservationState: the persistent reservations of one logical unit as a value (SPC-5 5.14): who is registered with
// which key, and what is reserved. What persists through power loss is this value.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace lunaria::scsi {

/// SPC-5 table 166. The values are those of the TYPE field.
enum class ReservationType : std::uint8_t {
  kNone = 0x0,
  kWriteExclusive = 0x1,
  kExclusiveAccess = 0x3,
  kWriteExclusiveRegistrantsOnly = 0x5,
  kExclusiveAccessRegistrantsOnly = 0x6,
  kWriteExclusiveAllRegistrants = 0x7,
  kExclusiveAccessAllRegistrants = 0x8,
};
bool is_reservation_type(std::uint8_t value);
bool is_all_registrants(ReservationType type);
bool is_registrants_only(ReservationType type);
/// Whether it keeps others from reading, too.
bool excludes_reads(ReservationType type);

/// The two ends of an I_T nexus by name: what a registration is bound to, whatever session comes through it.
struct NexusPorts {
  std::string initiator_port;
  std::string target_port;
  friend bool operator==(const NexusPorts&, const NexusPorts&) = default;
};

/// A key registered for an I_T nexus; it outlives the session.
struct Registration {
  NexusPorts ports;
  std::uint16_t relative_target_port = 0;
  std::uint64_t key = 0;
  bool holds = false;  ///< the reservation; of none when all registrants hold it
  friend bool operator==(const Registration&, const Registration&) = default;
};

/// All of it. Registrations are in the order in which they were made.
struct ReservationState {
  std::vector<Registration> registrations;
  ReservationType type = ReservationType::kNone;
  bool persists = false;  ///< APTPL: it is to survive power loss
  friend bool operator==(const ReservationState&, const ReservationState&) = default;

  /// nullptr when that nexus is not registered.
  const Registration* find(const NexusPorts& ports) const;
  Registration* find(const NexusPorts& ports);
  bool is_reserved() const { return type != ReservationType::kNone; }
  bool is_holder(const Registration& registration) const;
  /// The holder's key; 0 when nobody or all registrants hold it (SPC-5 6.16.3).
  std::uint64_t holder_key() const;
  void release();
  /// Removes a registration, and the reservation with it when nobody is left to hold it.
  void remove(const NexusPorts& ports);
};

}  // namespace lunaria::scsi
