#include "simulation/initiator.h"

#include <algorithm>
#include <array>
#include <utility>

#include "simulation/requests.h"

namespace lunaria::simulation {

namespace {

using namespace std::chrono_literals;
using iscsi::TaskFunction;
using iscsi::TaskResponse;

/// After this long without an answer a command is aborted, and after this long without an answer to that the
/// session is dropped.
constexpr runtime::Duration kPatience = 5s;
constexpr runtime::Duration kLoginPatience = 20s;

}  // namespace

SimulatedInitiator::SimulatedInitiator(Board& board, sim::SimShard& shard, std::size_t index)
    : board_(board),
      shard_(shard),
      index_(index),
      scenario_(board.scenario.initiators[index]),
      dice_(board.scenario.seed * 31 + index),
      choice_(board, dice_, index),
      operations_left_(scenario_.operations) {
  board.world.network().set_address(shard, scenario_.address);
  for (std::uint16_t cid = 0; cid < scenario_.connections; ++cid) {
    ConnectionListener& listener = *this;
    connections_.push_back(std::make_unique<SimulatedConnection>(board, shard, listener, dice_, index, cid));
  }
}

void SimulatedInitiator::start() {
  shard_.run([this] {
    runtime::spawn(gate_, live());
    runtime::spawn(gate_, pace());
  });
}

void SimulatedInitiator::stop() {
  stopping_ = true;
  shard_.run([this] {
    for (const auto& connection : connections_) {
      connection->stop();
    }
  });
}

std::string SimulatedInitiator::describe() const {
  return "initiator " + std::to_string(index_) + ": " + std::to_string(operations_left_) + " operations left, " +
         std::to_string(operations_.size()) + " outstanding, " + std::to_string(lost_.size()) + " lost, " +
         std::to_string(script_.size()) + " to verify, " + (is_logged_in() ? "logged in" : "not logged in");
}

runtime::Task<void> SimulatedInitiator::rest(std::uint64_t max_us) {
  co_await runtime::sleep_for(shard_, std::chrono::microseconds(dice_.between(0, max_us)));
}

// The session.

runtime::Task<void> SimulatedInitiator::live() {
  while (!stopping_) {
    if (board_.is_up) {
      const bool was_connected = co_await leading().live(scenario_.options);
      if (was_connected) {
        co_await end_session();
      }
    }
    co_await rest(20'000);
  }
}

/// A connection beside the leading one. At recovery level 0 the session ends with whichever ends first.
runtime::Task<void> SimulatedInitiator::join(SimulatedConnection& connection) {
  constexpr std::array<std::string_view, 3> kOfConnection = {"HeaderDigest", "DataDigest", "MaxRecvDataSegmentLength"};
  iscsi::testing::InitiatorOptions options = scenario_.options;
  std::erase_if(options.keys,
                [&](const auto& key) { return std::ranges::find(kOfConnection, key.first) == kOfConnection.end(); });
  options.agreed = leading().engine().answers();
  options.tsih = leading().engine().tsih();
  options.first_command_sn = command_sn_;
  options.first_tag = std::uint32_t{connection.cid()} << 24 | 1;
  const bool was_connected = co_await connection.live(std::move(options));
  if (was_connected) {
    leading().drop("session.connection_lost");
  }
}

runtime::Task<void> SimulatedInitiator::end_session() {
  board_.trace.note("session.ended", {index_});
  while (joined_.count() != 0) {
    for (const auto& connection : connections_) {
      connection->shut_down();
    }
    co_await runtime::sleep_for(shard_, 1ms);
  }
  for (const Operation& operation : operations_) {
    board_.note_over(index_, operation.disk, operation.load());
  }
  std::ranges::move(operations_, std::back_inserter(lost_));
  operations_.clear();
  given_up_.clear();
  if (reset_) {
    lost_reset_ = reset_->disk;
    board_.disks[reset_->disk]->last_reset = kNever;  // it may still be carried out
  }
  reset_.reset();
}

// What comes.

void SimulatedInitiator::on_refused(SimulatedConnection& connection, iscsi::LoginStatus status) {
  const Tick began = connection.login_began();
  const bool may_be_refused = board_.admitted[index_].any(began, [](bool admitted) { return !admitted; }) ||
                              began < board_.last_outage || !board_.is_up;
  if (status == iscsi::LoginStatus::kNotFound && !may_be_refused) {
    board_.fail("initiator " + std::to_string(index_) + " was refused though it may log in");
  }
}

void SimulatedInitiator::on_login(SimulatedConnection& connection) {
  board_.trace.note("session.opened", {index_, connection.cid(), connection.engine().tsih()});
  if (!board_.admitted[index_].any(connection.login_began(), [](bool admitted) { return admitted; })) {
    board_.fail("initiator " + std::to_string(index_) + " has logged in though it may not");
  }
  if (&connection == &leading()) {
    begin_session();
  } else {
    ++board_.joined_connections;
  }
}

void SimulatedInitiator::begin_session() {
  command_sn_ = leading().engine().command_sn();
  // This session replaces the one before (RFC 7143 6.3.5): whatever that was asked is over.
  for (const Operation& operation : lost_) {
    judge_silence(board_, index_, operation);
  }
  lost_.clear();
  if (lost_reset_) {
    board_.disks[*std::exchange(lost_reset_, std::nullopt)]->last_reset = board_.ticks.next();
  }
  for (std::size_t i = 1; i < connections_.size(); ++i) {
    runtime::spawn(joined_, join(*connections_[i]));
  }
}

void SimulatedInitiator::on_progress(SimulatedConnection& /*connection*/) {
  if (is_logged_in()) {
    collect_answers();
    collect_aborts();
    collect_reset();
    issue();
    flush();
  }
}

/// No connection waits for another one whose peer does not read.
void SimulatedInitiator::flush() {
  for (const auto& connection : connections_) {
    if (connection->is_open()) {
      runtime::spawn(gate_, connection->send());
    }
  }
}

const iscsi::testing::Outcome* SimulatedInitiator::outcome_of(const Operation& operation) const {
  return connections_[operation.connection]->engine().outcome(operation.tag);
}

void SimulatedInitiator::collect_answers() {
  for (std::size_t i = 0; i < operations_.size();) {
    const iscsi::testing::Outcome* outcome = outcome_of(operations_[i]);
    if (outcome->done) {
      finish(i, *outcome);
    } else {
      ++i;
    }
  }
  for (const Operation& operation : given_up_) {
    if (outcome_of(operation)->done) {
      board_.fail("initiator " + std::to_string(index_) + ": tag " + std::to_string(operation.tag) +
                  " was answered after its abort was confirmed");
    }
  }
}

void SimulatedInitiator::finish(std::size_t index, const iscsi::testing::Outcome& outcome) {
  Operation operation = std::move(operations_[index]);
  operations_.erase(operations_.begin() + static_cast<std::ptrdiff_t>(index));
  board_.note_over(index_, operation.disk, operation.load());
  const Verdict verdict = judge_answer(board_, index_, operation, outcome);
  board_.trace.note("answer", {index_, operation.tag, outcome.status, static_cast<std::uint64_t>(verdict)});
  if (operation.load().commands != 0 && outcome.status == 0 && operation.began > board_.last_outage) {
    board_.note_carried_out(index_, operation.disk, operation.load());
  }
  if (script_.empty()) {
    return;
  }
  // A CLEAR whose answer was lost has removed the registration that the next try needs: the judge has seen to that.
  const bool is_refused_clear = operation.kind == OperationKind::kReserve && verdict == Verdict::kFailed;
  if (verdict == Verdict::kDone || is_refused_clear) {
    script_.pop_front();
  } else if (verdict == Verdict::kFailed) {
    board_.fail("initiator " + std::to_string(index_) + " cannot verify disk " + std::to_string(operation.disk) +
                ": status " + std::to_string(outcome.status));
  }
}

void SimulatedInitiator::give_up(std::size_t index) {
  Operation operation = std::move(operations_[index]);
  operations_.erase(operations_.begin() + static_cast<std::ptrdiff_t>(index));
  board_.note_over(index_, operation.disk, operation.load());
  judge_silence(board_, index_, operation);
  given_up_.push_back(std::move(operation));
}

void SimulatedInitiator::collect_aborts() {
  for (std::size_t i = 0; i < operations_.size();) {
    const Operation& operation = operations_[i];
    const iscsi::testing::Outcome* abort =
        operation.abort_tag ? connections_[operation.connection]->engine().outcome(*operation.abort_tag) : nullptr;
    if (abort == nullptr || !abort->done) {
      ++i;
      continue;
    }
    board_.trace.note("aborted", {index_, operation.tag, abort->response});
    const bool was_lost = abort->response == static_cast<std::uint8_t>(TaskResponse::kTaskDoesNotExist);
    if (was_lost && board_.disks[operation.disk]->last_reset < operation.began &&
        operation.began > board_.last_outage) {
      board_.fail("initiator " + std::to_string(index_) + ": tag " + std::to_string(operation.tag) +
                  " was neither answered nor is it there");
    }
    give_up(i);
  }
}

void SimulatedInitiator::collect_reset() {
  const iscsi::testing::Outcome* outcome = reset_ ? leading().engine().outcome(reset_->tag) : nullptr;
  if (outcome == nullptr || !outcome->done) {
    return;
  }
  const Reset reset = *std::exchange(reset_, std::nullopt);
  board_.trace.note("reset.done", {index_, reset.disk, outcome->response});
  board_.disks[reset.disk]->last_reset = board_.ticks.next();
  for (std::size_t i = 0; i < operations_.size();) {
    const bool is_over =
        outcome->response == 0 && operations_[i].disk == reset.disk && operations_[i].began < reset.began;
    if (is_over) {
      give_up(i);
    } else {
      ++i;
    }
  }
}

// What goes.

runtime::Task<void> SimulatedInitiator::pace() {
  while (!stopping_) {
    co_await rest(scenario_.pause_max_us);
    if (leading().is_open()) {
      check_time();
      issue();
    }
    flush();
    if (!may_issue()) {
      co_await rest(20'000);
    }
  }
}

void SimulatedInitiator::check_time() {
  const runtime::Instant now = shard_.clock().now();
  for (const auto& connection : connections_) {
    if (connection->is_open() && !connection->is_logged_in() && now - connection->began() > kLoginPatience) {
      connection->drop("session.login_timeout");
    }
  }
  if (!is_logged_in()) {
    return;
  }
  if (reset_ && now - reset_->sent > kPatience) {
    leading().drop("session.reset_timeout");
    return;
  }
  for (Operation& operation : operations_) {
    if (now - operation.sent <= kPatience) {
      continue;
    }
    if (operation.abort_tag) {
      leading().drop("session.abort_timeout");
      return;
    }
    operation.abort_tag = number(*connections_[operation.connection], [&](iscsi::testing::Initiator& engine) {
      return engine.send_task_management(TaskFunction::kAbortTask, operation.request.lun, operation.tag);
    });
    operation.sent = now;
    board_.trace.note("abort", {index_, operation.tag});
  }
}

template <class Request>
std::uint32_t SimulatedInitiator::number(SimulatedConnection& connection, Request request) {
  connection.engine().set_command_sn(command_sn_);
  const std::uint32_t tag = request(connection.engine());
  command_sn_ = connection.engine().command_sn();
  return tag;
}

/// Commands that go by different connections overtake each other.
SimulatedConnection& SimulatedInitiator::choose_connection() {
  std::vector<SimulatedConnection*> usable;
  for (const auto& connection : connections_) {
    if (connection->is_logged_in()) {
      usable.push_back(connection.get());
    }
  }
  return *usable[usable.size() == 1 ? 0 : dice_.below(usable.size())];
}

bool SimulatedInitiator::may_issue() const {
  if (!is_logged_in() || stopping_ || !board_.is_up) {
    return false;
  }
  const bool window_is_open = std::ranges::any_of(connections_, [this](const auto& connection) {
    return connection->is_logged_in() &&
           !iscsi::CommandSn(command_sn_).is_after(iscsi::CommandSn(connection->engine().max_command_sn()));
  });
  if (!window_is_open) {
    return false;
  }
  return script_.empty() ? operations_left_ != 0 && operations_.size() < scenario_.depth : operations_.empty();
}

void SimulatedInitiator::issue() {
  while (may_issue()) {
    if (!script_.empty()) {
      send_operation(script_.front());
      continue;
    }
    --operations_left_;
    if (scenario_.uses_task_management && !reset_ && dice_.chance(30)) {
      send_task_management();
    } else {
      send_operation(choice_.draw());
    }
  }
}

void SimulatedInitiator::send_operation(Operation operation) {
  JudgedDisk& disk = *board_.disks[operation.disk];
  operation.began = board_.ticks.next();
  operation.sent = shard_.clock().now();
  tamper(operation);
  if (operation.kind == OperationKind::kReserve) {
    disk.reserving = index_;
    disk.reservation.begin(operation.reserve);
  }
  SimulatedConnection& connection = choose_connection();
  operation.connection = connection.cid();
  operation.tag =
      number(connection, [&](iscsi::testing::Initiator& engine) { return engine.send_command(operation.request); });
  board_.trace.note("request", {index_, operation.tag, static_cast<std::uint64_t>(operation.kind), operation.disk,
                                operation.blocks.first, operation.blocks.count, operation.durable ? 1U : 0U});
  board_.note_sent(index_, operation.disk, operation.load());
  operations_.push_back(std::move(operation));
}

/// PlantedBug::kStaleReservation: the target forgets to carry out what ends a reservation or a registration.
void SimulatedInitiator::tamper(Operation& operation) {
  const ReserveRequest& reserve = operation.reserve;
  const ModelReservation& reservation = board_.disks[operation.disk]->reservation;
  const bool ends_something = operation.kind == OperationKind::kReserve && script_.empty() &&
                              reserve.key == reservation.key_of(index_) && reserve.key != 0 &&
                              (reserve.action == ReserveAction::kClear ||
                               (reserve.action == ReserveAction::kRelease && reserve.type == reservation.type()));
  if (board_.scenario.planted == PlantedBug::kStaleReservation && ends_something && dice_.chance(500)) {
    operation.request = test_unit_ready_request(operation.disk);
  }
}

void SimulatedInitiator::send_task_management() {
  const std::size_t disk = dice_.below(board_.disks.size());
  const TaskFunction functions[] = {TaskFunction::kAbortTaskSet, TaskFunction::kClearTaskSet,
                                    TaskFunction::kLogicalUnitReset};
  const TaskFunction function = functions[dice_.below(3)];
  board_.disks[disk]->last_reset = board_.ticks.next();
  const std::uint32_t tag = number(leading(), [&](iscsi::testing::Initiator& engine) {
    return engine.send_task_management(function, std::uint64_t{disk} << 48);
  });
  reset_ = Reset{.tag = tag, .disk = disk, .began = board_.ticks.next(), .sent = shard_.clock().now()};
  board_.trace.note("reset", {index_, disk, static_cast<std::uint64_t>(function)});
}

// The end.

void SimulatedInitiator::verify() {
  operations_left_ = 0;
  for (std::size_t disk = 0; disk < board_.disks.size(); ++disk) {
    std::ranges::move(choice_.verification(disk), std::back_inserter(script_));
  }
}

}  // namespace lunaria::simulation
