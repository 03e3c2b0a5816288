#include "simulation/scenario.h"

#include <algorithm>
#include <utility>

#include "simulation/model_reservation.h"

namespace lunaria::simulation {

namespace {

using sim::Dice;
using namespace std::chrono_literals;

DiskScenario draw_disk(Dice& dice, std::size_t index) {
  DiskScenario disk;
  disk.is_device = dice.chance(150);
  disk.spec.kind = block::VolumeKind::kFile;
  disk.spec.path =
      disk.is_device ? "/dev/simulated" + std::to_string(index) : "/disks/" + std::to_string(index) + ".img";
  disk.spec.geometry.logical_block_size = dice.chance(250) ? 4096 : 512;
  disk.spec.geometry.physical_block_size = 4096;
  const std::uint64_t size = dice.between(4, 64) * 4096;
  disk.spec.geometry.block_count = size / disk.spec.geometry.logical_block_size;
  disk.spec.thin = !disk.is_device && dice.chance(600);
  disk.spec.caching = dice.chance(300) ? block::Caching::kDirect : block::Caching::kBuffered;
  return disk;
}

/// Some of the disks are RAM disks. With a seed of its own, as draw_recovery.
void draw_memory(Scenario& scenario) {
  Dice dice(scenario.seed ^ 0x3E30'27D1'5C00'0000);
  for (std::size_t i = 0; i < scenario.disks.size(); ++i) {
    DiskScenario& disk = scenario.disks[i];
    if (dice.chance(300)) {
      disk.is_device = false;
      disk.spec.kind = block::VolumeKind::kRam;
      disk.spec.path = "memory" + std::to_string(i);
      disk.spec.thin = true;
    }
  }
}

std::string number_in(Dice& dice, std::uint64_t first, std::uint64_t last) {
  return std::to_string(dice.between(first, last));
}

iscsi::testing::InitiatorOptions draw_login(Dice& dice, std::size_t index, bool digests) {
  iscsi::testing::InitiatorOptions options;
  options.initiator_name = "iqn.2004-01.org.example:host" + std::to_string(index);
  options.target_name = kTargetName;
  options.isid = 0x8000'0000'0000 + index;
  options.tolerant = true;
  options.first_command_sn = dice.chance(200) ? 0xFFFF'FFF0 : static_cast<std::uint32_t>(dice.below(1000));
  const auto yes = [&dice](std::uint32_t per_mille) { return std::string(dice.chance(per_mille) ? "Yes" : "No"); };
  const auto digest = [&dice, digests](std::uint32_t per_mille) {
    return std::string(digests || dice.chance(per_mille) ? "CRC32C" : "None");
  };
  const std::uint64_t burst = dice.between(1, 64) * 1024;
  options.keys = {{"HeaderDigest", digest(300)},
                  {"DataDigest", digest(300)},
                  {"ErrorRecoveryLevel", "0"},
                  {"InitialR2T", yes(500)},
                  {"ImmediateData", yes(500)},
                  {"MaxBurstLength", std::to_string(burst)},
                  {"FirstBurstLength", number_in(dice, 512, burst)},
                  {"MaxOutstandingR2T", number_in(dice, 1, 4)},
                  {"MaxConnections", "4"},
                  {"MaxRecvDataSegmentLength", number_in(dice, 512, 65536)},
                  {"DataPDUInOrder", "Yes"},
                  {"DataSequenceInOrder", "Yes"}};
  return options;
}

sim::LinkOptions draw_link(Dice& dice) {
  sim::LinkOptions link;
  link.latency_max = std::chrono::microseconds(dice.between(20, 2000));
  if (dice.chance(400)) {
    link.piece_max = dice.between(1, 8) == 1 ? dice.between(16, 64) : dice.between(200, 20'000);
  }
  if (dice.chance(300)) {
    link.window = dice.between(2048, 65536);
  }
  if (dice.chance(200)) {
    link.stall_per_mille = static_cast<std::uint32_t>(dice.between(1, 20));
    link.stall_max = std::chrono::milliseconds(dice.between(1, 3000));
  }
  if (dice.chance(250)) {
    link.cut_per_mille = 500;
    link.cut_bytes_max = dice.between(4096, 400'000);
  }
  if (dice.chance(250)) {
    link.corrupt_per_mille = static_cast<std::uint32_t>(dice.between(1, 20));
    link.corrupt_after = 4096;
  }
  return link;
}

void set_key(iscsi::testing::InitiatorOptions& options, const std::string& name, std::string value) {
  const auto found = std::ranges::find(options.keys, name, &std::pair<std::string, std::string>::first);
  if (found == options.keys.end()) {
    options.keys.emplace_back(name, std::move(value));
  } else {
    found->second = std::move(value);
  }
}

/// The recovery level of each session, and what it needs. With a seed of its own: the rest of a scenario is the same
/// with and without.
void draw_recovery(Scenario& scenario) {
  Dice dice(scenario.seed ^ 0x2EC0'7E21'0000'0000);
  scenario.time2wait = static_cast<std::uint16_t>(dice.below(3));
  if (dice.chance(500)) {
    scenario.timeouts.data_out = std::chrono::milliseconds(dice.between(500, 5000));
  }
  const std::uint32_t loss = dice.chance(500) ? static_cast<std::uint32_t>(dice.between(1, 40)) : 0U;
  for (InitiatorScenario& initiator : scenario.initiators) {
    const std::uint64_t level = dice.below(3);
    const std::uint32_t own_loss = dice.chance(700) ? loss : 0U;
    if (level == 0) {
      continue;
    }
    iscsi::testing::InitiatorOptions& options = initiator.options;
    options.recovers = true;
    initiator.loss_per_mille = own_loss;
    set_key(options, "ErrorRecoveryLevel", std::to_string(level));
    set_key(options, "DataDigest", "CRC32C");
    set_key(options, "DataPDUInOrder", dice.chance(500) ? "Yes" : "No");
    set_key(options, "DataSequenceInOrder", dice.chance(500) ? "Yes" : "No");
    set_key(options, "DefaultTime2Wait", "0");
    set_key(options, "DefaultTime2Retain", dice.chance(150) ? number_in(dice, 0, 2) : number_in(dice, 3, 20));
    if (dice.chance(200)) {
      initiator.connections = static_cast<std::uint16_t>(dice.between(2, 4));
    }
  }
}

}  // namespace

scsi::RateLimit draw_rate_limit(sim::Dice& dice) {
  scsi::RateLimit limit;
  if (dice.chance(600)) {
    limit.iops = dice.between(10, 500);
    limit.iops_burst = dice.chance(500) ? dice.between(1, 20) : 0;
  }
  if (dice.chance(400)) {
    limit.bandwidth = dice.between(64, 4096) * 1024;
    limit.bandwidth_burst = dice.chance(500) ? dice.between(4, 256) * 1024 : 0;
  }
  return limit;
}

Scenario draw_scenario(std::uint64_t seed, PlantedBug planted) {
  Dice dice(seed ^ 0x5EED'0F50'4E41'A000);
  Scenario scenario;
  scenario.seed = seed;
  scenario.planted = planted;
  scenario.data_shards = dice.between(1, 3);
  const std::size_t disks = dice.between(1, 3);
  for (std::size_t i = 0; i < disks; ++i) {
    scenario.disks.push_back(draw_disk(dice, i));
    if (dice.chance(150)) {
      scenario.disks.back().rate_limit = draw_rate_limit(dice);
    }
  }
  scenario.link = draw_link(dice);
  scenario.disk_timing.cached_per_mille = static_cast<std::uint32_t>(dice.below(1001));
  scenario.disk_timing.latency_max = std::chrono::microseconds(dice.between(50, 5000));
  const bool reservations = dice.chance(400);
  const bool task_management = dice.chance(400);
  const std::size_t initiators = dice.between(1, kInitiatorsMax);
  for (std::size_t i = 0; i < initiators; ++i) {
    InitiatorScenario initiator;
    initiator.options = draw_login(dice, i, scenario.link.corrupt_per_mille != 0);
    initiator.address = IpAddress::v4({203, 0, 113, static_cast<std::uint8_t>(i + 1)});
    initiator.depth = dice.between(1, 8);
    initiator.operations = dice.between(20, 120);
    initiator.blocks_max = dice.chance(100) ? 512 : dice.between(1, 24);
    initiator.pause_max_us = dice.chance(500) ? dice.between(1, 200) : dice.between(200, 8000);
    initiator.connections = dice.chance(300) ? static_cast<std::uint16_t>(dice.between(2, 4)) : std::uint16_t{1};
    if (dice.chance(150)) {
      initiator.rate_limit = draw_rate_limit(dice);
    }
    initiator.uses_reservations = reservations;
    initiator.uses_task_management = task_management;
    scenario.initiators.push_back(std::move(initiator));
  }
  const std::size_t disturbances = dice.below(7);
  for (std::size_t i = 0; i < disturbances; ++i) {
    scenario.disturbances.push_back(static_cast<Disturbance>(dice.below(kDisturbances)));
  }
  scenario.disturbance_pause_max_ms = dice.between(5, 200);
  scenario.ends_with_power_cut = dice.chance(700);
  draw_recovery(scenario);
  draw_memory(scenario);
  return scenario;
}

}  // namespace lunaria::simulation
