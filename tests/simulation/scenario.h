#pragma once

// Scenario: what one seed plays: how many of everything, how the links and disks behave, what is done to them.

#include <cstdint>
#include <string>
#include <vector>

#include "base/ip_address.h"
#include "block/open_volume.h"
#include "iscsi/limits.h"
#include "iscsi/testing/initiator.h"
#include "scsi/rate_limit.h"
#include "sim/dice.h"
#include "sim/file_system.h"
#include "sim/network.h"
#include "simulation/planted_bug.h"

namespace lunaria::simulation {

struct DiskScenario {
  block::VolumeSpec spec;
  bool is_device = false;
  bool is_memory() const { return spec.kind == block::VolumeKind::kRam; }
  scsi::RateLimit rate_limit{};  ///< at first
  std::uint64_t sectors() const { return spec.geometry.size() / 512; }
};

struct InitiatorScenario {
  iscsi::testing::InitiatorOptions options;
  IpAddress address;
  std::size_t depth = 4;          ///< commands outstanding at most
  std::size_t operations = 50;    ///< commands in all
  std::uint64_t blocks_max = 16;  ///< per command
  std::uint64_t pause_max_us = 1000;
  std::uint16_t connections = 1;  ///< per session
  scsi::RateLimit rate_limit{};   ///< at first
  bool uses_reservations = false;
  bool uses_task_management = false;
  std::uint32_t loss_per_mille = 0;  ///< PDUs that get lost on connections that go on; 0 at recovery level 0
};

/// What happens to the world while initiators work. Each seed has a few of them.
enum class Disturbance : std::uint8_t {
  kPowerCut,
  kProcessCrash,
  kRestart,  ///< an orderly one
  kCutConnections,
  kDropSession,  ///< by the administrator
  kPartition,
  kSlowLinks,
  kDiskHang,
  kDiskErrors,  ///< reads and writes fail for a while
  kFlushError,  ///< one flush fails; an administrator repairs the disk later
  kMappingChange,
  kAccessChange,
  kRateLimit,  ///< of a disk or an initiator: another one, or none
};
inline constexpr std::size_t kDisturbances = 13;

struct Scenario {
  std::uint64_t seed = 1;
  std::size_t data_shards = 1;
  std::vector<DiskScenario> disks;
  std::vector<InitiatorScenario> initiators;
  sim::LinkOptions link;
  sim::DiskOptions disk_timing;
  iscsi::Timeouts timeouts;
  std::uint16_t time2wait = 2;            ///< seconds; what the target prefers
  std::vector<Disturbance> disturbances;  ///< in order, with pauses between
  std::uint64_t disturbance_pause_max_ms = 100;
  bool ends_with_power_cut = false;  ///< before everything is read again
  PlantedBug planted = PlantedBug::kNone;
};

/// Slow enough to be felt, and now and then none.
scsi::RateLimit draw_rate_limit(sim::Dice& dice);

/// The same for the same seed, on every machine.
Scenario draw_scenario(std::uint64_t seed, PlantedBug planted);

inline constexpr const char* kTargetName = "iqn.2004-01.org.example:simulated";
inline const IpEndpoint kPortal = *IpEndpoint::parse("198.51.100.1:3260");

}  // namespace lunaria::simulation
