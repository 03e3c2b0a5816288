#include "target/unit.h"

#include "target/data_shard.h"

namespace lunaria::target {

Unit::Unit(DataShard& home, UnitConfig config, std::unique_ptr<block::Volume> volume)
    : home_(home), config_(std::move(config)), volume_(std::move(volume)) {
  logical_unit_ = std::make_unique<scsi::LogicalUnit>(home_.shard(), *volume_, config_.identity, config_.options, *this,
                                                      *this, home_.log());
  logical_unit_->restore(std::move(config_.reservations));
}

Unit::~Unit() = default;

runtime::Task<void> Unit::execute(scsi::Command& command) {
  while (!inside_.try_enter()) {
    if (stopped_) {
      co_await scsi::execute_without_unit(command);
      co_return;
    }
    co_await resumed_.wait();
  }
  co_await logical_unit_->execute(command);
  inside_.leave();
}

runtime::Task<bool> Unit::replace_volume(std::unique_ptr<block::Volume> volume) {
  resumed_.reset();
  inside_.close();
  co_await drain();
  logical_unit_->replace_volume(*volume);
  std::swap(volume_, volume);
  const bool has_other_capacity = volume_->geometry().block_count != volume->geometry().block_count;
  volume.reset();
  logical_unit_->allow_background();
  inside_.reopen();
  resumed_.set();
  co_return has_other_capacity;
}

runtime::Task<void> Unit::stop() {
  stopped_ = true;
  inside_.close();
  co_await drain();
}

// The last to leave is called by the volume that has completed its request: that volume may go when it has returned.
runtime::Task<void> Unit::drain() {
  co_await logical_unit_->stop_background();
  co_await inside_.drained();
  co_await runtime::yield_on(home_.shard());
}

runtime::Task<bool> Unit::save(scsi::ReservationState state) {
  const bool saved = co_await home_.save_reservations(config_.id, std::move(state));
  co_await runtime::move_to(home_.shard());
  co_return saved;
}

runtime::Task<bool> Unit::receive_visit(scsi::UnitVisitor& visitor) {
  while (!inside_.try_enter()) {
    if (stopped_) {
      co_return false;
    }
    co_await resumed_.wait();
  }
  co_await visitor.visit(*logical_unit_);
  inside_.leave();
  co_return true;
}

// The place is looked up and gone to in one go, as a command does: whoever removes that unit has this shard take the
// new publication first, so the message is there before.
runtime::Task<bool> Unit::visit(std::array<std::uint8_t, 8> naa, scsi::UnitVisitor& visitor) {
  const UnitPlace place = home_.published().find_unit(naa);
  if (place.unit == nullptr) {
    co_return false;
  }
  co_await runtime::move_to(place.home->shard());
  const bool visited = co_await place.unit->receive_visit(visitor);
  co_await runtime::move_to(home_.shard());
  co_return visited;
}

void Unit::on_volume_failed(const std::string& reason) {
  home_.report(VolumeFailed{config_.id, reason});
}

void Unit::on_space_reached(const scsi::SpaceReached& reached) {
  home_.report(SpaceReached{config_.id, reached});
}

}  // namespace lunaria::target
