#pragma once

// ModelReservation: the judge of persistent reservations on one disk (SPC-5 5.14). Lost answers leave more than one
// state possible; what a command meets must be explained by one of those that were possible while it ran.

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "simulation/ticks.h"
#include "simulation/timeline.h"

namespace lunaria::simulation {

inline constexpr std::size_t kInitiatorsMax = 4;

/// PERSISTENT RESERVE OUT service actions (SPC-5 table 177).
enum class ReserveAction : std::uint8_t {
  kRegister = 0x00,
  kReserve = 0x01,
  kRelease = 0x02,
  kClear = 0x03,
  kPreempt = 0x04,
  kRegisterAndIgnore = 0x06,
};

/// One PERSISTENT RESERVE OUT.
struct ReserveRequest {
  std::size_t initiator = 0;
  ReserveAction action = ReserveAction::kRegister;
  std::uint8_t type = 0;
  std::uint64_t key = 0;  ///< RESERVATION KEY
  std::uint64_t service_action_key = 0;
  bool persists = false;  ///< APTPL, of registrations
};

/// How such a command ends, as far as the rules decide it.
enum class ReserveResult : std::uint8_t { kGood, kConflict, kInvalidRelease };

/// Registrations by initiator (0: none) and the reservation.
struct ReservationState {
  std::array<std::uint64_t, kInitiatorsMax> keys{};
  std::uint8_t type = 0;   ///< 0: nothing is reserved
  std::size_t holder = 0;  ///< meaningless for the all-registrants types
  bool persists = false;   ///< all of it survives a loss of power
  friend bool operator==(const ReservationState&, const ReservationState&) = default;
};

/// The rules as one pure function.
struct ReserveStep {
  ReserveResult result = ReserveResult::kGood;
  ReservationState next;
};
ReserveStep carry_out(const ReservationState& state, const ReserveRequest& request);
/// Whether a command that reads, or one that writes, conflicts.
bool conflicts(const ReservationState& state, std::size_t initiator, bool writes);

/// One PERSISTENT RESERVE OUT at a time; the caller sees to that.
class ModelReservation final {
 public:
  using Judgement = std::optional<std::string>;
  explicit ModelReservation(Ticks& ticks) : states_(ticks, ReservationState{}) {}

  void begin(const ReserveRequest& request);
  Judgement end(ReserveResult result);
  /// Whether it was carried out is not known.
  void end_unknown() { before_.clear(); }
  /// It was not carried out.
  void withdraw();
  /// The target has lost power: it knows what was to persist (SPC-5 5.14.5), and nothing else.
  void lose_power();

  /// A READ or WRITE that began then has met a conflict, or none.
  Judgement judge(Tick began, std::size_t initiator, bool writes, bool conflict) const;
  /// Somebody may hold a key or a reservation now.
  std::uint64_t key_of(std::size_t initiator) const { return states_.open().back().keys[initiator]; }
  std::uint8_t type() const { return states_.open().back().type; }

 private:
  void replace(const std::vector<ReservationState>& states);

  Timeline<ReservationState> states_;
  ReserveRequest request_;
  std::vector<ReservationState> before_;
};

}  // namespace lunaria::simulation
