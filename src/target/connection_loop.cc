#include "target/connection_loop.h"

#include <utility>

#include "iscsi/limits.h"
#include "runtime/blocking.h"
#include "runtime/submit.h"
#include "target/access.h"

namespace lunaria::target {
namespace {

/// Receives carried out in a row before other connections of the shard have their turn.
constexpr unsigned kBatchesPerTurn = 8;
/// While at least this many bytes have come that are not received yet, answers are gathered: their initiator has sent
/// enough to wait for, and each send wakes it. docs/decisions/0020.
constexpr std::size_t kBacklogMin = 2 * iscsi::kBusyReceiveSize;
/// For the initiator to negotiate anew when it is asked to; nothing happens when it does not.
constexpr runtime::Duration kNegotiationGrace = std::chrono::seconds(3);

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
  deadline_.on_complete([](runtime::Operation& timer) noexcept { static_cast<LoopTimer&>(timer).loop->on_deadline(); });
  patience_.loop = this;
  patience_.on_complete([](runtime::Operation& timer) noexcept {
    ConnectionLoop& loop = *static_cast<LoopTimer&>(timer).loop;
    loop.is_overdue_ = true;
    if (loop.session_ != nullptr) {
      loop.session_->changed().set();
    }
  });
  rearm_deadline();
}

ConnectionLoop::~ConnectionLoop() {
  home_->shard().cancel(patience_);
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

void ConnectionLoop::close(iscsi::CloseReason reason) {
  connection_->close(reason, now());
  wake();
}

void ConnectionLoop::report_event(scsi::Lun lun, scsi::AdditionalSense condition) {
  scsi::Sense sense;
  sense.key = scsi::SenseKey::kUnitAttention;
  sense.additional = condition;
  connection_->report_event(lun, scsi::build_sense(sense, scsi::SenseFormat::kFixed));
  wake();
}

void ConnectionLoop::offer_parameters() {
  const TargetConfig* target = session_->target() ? home_->published().find_target(*session_->target()) : nullptr;
  if (target != nullptr) {
    connection_->offer_segment_length(target->preferences.max_recv_data_segment_length, kNegotiationGrace, now());
    wake();
  }
}

// Host

Result<iscsi::LoginGrant, iscsi::LoginRefusal> ConnectionLoop::authorize(const iscsi::LoginQuery& query) {
  return target::authorize(home_->published(), query, mac_);
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
  home_->report(LoginRejected{.initiator_name = std::string(query.initiator_name),
                              .target_name = std::string(query.target_name),
                              .peer = query.peer,
                              .reason = std::string(reason),
                              .is_authentication = status == iscsi::LoginStatus::kAuthenticationFailure,
                              .portal_group_tag = home_->published().portal_group_tag(query.local).value_or(0)});
}

std::vector<iscsi::DiscoveredTarget> ConnectionLoop::send_targets(const iscsi::SendTargetsQuery& query) {
  return discover(home_->published(), query, mac_);
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
  slot.connection().complete(slot);
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
  slot.connection().complete(slot);  // which may be another one now (TASK REASSIGN)
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
  const bool is_full = static_cast<std::size_t>(request.result) == request.memory.size();
  has_backlog_ = is_full && request.memory.size() >= iscsi::kBusyReceiveSize && stream_->waiting() >= kBacklogMin;
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
    if (connection_->has_lent()) {
      request.result = stream_->try_send(request.memory);
    } else {
      co_await runtime::submit(*stream_, request);
    }
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
  co_await find_mac_address();
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

// Before the first byte is read, so that deciding on the login needs no waiting.
runtime::Task<void> ConnectionLoop::find_mac_address() {
  if (environment_.find_neighbour && home_->published().wants_mac_addresses()) {
    const IpAddress peer = stream_->peer_endpoint().address;
    mac_ = co_await runtime::run_blocking(home_->shard(), [this, peer] { return environment_.find_neighbour(peer); });
  }
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
  home_->log().info(is_leading_ ? "iscsi.session.opened" : "iscsi.connection.joined",
                    {{"initiator", session.initiator_name()},
                     {"target", session.target_name()},
                     {"tsih", session.tsih()},
                     {"cid", connection_->login().cid},
                     {"peer", connection_->peer().to_string()}});
  if (is_leading_) {
    home_->report(SessionOpened{session.tsih(), session_->target(), session.initiator_name()});
  }
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
    if (has_backlog_) {
      wake();  // they leave when this loop has to wait, or its turn ends
    } else {
      may_send_.set();
    }
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

// RFC 7143 7.1.4: below level 2 nobody can pick up what a failed connection leaves, so the session ends with it.
void ConnectionLoop::fail_session(iscsi::CloseReason reason) {
  if (iscsi::is_orderly(reason)) {
    return;
  }
  for (const auto& other : home_->loops()) {
    if (other.get() != this && other->session_ == session_) {
      session_->forbid_joining();
      other->close(iscsi::CloseReason::kRequested);
    }
  }
}

bool ConnectionLoop::may_be_recovered(iscsi::CloseReason reason) const {
  return session_->session().parameters().error_recovery_level == 2 && !session_->is_closing() &&
         (!iscsi::is_orderly(reason) || reason == iscsi::CloseReason::kReplaced);
}

// RFC 7143 7.1.4.3: the tasks wait for another connection, for Time2Wait and Time2Retain.
runtime::Task<void> ConnectionLoop::await_recovery() {
  connection_->suspend(now());
  session_->changed().set();
  rearm_deadline();
  while (!connection_->recovery_is_over()) {
    may_receive_.reset();
    co_await may_receive_.wait();
  }
}

runtime::Task<void> ConnectionLoop::end() {
  is_broken_ = true;
  stream_->shutdown();
  co_await stop_sender();  // abandon() wants nothing in flight on the socket
  const auto reason = connection_->close_reason().value_or(iscsi::CloseReason::kDisconnected);
  DataShard& home = *home_;
  LoopEnvironment& environment = environment_;
  ServedSession* const session = session_;
  if (session != nullptr && may_be_recovered(reason)) {
    co_await await_recovery();
  } else if (session != nullptr) {
    fail_session(reason);
  }
  connection_->abandon();
  if (session != nullptr && session->retire()) {
    co_await session->leave_units();
    co_await environment.directory.retire(session->tsih());
    co_await runtime::move_to(home.shard());
  }
  inside_.close();
  home.shard().start(patience_, iscsi::kTaskEndWait);
  co_await inside_.drained();
  // Buffers of other shards may still be on their way home, and commands that were taken over from a connection before
  // this one run inside that one. They say when they are over.
  while (!connection_->is_drained()) {
    may_receive_.reset();
    co_await may_receive_.wait();
  }
  while (wake_posted_) {
    co_await runtime::yield_on(home.shard());
  }
  const std::unique_ptr<ConnectionLoop> self = home.take(*this);
  connection_.reset();
  if (session != nullptr) {
    co_await leave_session(home, environment, *session, iscsi::to_string(reason));
  }
}

}  // namespace lunaria::target
