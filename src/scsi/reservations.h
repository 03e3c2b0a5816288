#pragma once

// Reservations of one logical unit: persistent ones (SPC-5 5.14) and the RESERVE/RELEASE of SPC-2. State and rules; the
// commands are in persistent_reserve.cc and reserve_release.cc.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "scsi/nexus.h"

namespace lunaria::scsi {

struct NexusState;

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

/// How a command gets along with somebody else's reservation (SPC-5 table 65, SBC-4 table 10).
enum class ConflictClass : std::uint8_t {
  kNever,       ///< always allowed
  kLegacyOnly,  ///< allowed by every persistent reservation, refused by RESERVE
  kReads,       ///< as READ: refused by Exclusive Access
  kWrites,      ///< as WRITE: refused by all
};

/// A key registered for an I_T nexus; it outlives the session.
struct Registration {
  std::string initiator_port;
  std::string target_port;
  std::uint16_t relative_target_port = 0;
  std::uint64_t key = 0;
  NexusState* nexus = nullptr;  ///< while that nexus is attached
};

/// Single shard. References to registrations stay valid until they are removed.
class Reservations final {
 public:
  /// Whether anything is reserved; when not, nothing conflicts.
  bool any() const { return type_ != ReservationType::kNone || legacy_holder_ != nullptr; }
  bool conflicts(const NexusState& nexus, ConflictClass command) const;

  /// A nexus has come: it finds its registration of earlier sessions again.
  void attach(NexusState& nexus);
  /// A nexus has gone: its registration stays, its RESERVE goes.
  void detach(NexusState& nexus);
  /// Logical unit reset: persistent reservations stay (SPC-5 5.14.1), RESERVE goes.
  void reset() { legacy_holder_ = nullptr; }

  std::uint32_t generation() const { return generation_; }
  void count_generation() { ++generation_; }
  const std::vector<std::unique_ptr<Registration>>& registrations() const { return registrations_; }
  ReservationType type() const { return type_; }
  bool is_all_registrants() const;
  bool is_registrants_only() const;
  /// Whether this registration (never nullptr) holds the reservation.
  bool is_holder(const Registration* registration) const;
  /// The holder's key; 0 when all registrants hold it (SPC-5 6.16.3).
  std::uint64_t holder_key() const { return holder_ != nullptr ? holder_->key : 0; }

  /// nullptr when there are kRegistrationsMax of them.
  Registration* add(NexusState& nexus, std::uint64_t key);
  /// Removes a registration, and the reservation with it when nobody is left to hold it.
  void remove(Registration& registration);
  void reserve(Registration& holder, ReservationType type);
  void release();

  NexusState* legacy_holder() const { return legacy_holder_; }
  void set_legacy_holder(NexusState* nexus) { legacy_holder_ = nexus; }

 private:
  std::vector<std::unique_ptr<Registration>> registrations_;
  ReservationType type_ = ReservationType::kNone;
  Registration* holder_ = nullptr;  ///< nullptr when nobody or all registrants hold it
  std::uint32_t generation_ = 0;
  NexusState* legacy_holder_ = nullptr;
};

}  // namespace lunaria::scsi
