#pragma once

// Planted bugs: faults put between the parts of a correct target, to prove that the simulation finds such faults.

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "block/volume.h"
#include "iscsi/testing/pdu.h"
#include "sim/dice.h"

namespace lunaria::simulation {

enum class PlantedBug : std::uint8_t {
  kNone,
  kDroppedFlush,          ///< now and then a flush is answered without being done
  kSwallowedFlushError,   ///< a flush that failed is answered as if it had not
  kReorderedWrite,        ///< now and then a write is answered at once and done after the next one
  kMisplacedWrite,        ///< now and then a write lands one block further on
  kStaleReservation,      ///< now and then the end of a reservation or registration is answered without being done
  kDoubleCompletion,      ///< now and then a command is answered twice
  kIgnoredRateLimit,      ///< no rate limit is ever in force
  kForgottenPersistence,  ///< what is to survive a loss of power is not kept
};
inline constexpr auto kPlantedBugs = std::to_array<PlantedBug>(
    {PlantedBug::kDroppedFlush, PlantedBug::kSwallowedFlushError, PlantedBug::kReorderedWrite,
     PlantedBug::kMisplacedWrite, PlantedBug::kStaleReservation, PlantedBug::kDoubleCompletion,
     PlantedBug::kIgnoredRateLimit, PlantedBug::kForgottenPersistence});

std::string_view to_string(PlantedBug bug);
std::optional<PlantedBug> parse_planted_bug(std::string_view name);

/// The volume itself, or with a layer above it that has the bug. The dice outlive the volume.
std::unique_ptr<block::Volume> plant(PlantedBug bug, sim::Dice& dice, std::unique_ptr<block::Volume> volume);

/// What stands between an initiator and its connection: bytes from the target on their way to the initiator.
class DoubleCompletion final {
 public:
  DoubleCompletion(sim::Dice& dice, bool active) : dice_(dice), active_(active) {}
  void set_digests(bool header, bool data);
  /// The bytes with some SCSI responses in them twice, renumbered so that only the answer itself is one too many.
  iscsi::testing::Bytes pass(std::span<const std::byte> bytes);

 private:
  sim::Dice& dice_;
  bool active_;
  iscsi::testing::PduStream stream_;
  iscsi::testing::Encoding encoding_;
  std::uint32_t extra_ = 0;  ///< answers that the target knows nothing of
};

}  // namespace lunaria::simulation
