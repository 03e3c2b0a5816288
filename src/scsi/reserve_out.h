#pragma once

// What a PERSISTENT RESERVE OUT asks for and what becomes of it, as values (SPC-5 5.14, 6.17): a pure function from
// the state and the request to the next state and whom it concerns.

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "scsi/nexus.h"
#include "scsi/outcome.h"
#include "scsi/reservation_state.h"

namespace lunaria::scsi {

/// The service actions; the values are those of the CDB.
enum class ReserveOutAction : std::uint8_t {
  kRegister = 0,
  kReserve = 1,
  kRelease = 2,
  kClear = 3,
  kPreempt = 4,
  kPreemptAndAbort = 5,
  kRegisterAndIgnore = 6,
  kRegisterAndMove = 7,
};

/// A request whose form has been checked.
struct ReserveOut {
  ReserveOutAction action = ReserveOutAction::kRegister;
  ReservationType type = ReservationType::kNone;
  std::uint64_t key = 0;
  std::uint64_t action_key = 0;
  bool persists = false;                     ///< APTPL, of the actions that register
  bool all_target_ports = false;             ///< ALL_TG_PT, of REGISTER and REGISTER AND IGNORE EXISTING KEY
  bool names_initiators = false;             ///< SPEC_I_PT, of REGISTER
  bool unregisters = false;                  ///< UNREG, of REGISTER AND MOVE
  std::uint16_t relative_target_port = 0;    ///< of REGISTER AND MOVE
  std::vector<std::string> initiator_ports;  ///< SPEC_I_PT, or the one to move to
};

/// Whom a change concerns besides the sender.
struct ReservationChange {
  ReservationState next;
  bool counts = false;  ///< PRgeneration goes up
  std::vector<std::pair<NexusPorts, AdditionalSense>> attentions;
  std::vector<NexusPorts> fenced;  ///< PREEMPT AND ABORT: their tasks end before the command does
};

/// What the request of `sender` comes to: the change, or how the command ends without one. At most kRegistrationsMax
/// registrations.
Result<ReservationChange, Outcome> plan_reserve_out(const ReservationState& state, const ReserveOut& request,
                                                    const Nexus& sender);

}  // namespace lunaria::scsi
