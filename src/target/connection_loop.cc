#include "target/connection_loop.h"

#include <utility>

#include "runtime/submit.h"
#include "target/access.h"

namespace lunaria::target {
namespace {

/// Receives carried out in a row before other connections of the shard have their turn.
constexpr unsigned kBatchesPerTurn = 8;

}  // namespace

void ConnectionLoop::start(DataShard& home, LoopEnvironment& environment, std::unique_ptr<runtime::Stream> stream,
                           std::function<void()> on_login_over) {
  ConnectionLoop& loop =
      home.add(std::make_unique<ConnectionLoop>(home, environment, std::move(stream), std::move(on_login_over)));
  if (!runtime::spawn(home.gate(), loop.log_in())) {
    loop.on_login_over_();
    loop.connection_->abandon();
    home.take(loop).reset();
  }
}

ConnectionLoop::ConnectionLoop(DataShard& home, LoopEnvironment& environment, std::unique_ptr<runtime::Stream> stream,
                               std::function<void()> on_login_over)
    : home_(&home), environment_(environment), stream_(std::move(stream)), on_login_over_(std::move(on_login_over)) {
  connection_ = std::make_unique<iscsi::Connection>(
      home.shard(), home.slots(), *this, home.log(),
      iscsi::ConnectionOptions{stream_->peer_endpoint(), stream_->local_endpoint(), environment.timeouts}, now());
  wake_message_.loop = this;
  wake_message_.on_complete([](runtime::Operation& message) noexcept {
    ConnectionLoop& loop = *static_cast<Callback&>(message).loop;
    loop.wake_posted_ = false;
    loop.on_woken();
  });
  handover_message_.loop = this;
  handover_message_.on_complete([](runtime::Operation& message) noexcept {
    ConnectionLoop& loop = *static_cast<Callback&>(message).loop;
    runtime::spawn(loop.home_->gate(), loop.serve());
  });
  deadline_.loop = this;
  deadline_.on_complete(
      [](runtime::Operation& timer) noexcept { static_cast<DeadlineTimer&>(timer).loop->on_deadline(); });
  rearm_deadline();
}

ConnectionLoop::~ConnectionLoop() {
  home_->shard().cancel(deadline_);
}

void ConnectionLoop::close(runtime::Duration grace) {
  if (grace > runtime::Duration::zero() && session_ != nullptr) {
    connection_->request_logout(grace, now());
  } else {
    connection_->close(iscsi::CloseReason::kRequested, now());
  }
  wake();
}

// Host

Result<iscsi::LoginGrant, iscsi::LoginRefusal> ConnectionLoop::authorize(const iscsi::LoginQuery& query) {
  return target::authorize(home_->published(), query);
}

void ConnectionLoop::establish(const iscsi::LoginResult& result) {
  establishing_ = &result;
}

void ConnectionLoop::login_refused(const iscsi::LoginQuery& query, iscsi::LoginStatus status, std::string_view reason) {
  home_->log().warning("iscsi.login.rejected", {{"initiator", query.initiator_name},
                                                {"target", query.target_name},
                                                {"peer", query.peer.to_string()},
                                                {"status", static_cast<unsigned>(status)},
                                                {"reason", reason}});
  home_->report(LoginRejected{std::string(query.initiator_name), std::string(query.target_name), query.peer,
                              std::string(reason)});
}

std::vector<iscsi::DiscoveredTarget> ConnectionLoop::send_targets(const iscsi::SendTargetsQuery& query) {
  return discover(home_->published(), query);
}

void ConnectionLoop::start_command(iscsi::CommandSlot& slot) {
  const MappedUnit* unit = session_->luns().find(slot.command().lun);
  if (unit == nullptr) {
    runtime::spawn(inside_, run_without_unit(slot));
    return;
  }
  runtime::spawn(inside_, run_command(slot, *unit));
}

runtime::Task<void> ConnectionLoop::run_without_unit(iscsi::CommandSlot& slot) {
  co_await scsi::execute_without_unit(slot.command());
  connection_->complete(slot);
}

runtime::Task<void> ConnectionLoop::run_command(iscsi::CommandSlot& slot, MappedUnit unit) {
  scsi::Command& command = slot.command();
  command.read_only = unit.read_only;
  runtime::Shard& unit_shard = unit.place.home->shard();
  if (unit.place.home != home_) {
    slot.set_home(unit_shard);
    co_await runtime::move_to(unit_shard);
    co_await unit.place.unit->execute(command);
    co_await runtime::move_to(home_->shard());
  } else {
    co_await unit.place.unit->execute(command);
  }
  connection_->complete(slot);
}

void ConnectionLoop::manage_tasks(iscsi::CommandSlot& slot) {
  runtime::spawn(inside_, run_task_management(slot));
}

runtime::Task<void> ConnectionLoop::run_task_management(iscsi::CommandSlot& slot) {
  using enum iscsi::TaskFunction;
  const iscsi::TaskManagementRequest request = slot.task_management();
  const bool is_target_wide = request.function == kTargetWarmReset || request.function == kTargetColdReset;
  std::vector<MappedUnit> units;
  if (is_target_wide) {
    units = session_->luns().units();
  } else if (const MappedUnit* unit = session_->luns().find(request.lun)) {
    units.push_back(*unit);
  }
  const scsi::NexusId nexus = session_->session().nexus == nullptr ? scsi::NexusId{} : session_->session().nexus->id;
  auto function = scsi::TaskManagement::kLogicalUnitReset;
  if (request.function == kAbortTask) {
    function = scsi::TaskManagement::kAbortTask;
  } else if (request.function == kAbortTaskSet) {
    function = scsi::TaskManagement::kAbortTaskSet;
  } else if (request.function == kClearTaskSet) {
    function = scsi::TaskManagement::kClearTaskSet;
  }
  auto response =
      units.empty() && !is_target_wide ? iscsi::TaskResponse::kLunDoesNotExist : iscsi::TaskResponse::kFunctionComplete;
  for (const MappedUnit& unit : units) {
    co_await runtime::move_to(unit.place.home->shard());
    const bool found = unit.place.unit->logical_unit().manage(function, nexus, request.referenced_task_tag);
    if (!found && function == scsi::TaskManagement::kAbortTask) {
      response = iscsi::TaskResponse::kTaskDoesNotExist;
    }
  }
  co_await runtime::move_to(home_->shard());
  connection_->complete_task_management(slot, response);
  if (request.function == kTargetColdReset) {
    close(runtime::Duration::zero());
  }
}

void ConnectionLoop::wake() {
  if (!in_batch_ && !wake_posted_) {
    wake_posted_ = true;
    home_->shard().post(wake_message_);
  }
}

// Answers that became ready one by one in this turn of the shard are sent together. Waking the receiver comes last: it
// may end the loop.
void ConnectionLoop::on_woken() {
  rearm_deadline();
  if (connection_->close_reason()) {
    stream_->shutdown();
  }
  if (connection_->wants_send() || connection_->close_reason()) {
    may_send_.set();
  }
  if (!connection_->receive_paused() || connection_->close_reason()) {
    may_receive_.set();
  }
}

void ConnectionLoop::rearm_deadline() {
  const runtime::Instant next = connection_->next_deadline();
  if (next == runtime::Instant::max() || (deadline_.pending && deadline_.deadline <= next)) {
    return;  // a timer that fires too early only looks again
  }
  runtime::Shard& shard = home_->shard();
  shard.cancel(deadline_);
  const runtime::Instant current = now();
  shard.start(deadline_, next > current ? next - current : runtime::Duration::zero());
}

void ConnectionLoop::on_deadline() {
  in_batch_ = true;
  connection_->on_deadline(now());
  in_batch_ = false;
  on_woken();
}

// Both directions

runtime::Task<bool> ConnectionLoop::receive_some() {
  runtime::ReceiveRequest request;
  request.memory = connection_->receive_memory();
  co_await runtime::submit(*stream_, request);
  if (request.result <= 0) {
    co_return false;
  }
  in_batch_ = true;
  connection_->on_received(static_cast<std::size_t>(request.result), now());
  in_batch_ = false;
  rearm_deadline();
  co_return true;
}

runtime::Task<bool> ConnectionLoop::send_pending() {
  while (connection_->wants_send()) {
    runtime::SendRequest request;
    request.memory = connection_->gather(now());
    co_await runtime::submit(*stream_, request);
    if (request.result < 0) {
      co_return false;
    }
    in_batch_ = true;
    connection_->on_sent(static_cast<std::size_t>(request.result), now());
    in_batch_ = false;
    rearm_deadline();
    if (!connection_->receive_paused()) {
      may_receive_.set();  // slots and memory that the answers held are free again
    }
  }
  co_return true;
}

// Login

runtime::Task<void> ConnectionLoop::log_in() {
  runtime::spawn(inside_, send_all());
  while (!connection_->close_reason() && !is_broken_) {
    if (establishing_ != nullptr) {
      const iscsi::LoginResult& result = *std::exchange(establishing_, nullptr);
      const bool has_moved = co_await establish_session(result);
      if (has_moved) {
        co_return;
      }
      continue;
    }
    if (connection_->receive_paused()) {
      may_receive_.reset();
      co_await may_receive_.wait();
      continue;
    }
    const bool received = co_await receive_some();
    if (!received) {
      break;
    }
    may_send_.set();
  }
  on_login_over_();
  co_await end();
}

// Begins on the shard of the login and comes back there, for that is whose gate the caller is in.
runtime::Task<bool> ConnectionLoop::establish_session(const iscsi::LoginResult& result) {
  DataShard& login_shard = *home_;
  if (result.tsih != 0) {
    DataShard* existing = co_await environment_.directory.find(result.tsih);
    co_await runtime::move_to(login_shard.shard());
    connection_->refuse_login(
        existing == nullptr ? iscsi::LoginStatus::kSessionDoesNotExist : iscsi::LoginStatus::kTooManyConnections,
        now());
    co_return false;
  }
  const bool is_discovery = result.session_type == iscsi::SessionType::kDiscovery;
  const std::uint16_t tsih = co_await environment_.directory.enter(
      {result.initiator_name, result.isid, result.target_name, result.portal_group_tag});
  co_await runtime::move_to(login_shard.shard());
  if (tsih == 0 || connection_->close_reason() || is_broken_) {
    connection_->refuse_login(iscsi::LoginStatus::kOutOfResources, now());
    if (tsih != 0) {
      co_await environment_.directory.leave(tsih);
      co_await runtime::move_to(login_shard.shard());
    }
    co_return false;
  }
  co_await stop_sender();
  on_login_over_();
  const TargetConfig* target = is_discovery ? nullptr : login_shard.published().find_target(result.target_name);
  DataShard* preferred = target == nullptr ? nullptr : login_shard.published().home_of(*target);
  DataShard& next = preferred == nullptr ? login_shard : *preferred;
  co_await move_to(next);
  session_ =
      &next.add_session(std::make_unique<ServedSession>(next, std::make_unique<iscsi::Session>(tsih, result),
                                                        target == nullptr ? std::nullopt : std::optional(target->id),
                                                        environment_.next_nexus(), next.shard().clock().wall_time()));
  co_await session_->update_luns();
  connection_->enter_full_feature(session_->session(), now());
  if (!is_discovery && !session_->may_stay(connection_->peer().address)) {
    close(runtime::Duration::zero());
  }
  co_await environment_.directory.place(tsih, next);
  co_await runtime::move_to(login_shard.shard());
  next.shard().post(handover_message_);
  co_return true;
}

runtime::Task<void> ConnectionLoop::move_to(DataShard& next) {
  DataShard& previous = *home_;
  previous.shard().cancel(deadline_);
  while (wake_posted_) {
    co_await runtime::yield_on(previous.shard());
  }
  std::unique_ptr<ConnectionLoop> self = previous.take(*this);
  if (&next != &previous) {
    connection_->move_to(next.shard(), next.slots());
    stream_->move_to(next.shard());
    home_ = &next;
    co_await runtime::move_to(next.shard());
  }
  next.add(std::move(self));
  rearm_deadline();
}

// Full feature phase

runtime::Task<void> ConnectionLoop::serve() {
  iscsi::Session& session = session_->session();
  home_->log().info("iscsi.session.opened", {{"initiator", session.initiator_name()},
                                             {"target", session.target_name()},
                                             {"tsih", session.tsih()},
                                             {"peer", connection_->peer().to_string()}});
  home_->report(SessionOpened{session.tsih(), session_->target(), session.initiator_name()});
  runtime::spawn(inside_, send_all());
  co_await receive_all();
  co_await end();
}

runtime::Task<void> ConnectionLoop::receive_all() {
  unsigned batches = 0;
  while (!connection_->close_reason() && !is_broken_) {
    if (connection_->receive_paused()) {
      may_receive_.reset();
      co_await may_receive_.wait();
      continue;
    }
    const bool received = co_await receive_some();
    if (!received) {
      break;
    }
    may_send_.set();
    if (++batches == kBatchesPerTurn) {
      batches = 0;
      co_await runtime::yield_on(home_->shard());
    }
  }
}

runtime::Task<void> ConnectionLoop::send_all() {
  is_sending_ = true;
  while (!is_broken_ && !sender_must_stop_) {
    const bool sent = co_await send_pending();
    if (!sent || connection_->close_reason()) {
      is_broken_ = true;
      stream_->shutdown();
      may_receive_.set();
      break;
    }
    if (is_broken_ || sender_must_stop_) {
      break;
    }
    may_send_.reset();
    co_await may_send_.wait();
  }
  is_sending_ = false;
  sender_over_.set();
}

runtime::Task<void> ConnectionLoop::stop_sender() {
  sender_must_stop_ = true;
  may_send_.set();
  while (is_sending_) {
    sender_over_.reset();
    co_await sender_over_.wait();
  }
  sender_must_stop_ = false;
}

runtime::Task<void> ConnectionLoop::end() {
  is_broken_ = true;
  stream_->shutdown();
  co_await stop_sender();  // abandon() wants nothing in flight on the socket
  const std::string_view reason =
      iscsi::to_string(connection_->close_reason().value_or(iscsi::CloseReason::kDisconnected));
  connection_->abandon();
  DataShard& home = *home_;
  ServedSession* const session = session_;
  if (session != nullptr) {
    co_await session->leave_units();
  }
  inside_.close();
  co_await inside_.drained();
  while (wake_posted_) {
    co_await runtime::yield_on(home.shard());
  }
  const std::unique_ptr<ConnectionLoop> self = home.take(*this);
  connection_.reset();
  if (session != nullptr) {
    const std::uint16_t tsih = session->tsih();
    const std::string& initiator = session->session().initiator_name();
    home.log().info("iscsi.session.closed", {{"initiator", initiator}, {"tsih", tsih}, {"reason", reason}});
    home.report(SessionClosed{tsih, session->target(), initiator, std::string(reason)});
    home.remove_session(*session);
    co_await environment_.directory.leave(tsih);
    co_await runtime::move_to(home.shard());
  }
}

}  // namespace lunaria::target
