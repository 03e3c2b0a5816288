#include "simulation/initiator.h"

#include <algorithm>
#include <chrono>
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
        co_await keep(leading());
        co_await end_session();
      }
    }
    co_await rest(20'000);
  }
}

/// A connection beside the leading one. Below recovery level 2 the session ends with whichever ends first.
runtime::Task<void> SimulatedInitiator::join(SimulatedConnection& connection) {
  const bool was_connected = co_await connection.live(joining_options(connection));
  if (session_->recovery_level == 2) {
    if (connection.has_logged_in()) {
      co_await keep(connection);
    }
    co_return;
  }
  if (was_connected) {
    leading().drop("session.connection_lost");
  }
}

runtime::Task<void> SimulatedInitiator::end_session() {
  board_.trace.note("session.ended", {index_});
  if (session_) {
    session_->is_lost = true;
  }
  while (joined_.count() != 0) {
    for (const auto& connection : connections_) {
      connection->shut_down();
    }
    co_await runtime::sleep_for(shard_, 1ms);
  }
  for (const Operation& operation : operations_) {
    board_.note_over(index_, operation.disk, operation.load());
  }
  session_.reset();
  std::ranges::move(operations_, std::back_inserter(lost_));
  operations_.clear();
  given_up_.clear();
  if (reset_) {
    lost_reset_ = reset_->disk;  // it may still be carried out
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
  if (session_ && session_->recovery_level == 2) {
    judge_refusal(status);
  }
}

void SimulatedInitiator::on_login(SimulatedConnection& connection) {
  if (session_ && session_->is_lost) {
    connection.shut_down();  // it was on its way when the session was given up
    return;
  }
  board_.trace.note("session.opened", {index_, connection.cid(), connection.engine().tsih()});
  if (!board_.admitted[index_].any(connection.login_began(), [](bool admitted) { return admitted; })) {
    board_.fail("initiator " + std::to_string(index_) + " has logged in though it may not");
  }
  if (!session_) {
    begin_session();
  } else {
    ++board_.joined_connections;
  }
  session_->alive = std::max(session_->alive, connection.login_began());
  session_->alive_at = std::max(session_->alive_at, connection.began());
  note_window(connection);
  take_over(connection, connection.cid());
}

void SimulatedInitiator::begin_session() {
  const iscsi::testing::Initiator& engine = leading().engine();
  command_sn_ = engine.command_sn();
  session_.emplace();
  session_->opened = leading().login_began();
  session_->recovery_level = engine.recovery_level();
  session_->tsih = engine.tsih();
  session_->agreed = engine.answers();
  const auto seconds_of = [&engine](const char* key, const char* fallback) {
    const auto found = engine.answers().find(key);
    return std::chrono::seconds(std::stoi(found == engine.answers().end() ? fallback : found->second));
  };
  session_->time2wait = seconds_of("DefaultTime2Wait", "2");
  session_->time2retain = seconds_of("DefaultTime2Retain", "20");
  session_->expected = engine.expected_command_sn();
  session_->asked.resize(connections_.size());
  for (const auto& connection : connections_) {
    session_->next_tags.push_back(std::uint32_t{connection->cid()} << 24 | 1);
  }
  // This session replaces the one before (RFC 7143 6.3.5): whatever that was asked is over.
  for (const Operation& operation : lost_) {
    judge_silence(board_, index_, operation);
  }
  lost_.clear();
  if (lost_reset_) {
    board_.disks[*std::exchange(lost_reset_, std::nullopt)]->end_reset(board_.ticks.next());
  }
  for (std::size_t i = 1; i < connections_.size(); ++i) {
    runtime::spawn(joined_, join(*connections_[i]));
  }
}

bool SimulatedInitiator::is_logged_in() const {
  return session_ && !session_->is_lost &&
         std::ranges::any_of(connections_, [](const auto& connection) { return connection->is_logged_in(); });
}

void SimulatedInitiator::on_progress(SimulatedConnection& connection) {
  if (is_logged_in()) {
    note_window(connection);
    collect_answers();
    collect_reassignments();
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
  return operation.stranded ? nullptr : connection_of(operation).engine().outcome(operation.tag);
}

void SimulatedInitiator::collect_answers() {
  for (std::size_t i = 0; i < operations_.size();) {
    const iscsi::testing::Outcome* outcome = outcome_of(operations_[i]);
    if (outcome != nullptr && outcome->done) {
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
  session_->alive = std::max(session_->alive, operation.began);
  session_->alive_at = std::max(session_->alive_at, operation.issued);
  if (board_.scenario.planted == PlantedBug::kRepeatedWrite && operation.was_reassigned &&
      operation.kind == OperationKind::kWrite && outcome.status == 0) {
    board_.disks[operation.disk]->repeated_writes.push_back(
        {operation.blocks.first * operation.blocks.size, operation.request.write_data});
  }
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
  connection_of(operation).engine().abandon(operation.tag);
  given_up_.push_back(std::move(operation));
}

void SimulatedInitiator::collect_aborts() {
  for (std::size_t i = 0; i < operations_.size();) {
    const Operation& operation = operations_[i];
    const iscsi::testing::Outcome* abort =
        operation.abort_tag ? connection_of(operation).engine().outcome(*operation.abort_tag) : nullptr;
    if (abort == nullptr || !abort->done) {
      ++i;
      continue;
    }
    board_.trace.note("aborted", {index_, operation.tag, abort->response});
    const bool was_lost = abort->response == static_cast<std::uint8_t>(TaskResponse::kTaskDoesNotExist);
    if (was_lost && !may_be_gone(operation)) {
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
  board_.disks[reset.disk]->end_reset(board_.ticks.next());
  for (std::size_t i = 0; i < operations_.size();) {
    const bool is_over =
        outcome->response == 0 && operations_[i].disk == reset.disk && operations_[i].began < reset.began &&
        !operations_[i].stranded;  // its CmdSN may be missing still: when it is taken over it is known to be gone
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
    if (std::ranges::any_of(connections_, [](const auto& connection) { return connection->is_open(); })) {
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
  for (const auto& connection : connections_) {
    if (connection->is_open() && !connection->is_logged_in() && now() - connection->began() > kLoginPatience) {
      connection->drop("session.login_timeout");
    }
  }
  if (!is_logged_in()) {
    return;
  }
  if (session_->recovery_level != 0) {
    ask_again();
  }
  if (reset_ && now() - reset_->sent > kPatience) {
    lose_session("session.reset_timeout");
    return;
  }
  for (Operation& operation : operations_) {
    if (operation.stranded || now() - operation.sent <= kPatience) {
      continue;
    }
    if (operation.abort_tag) {
      give_up_abort(operation);
      return;
    }
    abort(operation);
  }
}

void SimulatedInitiator::abort(Operation& operation) {
  const std::uint32_t command_sn = connection_of(operation).engine().command_sn_of(operation.tag);
  operation.abort_tag = number(connection_of(operation), [&](iscsi::testing::Initiator& engine) {
    return engine.send_task_management(TaskFunction::kAbortTask, operation.request.lun, operation.tag, command_sn);
  });
  operation.sent = now();
  board_.trace.note("abort", {index_, operation.tag});
}

/// The session goes, or at recovery level 2 perhaps just the connection.
void SimulatedInitiator::give_up_abort(const Operation& operation) {
  if (session_->recovery_level == 2 && dice_.chance(700)) {
    connection_of(operation).drop("connection.abort_timeout");
  } else {
    lose_session("session.abort_timeout");
  }
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
    if (scenario_.uses_task_management && !reset_ && dice_.chance(30) && leading().is_logged_in()) {
      send_task_management();
    } else {
      send_operation(choice_.draw());
    }
  }
}

void SimulatedInitiator::send_operation(Operation operation) {
  JudgedDisk& disk = *board_.disks[operation.disk];
  operation.began = board_.ticks.next();
  operation.issued = operation.sent = now();
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
  ++board_.disks[disk]->resets;
  const std::uint32_t tag = number(leading(), [&](iscsi::testing::Initiator& engine) {
    return engine.send_task_management(function, std::uint64_t{disk} << 48);
  });
  reset_ = Reset{.tag = tag, .disk = disk, .began = board_.ticks.next(), .sent = now()};
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
