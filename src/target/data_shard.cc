#include "target/data_shard.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "target/connection_loop.h"
#include "target/served_session.h"

namespace lunaria::target {

DataShard::DataShard(runtime::Shard& shard, Log& log, Reporter reporter, ReservationSaver saver)
    : shard_(shard),
      log_(log),
      reporter_(std::move(reporter)),
      saver_(std::move(saver)),
      published_(std::make_shared<const Published>(std::make_shared<const Config>(),
                                                   std::unordered_map<UnitId, UnitPlace>())) {}

DataShard::~DataShard() {
  check(loops_.empty() && sessions_.empty(), "connections end before their shard");
}

void DataShard::add_unit(std::unique_ptr<Unit> unit) {
  const UnitId id = unit->id();
  units_[id] = std::move(unit);
}

void DataShard::remove_unit(UnitId id) {
  units_.erase(id);
}

ConnectionLoop& DataShard::add(std::unique_ptr<ConnectionLoop> loop) {
  loops_.push_back(std::move(loop));
  return *loops_.back();
}

std::unique_ptr<ConnectionLoop> DataShard::take(ConnectionLoop& loop) {
  const auto found = std::ranges::find(loops_, &loop, &std::unique_ptr<ConnectionLoop>::get);
  check(found != loops_.end(), "a loop is on the shard that it says");
  std::unique_ptr<ConnectionLoop> taken = std::move(*found);
  std::swap(*found, loops_.back());
  loops_.pop_back();
  return taken;
}

ServedSession& DataShard::add_session(std::unique_ptr<ServedSession> session) {
  ServedSession& added = *session;
  sessions_[added.tsih()] = std::move(session);
  return added;
}

void DataShard::remove_session(ServedSession& session) {
  sessions_.erase(session.tsih());
}

ServedSession* DataShard::find_session(std::uint16_t tsih) const {
  const auto found = sessions_.find(tsih);
  return found == sessions_.end() ? nullptr : found->second.get();
}

}  // namespace lunaria::target
