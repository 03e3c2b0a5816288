#include "target/server.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "scsi/additional_sense.h"

namespace lunaria::target {
namespace {

std::vector<std::unique_ptr<DataShard>> make_shards(const std::vector<runtime::Shard*>& shards, Log& log,
                                                    EventChannel& events, const DataShard::ReservationSaver& saver) {
  check(!shards.empty(), "a data plane has at least one shard");
  std::vector<std::unique_ptr<DataShard>> made;
  for (runtime::Shard* shard : shards) {
    made.push_back(
        std::make_unique<DataShard>(*shard, log, [&events](Event event) { events.report(std::move(event)); }, saver));
  }
  return made;
}

std::vector<ConnectionLoop*> loops_of(const DataShard& shard) {
  std::vector<ConnectionLoop*> loops;
  for (const auto& loop : shard.loops()) {
    loops.push_back(loop.get());
  }
  return loops;
}

/// Tells the initiator of a session, over one of its connections.
void report_event(const DataShard& shard, std::uint16_t tsih, scsi::Lun lun, scsi::AdditionalSense condition) {
  for (ConnectionLoop* loop : loops_of(shard)) {
    if (loop->session() != nullptr && loop->session()->tsih() == tsih) {
      loop->report_event(lun, condition);
      return;
    }
  }
}

/// Tells the initiators of all sessions that have the unit.
void report_capacity(const DataShard& shard, UnitId id) {
  for (const auto& [tsih, session] : shard.sessions()) {
    for (const MappedUnit& unit : session->luns().units()) {
      if (unit.id == id) {
        report_event(shard, tsih, scsi::encode_lun(unit.lun), scsi::asc::kCapacityChanged);
      }
    }
  }
}

}  // namespace

Server::Server(runtime::Shard& control, const std::vector<runtime::Shard*>& data_shards, Log& log,
               iscsi::Timeouts timeouts, FindNeighbour find_neighbour)
    : control_(control),
      events_(control),
      shards_(make_shards(
          data_shards, log, events_,
          [this](UnitId unit, scsi::ReservationState state) { return keep_reservations(unit, std::move(state)); })),
      directory_(
          *data_shards.front(),
          [](DataShard& home, std::uint16_t tsih) { return close_session(home, tsih, runtime::Duration::zero()); }),
      environment_{directory_, [this] { return scsi::NexusId{++last_nexus_}; },
                   [this](TargetId target, std::uint16_t except) { return close_target(target, except); }, timeouts,
                   std::move(find_neighbour)},
      portals_(*shards_.front(), environment_) {}

Server::~Server() {
  check(is_stopped_ || units_.empty(), "stop() comes before the destructor");
}

runtime::Shard& Server::choose_home() {
  return shards_[next_home_++ % shards_.size()]->shard();
}

DataShard& Server::shard_of(runtime::Shard& shard) const {
  const auto found = std::ranges::find_if(shards_, [&shard](const auto& data) { return &data->shard() == &shard; });
  check(found != shards_.end(), "a unit's home is one of the data shards");
  return **found;
}

runtime::Task<bool> Server::keep_reservations(UnitId unit, scsi::ReservationState state) {
  co_await runtime::move_to(control_);
  if (keeper_ == nullptr) {
    co_return false;
  }
  co_return co_await keeper_->keep_reservations(unit, std::move(state));
}

runtime::Task<void> Server::add_unit(UnitConfig unit, runtime::Shard& home, std::unique_ptr<block::Volume> volume) {
  DataShard& shard = shard_of(home);
  const UnitId id = unit.id;
  co_await runtime::move_to(home);
  const std::array<std::uint8_t, 8> naa = unit.identity.naa;
  auto made = std::make_unique<Unit>(shard, std::move(unit), std::move(volume));
  const UnitPlace place{&shard, made.get(), naa};
  shard.add_unit(std::move(made));
  co_await runtime::move_to(control_);
  units_[id] = place;
}

runtime::Task<void> Server::remove_unit(UnitId unit) {
  const auto found = units_.find(unit);
  if (found == units_.end()) {
    co_return;
  }
  const UnitPlace place = found->second;
  units_.erase(found);
  co_await runtime::move_to(place.home->shard());
  co_await place.unit->stop();
  place.home->remove_unit(unit);
  co_await runtime::move_to(control_);
}

runtime::Task<void> Server::replace_volume(UnitId unit, std::unique_ptr<block::Volume> volume) {
  const UnitPlace place = units_.at(unit);
  co_await runtime::move_to(place.home->shard());
  const bool has_other_capacity = co_await place.unit->replace_volume(std::move(volume));
  for (std::size_t i = 0; i < shards_.size() && has_other_capacity; ++i) {
    co_await runtime::move_to(shards_[i]->shard());
    report_capacity(*shards_[i], unit);
  }
  co_await runtime::move_to(control_);
}

runtime::Task<std::optional<scsi::RunningErasure>> Server::hold_erasures(UnitId unit) {
  const UnitPlace place = units_.at(unit);
  co_await runtime::move_to(place.home->shard());
  const std::optional<scsi::RunningErasure> running = place.unit->logical_unit().hold_erasures();
  co_await runtime::move_to(control_);
  co_return running;
}

runtime::Task<void> Server::release_erasures(UnitId unit) {
  const UnitPlace place = units_.at(unit);
  co_await runtime::move_to(place.home->shard());
  place.unit->logical_unit().release_erasures();
  co_await runtime::move_to(control_);
}

runtime::Task<void> Server::set_unit_options(UnitId unit, scsi::UnitOptions options) {
  const UnitPlace place = units_.at(unit);
  co_await runtime::move_to(place.home->shard());
  place.unit->logical_unit().set_options(options);
  co_await runtime::move_to(control_);
}

runtime::Task<std::optional<std::string>> Server::unit_failure(UnitId unit) {
  const auto found = units_.find(unit);
  if (found == units_.end()) {
    co_return std::nullopt;
  }
  const UnitPlace place = found->second;
  co_await runtime::move_to(place.home->shard());
  std::optional<std::string> failure = place.unit->failure();
  co_await runtime::move_to(control_);
  co_return failure;
}

// Connections are looked up again after each step that may suspend: they come and go meanwhile.
runtime::Task<void> Server::apply(DataShard& shard, std::shared_ptr<const Published> published) {
  co_await runtime::move_to(shard.shard());
  shard.set_published(std::move(published));
  std::vector<std::uint16_t> tsihs;
  for (const auto& [tsih, session] : shard.sessions()) {
    tsihs.push_back(tsih);
  }
  for (const std::uint16_t tsih : tsihs) {
    if (ServedSession* session = shard.find_session(tsih)) {
      const bool luns_have_changed = co_await session->update_luns();
      if (luns_have_changed) {
        report_event(shard, tsih, scsi::Lun{}, scsi::asc::kReportedLunsChanged);
      }
    }
  }
  for (ConnectionLoop* loop : loops_of(shard)) {
    if (loop->session() != nullptr && !loop->may_stay()) {
      loop->close(runtime::Duration::zero());
    } else if (loop->session() != nullptr) {
      loop->offer_parameters();
    }
  }
}

runtime::Task<void> Server::apply_everywhere(std::shared_ptr<const Config> config) {
  auto published = std::make_shared<const Published>(std::move(config), units_, published_.get());
  published_ = published;
  for (const auto& shard : shards_) {
    co_await apply(*shard, published);
  }
  co_await runtime::move_to(control_);
}

runtime::Task<std::vector<PortalFailure>> Server::publish(std::shared_ptr<const Config> config) {
  co_await apply_everywhere(std::move(config));
  auto failures = co_await open_portals();
  co_return failures;
}

runtime::Task<std::vector<PortalFailure>> Server::open_portals() {
  const std::shared_ptr<const Published> published = published_;
  co_await runtime::move_to(shards_.front()->shard());
  std::vector<PortalFailure> failures = co_await portals_.update(published->config().portals);
  co_await runtime::move_to(control_);
  co_return failures;
}

runtime::Task<std::vector<SessionStatus>> Server::sessions() {
  std::vector<SessionStatus> all;
  for (const auto& shard : shards_) {
    co_await runtime::move_to(shard->shard());
    for (const auto& [tsih, session] : shard->sessions()) {
      all.push_back(session->status());
    }
  }
  co_await runtime::move_to(control_);
  std::ranges::sort(all, {}, &SessionStatus::tsih);
  co_return all;
}

runtime::Task<void> Server::close_session(DataShard& home, std::uint16_t tsih, runtime::Duration grace) {
  co_await runtime::move_to(home.shard());
  for (ConnectionLoop* loop : loops_of(home)) {
    if (loop->session() != nullptr && loop->session()->tsih() == tsih) {
      loop->session()->forbid_joining();
      loop->close(grace);
    }
  }
}

runtime::Task<void> Server::close_target(TargetId target, std::uint16_t except_tsih) {
  for (const auto& shard : shards_) {
    co_await runtime::move_to(shard->shard());
    for (ConnectionLoop* loop : loops_of(*shard)) {
      ServedSession* session = loop->session();
      if (session != nullptr && session->target() == target && session->tsih() != except_tsih) {
        session->forbid_joining();
        loop->close(iscsi::CloseReason::kRequested);
      }
    }
  }
}

runtime::Task<bool> Server::drop_session(std::uint16_t tsih, runtime::Duration grace) {
  DataShard* home = co_await directory_.find(tsih);
  if (home != nullptr) {
    co_await close_session(*home, tsih, grace);
  }
  co_await runtime::move_to(control_);
  co_return home != nullptr;
}

void Server::observe(std::function<void(const Event&)> observer) {
  events_.observe(std::move(observer));
}

runtime::Task<void> Server::stop(runtime::Duration grace) {
  co_await runtime::move_to(shards_.front()->shard());
  co_await portals_.stop();
  for (const auto& shard : shards_) {
    co_await runtime::move_to(shard->shard());
    for (ConnectionLoop* loop : loops_of(*shard)) {
      loop->close(loop->session() != nullptr ? grace : runtime::Duration::zero());
    }
  }
  // A login that was under way on the first shard may have moved on meanwhile: it is met on its new one.
  for (const auto& shard : shards_) {
    co_await runtime::move_to(shard->shard());
    while (shard->gate().count() != 0 || !shard->loops().empty()) {
      co_await runtime::sleep_for(shard->shard(), std::chrono::milliseconds(1));
      for (ConnectionLoop* loop : loops_of(*shard)) {
        if (loop->session() == nullptr) {
          loop->close(runtime::Duration::zero());
        }
      }
    }
    shard->gate().close();
  }
  co_await runtime::move_to(control_);
  while (!units_.empty()) {
    co_await remove_unit(units_.begin()->first);
  }
  while (events_.pending() != 0) {
    co_await runtime::yield_on(control_);
  }
  is_stopped_ = true;
}

}  // namespace lunaria::target
