#pragma once

// Planted bugs: faults put between the parts of a correct target, to prove that the simulation finds such faults.

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "block/volume.h"
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
  kRenumberedStatus,      ///< a status that is sent again has the next StatSN
  kDataOfLaterWrite,      ///< data that is sent again is read again, after later writes
  kRepeatedWrite,         ///< a write that another connection has taken over is carried out once more
};
inline constexpr auto kPlantedBugs = std::to_array<PlantedBug>(
    {PlantedBug::kDroppedFlush, PlantedBug::kSwallowedFlushError, PlantedBug::kReorderedWrite,
     PlantedBug::kMisplacedWrite, PlantedBug::kStaleReservation, PlantedBug::kDoubleCompletion,
     PlantedBug::kIgnoredRateLimit, PlantedBug::kForgottenPersistence, PlantedBug::kRenumberedStatus,
     PlantedBug::kDataOfLaterWrite, PlantedBug::kRepeatedWrite});

std::string_view to_string(PlantedBug bug);
std::optional<PlantedBug> parse_planted_bug(std::string_view name);

/// PlantedBug::kRepeatedWrite: a write that is over and is to be carried out once more.
struct RepeatedWrite {
  std::uint64_t offset = 0;  ///< in bytes
  std::vector<std::byte> data;
};
using RepeatedWrites = std::deque<RepeatedWrite>;

/// The volume itself, or with a layer above it that has the bug. Dice and `repeated` outlive the volume.
std::unique_ptr<block::Volume> plant(PlantedBug bug, sim::Dice& dice, RepeatedWrites& repeated,
                                     std::unique_ptr<block::Volume> volume);

}  // namespace lunaria::simulation
