#include "simulation/machine.h"

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/check.h"
#include "block/open_volume.h"
#include "simulation/planted_bug.h"

namespace lunaria::simulation {

namespace {

using namespace std::chrono_literals;

constexpr std::uint16_t kConnectionsMax = 4;

target::UnitId unit_of(std::size_t disk) {
  return target::UnitId{static_cast<std::uint32_t>(disk + 1)};
}

target::UnitConfig unit_config(std::size_t disk) {
  target::UnitConfig config;
  config.id = unit_of(disk);
  config.identity.vendor = "LUNARIA";
  config.identity.product = "simulated";
  config.identity.revision = "1";
  config.identity.serial = "SIM" + std::to_string(disk);
  config.identity.naa = {0x30, 0, 0, 0, 0, 0, 0, static_cast<std::uint8_t>(disk + 1)};
  return config;
}

}  // namespace

runtime::Task<bool> KeptReservations::keep_reservations(target::UnitId unit, scsi::ReservationState state) {
  co_await runtime::sleep_for(control_, std::chrono::microseconds(dice_.below(3000)));
  if (powered_) {
    kept_[static_cast<std::size_t>(unit) - 1] = std::move(state);
  }
  co_return powered_;
}

Machine::Machine(Board& board, sim::SimShard& control, std::vector<runtime::Shard*> data_shards)
    : board_(board),
      control_(control),
      data_shards_(std::move(data_shards)),
      files_(board.world, board.scenario.disk_timing),
      manners_(board.scenario.disks.size()),
      exposures_(board.scenario.disks.size(), Exposure::kReadWrite),
      admitted_(board.scenario.initiators.size(), true),
      kept_(control, board.world.dice(), board.scenario.disks.size()),
      homes_(board.scenario.disks.size(), nullptr) {
  check(files_.create_directories("/disks").has_value() && files_.create_directories("/dev").has_value(),
        "an empty disk takes directories");
  for (const DiskScenario& disk : board.scenario.disks) {
    if (disk.is_device) {
      files_.add_device(disk.spec.path, disk.spec.geometry.size());
    } else {
      check(block::create_volume_file(files_, disk.spec).has_value(), "an empty disk takes files");
    }
  }
  for (const DiskScenario& disk : board.scenario.disks) {
    disk_limits_.push_back(disk.rate_limit);
  }
  for (const InitiatorScenario& initiator : board.scenario.initiators) {
    initiator_limits_.push_back(initiator.rate_limit);
  }
  files_.set_faults([this](const sim::Call& call) { return fate_of(call); });
}

sim::Fate Machine::fate_of(const sim::Call& call) {
  const auto found = std::ranges::find_if(board_.scenario.disks,
                                          [&call](const DiskScenario& disk) { return disk.spec.path == call.path; });
  if (found == board_.scenario.disks.end() || call.kind == sim::CallKind::kMetadata) {
    return sim::Fate::proceed();
  }
  Manners& manners = manners_[static_cast<std::size_t>(found - board_.scenario.disks.begin())];
  if (manners.hangs) {
    return sim::Fate::hang();
  }
  if (call.kind == sim::CallKind::kSync && std::exchange(manners.fails_flush, false)) {
    manners.lost_flush = true;
    return sim::Fate::error(EIO);
  }
  if (call.kind != sim::CallKind::kSync && board_.world.dice().chance(manners.error_per_mille)) {
    manners.lost_flush = true;  // it may have been a durable write
    return sim::Fate::error(board_.world.dice().chance(300) && call.kind == sim::CallKind::kWrite ? ENOSPC : EIO);
  }
  return sim::Fate::proceed();
}

std::unique_ptr<block::Volume> Machine::open(std::size_t disk, runtime::Shard& home) {
  if (std::exchange(manners_[disk].lost_flush, false)) {
    board_.disks[disk]->content.forget_cache();
  }
  return plant(board_.scenario.planted, board_.world.dice(), board_.disks[disk]->repeated_writes,
               block::open_volume(files_, home, board_.scenario.disks[disk].spec));
}

runtime::Task<void> Machine::start() {
  server_ = std::make_unique<target::Server>(control_, data_shards_, log_, board_.scenario.timeouts);
  server_->observe([this](const target::Event&) {
    while (board_.trace.is_loud() && log_lines_said_ < log_.lines().size()) {
      board_.trace.say("    log: " + log_.lines()[log_lines_said_++]);
    }
  });
  server_->keep_with(kept_);
  kept_.set_powered(true);
  for (std::size_t disk = 0; disk < board_.disks.size(); ++disk) {
    homes_[disk] = &server_->choose_home();
    target::UnitConfig config = unit_config(disk);
    config.options = options_of(disk);
    if (board_.scenario.planted != PlantedBug::kForgottenPersistence) {
      config.reservations = kept_.of(disk);
    }
    co_await server_->add_unit(std::move(config), *homes_[disk], open(disk, *homes_[disk]));
    judge_from_now(board_.disks[disk]->rate, disk_limits_[disk]);
  }
  co_await publish();
  for (std::size_t i = 0; i < initiator_limits_.size(); ++i) {
    judge_from_now(board_.rates[i], initiator_limits_[i]);
  }
  board_.is_up = true;
  board_.last_outage = board_.ticks.next();
  board_.trace.note("machine.started");
}

runtime::Task<void> Machine::publish() {
  auto config = std::make_shared<target::Config>();
  config->generation = ++generation_;
  config->portals.push_back({.endpoint = kPortal, .portal_group_tag = 1, .listen = true});
  target::TargetConfig target;
  target.id = target::TargetId{1};
  target.name = kTargetName;
  target.preferences.max_connections = kConnectionsMax;
  target.preferences.error_recovery_level = 2;
  target.preferences.default_time2wait = board_.scenario.time2wait;
  for (std::size_t i = 0; i < admitted_.size(); ++i) {
    if (admitted_[i]) {
      target.access.emplace_back(target::InitiatorName{board_.scenario.initiators[i].options.initiator_name});
    }
  }
  for (std::size_t disk = 0; disk < exposures_.size(); ++disk) {
    if (exposures_[disk] != Exposure::kHidden) {
      target.luns.push_back({.lun = static_cast<std::uint16_t>(disk),
                             .unit = unit_of(disk),
                             .read_only = exposures_[disk] == Exposure::kReadOnly});
    }
  }
  config->targets.push_back(std::move(target));
  for (std::size_t i = 0; i < initiator_limits_.size(); ++i) {
    target::InitiatorConfig initiator;
    initiator.name = board_.scenario.initiators[i].options.initiator_name;
    initiator.rate_limit = told(initiator_limits_[i]);
    config->initiators.push_back(std::move(initiator));
  }
  const auto failures = co_await server_->publish(std::move(config));
  if (!failures.empty()) {
    board_.fail("the portal did not open: " + runtime::to_string(failures.front().error));
  }
}

runtime::Task<void> Machine::stop() {
  board_.trace.note("machine.stopping");
  board_.last_outage = board_.ticks.next();
  co_await server_->stop(100ms);
  server_.reset();
  board_.is_up = false;
  for (std::size_t disk = 0; disk < board_.disks.size(); ++disk) {
    note_end(disk, false);
    board_.disks[disk]->reservation.lose_power();
    board_.disks[disk]->reserving.reset();
  }
  board_.last_outage = board_.ticks.next();
  board_.trace.note("machine.stopped");
}

runtime::Task<void> Machine::crash(bool power_cut) {
  board_.trace.note("machine.crash", {power_cut ? 1U : 0U});
  board_.is_up = false;
  kept_.set_powered(false);
  if (power_cut) {
    files_.power_cut();
  } else {
    files_.process_crash();
  }
  for (std::size_t disk = 0; disk < board_.disks.size(); ++disk) {
    note_end(disk, power_cut);
    manners_[disk].lost_flush = manners_[disk].lost_flush && !power_cut;
  }
  board_.last_outage = board_.ticks.next();
  board_.world.network().cut_all();
  co_await server_->stop(0ms);
  server_.reset();
  for (const auto& disk : board_.disks) {
    disk->reservation.lose_power();
    disk->reserving.reset();
  }
  board_.last_outage = board_.ticks.next();
}

runtime::Task<void> Machine::set_exposure(std::size_t disk, Exposure exposure) {
  JudgedDisk& judged = *board_.disks[disk];
  board_.trace.note("machine.exposure", {disk, static_cast<std::uint64_t>(exposure)});
  judged.exposure.add(exposure);
  judged.last_reset = board_.ticks.next();
  exposures_[disk] = exposure;
  co_await publish();
  judged.exposure.settle(exposure);
  judged.last_reset = board_.ticks.next();
}

runtime::Task<void> Machine::set_admitted(std::size_t initiator, bool admitted) {
  board_.trace.note("machine.admitted", {initiator, admitted ? 1U : 0U});
  board_.admitted[initiator].add(admitted);
  admitted_[initiator] = admitted;
  co_await publish();
  board_.admitted[initiator].settle(admitted);
}

scsi::UnitOptions Machine::options_of(std::size_t disk) const {
  scsi::UnitOptions options;
  options.rate_limit = told(disk_limits_[disk]);
  return options;
}

// PlantedBug::kIgnoredRateLimit: the server is told of none.
scsi::RateLimit Machine::told(const scsi::RateLimit& limit) const {
  return board_.scenario.planted == PlantedBug::kIgnoredRateLimit ? scsi::RateLimit{} : limit;
}

void Machine::judge_from_now(JudgedRate& rate, const scsi::RateLimit& limit) {
  rate.model.begin(board_.world.clock().now(), limit, rate.outstanding);
}

// Until it is in force the one before or the new one is, so nothing is judged meanwhile.
runtime::Task<void> Machine::limit_disk(std::size_t disk, scsi::RateLimit limit) {
  JudgedRate& rate = board_.disks[disk]->rate;
  board_.trace.note("machine.disk_limit", {disk, limit.iops, limit.bandwidth});
  judge_from_now(rate, {});
  disk_limits_[disk] = limit;
  co_await server_->set_unit_options(unit_of(disk), options_of(disk));
  judge_from_now(rate, limit);
}

runtime::Task<void> Machine::limit_initiator(std::size_t initiator, scsi::RateLimit limit) {
  board_.trace.note("machine.initiator_limit", {initiator, limit.iops, limit.bandwidth});
  judge_from_now(board_.rates[initiator], {});
  initiator_limits_[initiator] = limit;
  co_await publish();
  judge_from_now(board_.rates[initiator], limit);
}

runtime::Task<void> Machine::lift_limits() {
  for (std::size_t disk = 0; disk < disk_limits_.size(); ++disk) {
    co_await limit_disk(disk, {});
  }
  for (std::size_t i = 0; i < initiator_limits_.size(); ++i) {
    co_await limit_initiator(i, {});
  }
}

runtime::Task<void> Machine::drop_sessions() {
  board_.last_drop = kNever;
  const auto sessions = co_await server_->sessions();
  for (const target::SessionStatus& session : sessions) {
    const auto grace = std::chrono::milliseconds(board_.world.dice().below(3) * 50);
    static_cast<void>(co_await server_->drop_session(session.tsih, grace));
  }
  board_.last_drop = board_.ticks.next();
}

runtime::Task<void> Machine::repair(std::size_t disk) {
  board_.trace.note("machine.repair", {disk});
  note_fault(disk);
  co_await server_->replace_volume(unit_of(disk), open(disk, *homes_[disk]));
  note_fault(disk);
}

runtime::Task<void> Machine::repair_all() {
  for (std::size_t disk = 0; disk < board_.disks.size(); ++disk) {
    const auto failure = co_await server_->unit_failure(unit_of(disk));
    if (failure) {
      co_await repair(disk);
    }
  }
}

// Of the process, and with a power cut of the machine.
void Machine::note_end(std::size_t disk, bool power_cut) {
  ModelDisk& content = board_.disks[disk]->content;
  if (board_.scenario.disks[disk].is_memory()) {
    content.lose_all();
  } else {
    power_cut ? content.power_cut() : content.process_crash();
  }
}

void Machine::note_fault(std::size_t disk) {
  board_.disks[disk]->last_fault = board_.ticks.next();
}

void Machine::hang(std::size_t disk) {
  board_.trace.note("machine.hang", {disk});
  manners_[disk].hangs = true;
}

void Machine::release() {
  board_.trace.note("machine.release");
  for (Manners& manners : manners_) {
    manners.hangs = false;
  }
  files_.release_hung();
}

void Machine::set_error_rate(std::size_t disk, std::uint32_t per_mille) {
  board_.trace.note("machine.errors", {disk, per_mille});
  note_fault(disk);
  manners_[disk].error_per_mille = per_mille;
  note_fault(disk);
}

void Machine::fail_next_flush(std::size_t disk) {
  board_.trace.note("machine.flush_error", {disk});
  note_fault(disk);
  manners_[disk].fails_flush = true;
}

}  // namespace lunaria::simulation
