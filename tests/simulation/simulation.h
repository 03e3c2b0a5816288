#pragma once

// One seed, played from beginning to end: initiators work on a target while the world around it misbehaves; then
// everything heals, must come to rest, and all that is on the disks is judged.

#include <cstdint>
#include <optional>
#include <string>

#include "simulation/board.h"
#include "simulation/planted_bug.h"

namespace lunaria::simulation {

struct SimulationOptions {
  std::uint64_t seed = 1;
  PlantedBug planted = PlantedBug::kNone;
  bool loud = false;  ///< every event to standard error
};

struct SimulationResult {
  std::optional<std::string> failure;  ///< in words; nothing when all was lawful
  std::uint64_t digest = 0;            ///< of all events: equal for equal runs
  std::uint64_t events = 0;            ///< observations made, as a measure of what was tested
  std::size_t joined_connections = 0;  ///< connections beside the first of their session
  RecoveryCounts recovery;
};

SimulationResult simulate(const SimulationOptions& options);

/// The command that plays this seed again, with every event.
std::string replay_command(const SimulationOptions& options);

/// From now on a process that aborts names the seed that was being played.
void name_seed_on_abort();

}  // namespace lunaria::simulation
