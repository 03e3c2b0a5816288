#include "target/served_session.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "iscsi/connection.h"
#include "target/access.h"
#include "target/data_shard.h"

namespace lunaria::target {
namespace {

bool contains(const LunMap& map, const MappedUnit& unit) {
  return std::ranges::any_of(map.units(),
                             [&unit](const MappedUnit& other) { return other.place.unit == unit.place.unit; });
}

ConnectionStatus status_of(const iscsi::Connection& connection) {
  const iscsi::LoginResult& login = connection.login();
  return {.cid = login.cid,
          .initiator = connection.peer(),
          .target = connection.local(),
          .header_digest = login.connection.header_digest,
          .data_digest = login.connection.data_digest,
          .max_recv_data_segment_length = login.connection.max_recv_data_segment_length,
          .max_send_data_segment_length = login.connection.max_send_data_segment_length,
          .chap = login.chap,
          .mutual_chap = login.mutual_chap};
}

}  // namespace

ServedSession::ServedSession(DataShard& home, std::unique_ptr<iscsi::Session> session, std::optional<TargetId> target,
                             scsi::NexusId nexus, runtime::WallTime login_time)
    : home_(home), session_(std::move(session)), target_(target), nexus_id_(nexus), login_time_(login_time) {}

std::shared_ptr<scsi::Nexus> ServedSession::make_nexus(std::shared_ptr<const scsi::LunInventory> inventory) const {
  auto nexus = std::make_shared<scsi::Nexus>();
  nexus->id = nexus_id_;
  nexus->initiator_port = session_->initiator_port();
  nexus->initiator_name = session_->initiator_name();
  nexus->target_name = session_->target_name();
  nexus->target_port = session_->target_port();
  nexus->relative_target_port = session_->portal_group_tag();
  nexus->target_port_group = session_->portal_group_tag();
  nexus->inventory = std::move(inventory);
  nexus->has_query_functions = session_->parameters().protocol_level >= 2;
  nexus->target_ports = home_.published().target_ports(nexus->target_name);
  return nexus;
}

iscsi::LoginStatus ServedSession::reserve(const iscsi::LoginResult& login) {
  using enum iscsi::LoginStatus;
  if (live_ == 0 || is_closing_) {
    return kSessionDoesNotExist;
  }
  const bool is_same = login.initiator_name == session_->initiator_name() && login.isid == session_->isid() &&
                       login.target_name == session_->target_name() &&
                       login.portal_group_tag == session_->portal_group_tag();
  if (!is_same || session_->type() != iscsi::SessionType::kNormal || login.session_type != session_->type()) {
    return kCannotIncludeInSession;
  }
  const bool replaces = session_->find_connection(login.cid) != nullptr;
  const std::size_t after = session_->connections().size() + joining_.size() + (replaces ? 0 : 1);
  if (after > session_->parameters().max_connections || std::ranges::find(joining_, login.cid) != joining_.end()) {
    return kTooManyConnections;
  }
  joining_.push_back(login.cid);
  ++live_;
  ++users_;
  return kSuccess;
}

bool ServedSession::confirm(std::uint16_t cid) {
  std::erase(joining_, cid);
  return !is_closing_;
}

bool ServedSession::retire() {
  return --live_ == 0;
}

bool ServedSession::leave() {
  changed_.set();
  return --users_ == 0;
}

bool ServedSession::may_stay(const iscsi::Connection& connection, const std::optional<MacAddress>& mac) const {
  const Published& published = home_.published();
  // A portal that went to another group: the name of the target port, which holds the tag, is no longer true.
  const std::uint16_t tag = published.portal_group_tag(connection.local()).value_or(session_->portal_group_tag());
  if (tag != session_->portal_group_tag()) {
    return false;
  }
  const Asker asker{session_->initiator_name(), connection.peer().address, mac};
  if (!target_) {
    return is_welcome(published, asker);
  }
  const TargetConfig* target = published.find_target(*target_);
  return target != nullptr && may_use(published, *target, asker, tag);
}

// Those who wait are resumed inside end_update(), so they see is_over_ while the session is still there.
runtime::Task<bool> ServedSession::begin_update() {
  while (is_updating_) {
    co_await updated_.wait();
  }
  if (is_over_) {
    co_return false;
  }
  is_updating_ = true;
  updated_.reset();
  co_return true;
}

void ServedSession::end_update() {
  is_updating_ = false;
  updated_.set();
}

runtime::Task<bool> ServedSession::update_luns() {
  const bool has_begun = co_await begin_update();
  if (!has_begun) {
    co_return false;
  }
  const TargetConfig* target = target_ ? home_.published().find_target(*target_) : nullptr;
  LunMap next = target == nullptr ? LunMap() : LunMap(home_.published(), *target, session_->initiator_name());
  const bool has_other_ports =
      has_map_ && *home_.published().target_ports(session_->target_name()) != *nexuses_.back()->target_ports;
  std::shared_ptr<scsi::RateLimiter> limiter = home_.published().find_rate_limiter(session_->initiator_name());
  const bool has_other_limit = limiter != rate_limiter_;
  rate_limiter_ = std::move(limiter);
  bool luns_have_changed = false;
  if (!has_map_ || !next.same_as(luns_) || has_other_ports || has_other_limit) {
    luns_have_changed = co_await change_luns(std::move(next));
  }
  end_update();
  co_return luns_have_changed;
}

runtime::Task<void> ServedSession::leave_units() {
  const bool has_begun = co_await begin_update();
  check(has_begun, "a session leaves once");
  (void)co_await change_luns(LunMap());
  is_over_ = true;
  end_update();
}

runtime::Task<bool> ServedSession::change_luns(LunMap next) {
  const bool luns_have_changed = std::exchange(has_map_, true) && !next.same_as(luns_);
  const LunMap previous = std::exchange(luns_, next);
  const std::shared_ptr<scsi::Nexus> nexus = make_nexus(next.inventory());
  session_->nexus = nexus;
  nexuses_.push_back(nexus);
  for (const MappedUnit& unit : previous.units()) {
    if (!contains(next, unit)) {
      co_await runtime::move_to(unit.place.home->shard());
      unit.place.unit->logical_unit().detach(nexus_id_);
    }
  }
  for (const MappedUnit& unit : next.units()) {
    co_await runtime::move_to(unit.place.home->shard());
    scsi::LogicalUnit& logical_unit = unit.place.unit->logical_unit();
    if (contains(previous, unit)) {
      logical_unit.update(nexus);
    } else {
      logical_unit.attach(nexus);
    }
    logical_unit.set_read_only(nexus_id_, unit.read_only);
    logical_unit.set_rate_limiter(nexus_id_, rate_limiter_);
    if (luns_have_changed) {
      logical_unit.reported_luns_changed(nexus_id_);
    }
  }
  co_await runtime::move_to(home_.shard());
  co_return luns_have_changed;
}

SessionStatus ServedSession::status() const {
  const iscsi::SessionParameters& agreed = session_->parameters();
  SessionStatus status{.tsih = session_->tsih(),
                       .isid = session_->isid(),
                       .discovery = session_->type() == iscsi::SessionType::kDiscovery,
                       .initiator_name = session_->initiator_name(),
                       .initiator_alias = session_->initiator_alias(),
                       .target = target_,
                       .target_name = session_->target_name(),
                       .initial_r2t = agreed.initial_r2t,
                       .immediate_data = agreed.immediate_data,
                       .first_burst_length = agreed.first_burst_length,
                       .max_burst_length = agreed.max_burst_length,
                       .max_outstanding_r2t = agreed.max_outstanding_r2t,
                       .max_connections = agreed.max_connections,
                       .default_time2wait = agreed.default_time2wait,
                       .default_time2retain = agreed.default_time2retain,
                       .error_recovery_level = agreed.error_recovery_level,
                       .data_pdu_in_order = agreed.data_pdu_in_order,
                       .data_sequence_in_order = agreed.data_sequence_in_order,
                       .login_time = login_time_,
                       .connections = {}};
  for (const iscsi::Connection* connection : session_->connections()) {
    status.connections.push_back(status_of(*connection));
  }
  return status;
}

}  // namespace lunaria::target
