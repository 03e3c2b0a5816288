// Recovery by a simulated initiator: what is missing is asked for again; at recovery level 2 a connection that fails is
// replaced, and its commands are taken over (RFC 7143 7.1.4, 7.2).
#include <algorithm>
#include <array>
#include <utility>

#include "simulation/initiator.h"

namespace lunaria::simulation {

namespace {

using namespace std::chrono_literals;
using iscsi::CommandSn;
using iscsi::LoginStatus;
using iscsi::TaskResponse;
using iscsi::testing::InitiatorOptions;
using iscsi::testing::InitiatorTask;
using iscsi::testing::Outcome;

/// After this long without an answer what may be missing is asked for.
constexpr runtime::Duration kAskAgain = 300ms;
/// And a TASK REASSIGN sent again.
constexpr runtime::Duration kReassignAgain = 1500ms;
constexpr runtime::Duration kLogoutPatience = 5s;

}  // namespace

// Connections.

/// At recovery level 2 the session goes on when a connection has failed, until it is over for another reason.
runtime::Task<void> SimulatedInitiator::keep(SimulatedConnection& connection) {
  bool was_replaced = true;
  while (was_replaced) {
    was_replaced = co_await replace(connection);
  }
}

/// From one failure of a connection to the next; false when the session is over.
runtime::Task<bool> SimulatedInitiator::replace(SimulatedConnection& failed) {
  if (!session_ || session_->is_lost || stopping_ || board_.failure) {
    co_return false;
  }
  // A function for a whole unit is lost with its connection; what it has done is known when the session is over.
  const bool is_reset_lost = reset_ && &failed == &leading();
  if (session_->recovery_level < 2 || is_reset_lost || dice_.chance(50)) {
    lose_session("session.not_recovered");
    co_return false;
  }
  board_.trace.note("connection.failed", {index_, failed.cid()});
  strand(failed);
  const runtime::Instant deadline = now() + session_->time2wait + session_->time2retain;
  co_await runtime::sleep_for(shard_, session_->time2wait + std::chrono::microseconds(dice_.below(2000)));
  const auto other = std::ranges::find_if(connections_, [](const auto& each) { return each->is_logged_in(); });
  if (other != connections_.end() && dice_.chance(500)) {
    co_await log_out_failed(failed.cid(), **other);
  }
  while (session_ && !session_->is_lost && !stopping_) {
    const bool was_connected = co_await failed.live(joining_options(failed));
    if (was_connected && failed.has_logged_in()) {
      ++board_.recovery.replaced_connections;
      co_return true;
    }
    if (now() > deadline && !is_logged_in()) {
      lose_session("session.recovery_timeout");
    }
    co_await rest(20'000);
  }
  co_return false;
}

/// RFC 7143 11.14: another connection says that this one has failed, and takes over its commands.
runtime::Task<void> SimulatedInitiator::log_out_failed(std::uint16_t cid, SimulatedConnection& other) {
  if (!is_logged_in() || !other.is_logged_in()) {
    co_return;
  }
  const std::uint32_t tag = number(other, [cid](iscsi::testing::Initiator& engine) {
    return engine.send_logout(iscsi::LogoutReason::kRemoveForRecovery, cid);
  });
  board_.trace.note("connection.logout", {index_, cid, other.cid()});
  const runtime::Instant deadline = now() + kLogoutPatience;
  while (is_logged_in() && other.is_logged_in() && now() < deadline) {
    const Outcome* outcome = other.engine().outcome(tag);
    if (outcome == nullptr) {
      co_return;  // another connection of that CID by now
    }
    if (outcome->done) {
      const auto response = static_cast<iscsi::LogoutResponse>(outcome->response);
      board_.trace.note("connection.logged_out", {index_, cid, outcome->response});
      if (response != iscsi::LogoutResponse::kClosed && response != iscsi::LogoutResponse::kConnectionNotFound) {
        board_.fail("initiator " + std::to_string(index_) + ": a logout for recovery was answered " +
                    std::to_string(outcome->response));
      }
      ++board_.recovery.logouts;
      take_over(other, cid);
      co_return;
    }
    co_await rest(5000);
  }
}

InitiatorOptions SimulatedInitiator::joining_options(const SimulatedConnection& connection) {
  constexpr std::array<std::string_view, 3> kOfConnection = {"HeaderDigest", "DataDigest", "MaxRecvDataSegmentLength"};
  InitiatorOptions options = scenario_.options;
  std::erase_if(options.keys,
                [&](const auto& key) { return std::ranges::find(kOfConnection, key.first) == kOfConnection.end(); });
  if (session_->recovery_level == 2 && dice_.chance(300)) {
    // Data that is sent again is then cut in another way.
    const auto segment =
        std::ranges::find(options.keys, "MaxRecvDataSegmentLength", &std::pair<std::string, std::string>::first);
    segment->second = std::to_string(dice_.between(512, 16384));
  }
  options.agreed = session_->agreed;
  options.tsih = session_->tsih;
  options.first_command_sn = command_sn_;
  options.first_tag = session_->next_tags[connection.cid()];
  return options;
}

void SimulatedInitiator::lose_session(std::string_view why) {
  if (!session_ || std::exchange(session_->is_lost, true)) {
    return;
  }
  board_.trace.note(why, {index_});
  for (const auto& connection : connections_) {
    connection->shut_down();
  }
}

/// Of a connection of a session that is to go on: it must be there for as long as was agreed since the target had a
/// connection of it, unless somebody has ended it.
void SimulatedInitiator::judge_refusal(LoginStatus status) {
  board_.trace.note("connection.refused", {index_, static_cast<std::uint64_t>(status)});
  const bool may_be_over = board_.last_outage > session_->alive || !board_.is_up ||
                           board_.last_drop > session_->opened ||
                           board_.admitted[index_].any(session_->opened, [](bool admitted) { return !admitted; }) ||
                           now() - session_->alive_at >= session_->time2wait + session_->time2retain;
  if (status == LoginStatus::kSessionDoesNotExist && !may_be_over) {
    board_.fail("initiator " + std::to_string(index_) + ": a session of recovery level 2 was not kept");
  }
  lose_session("session.refused_to_go_on");
}

// Commands.

/// What was sent on a connection that has failed keeps what has come for it.
void SimulatedInitiator::strand(SimulatedConnection& failed) {
  collect_answers();  // what came together with the failure
  collect_reassignments();
  collect_aborts();
  for (Operation& operation : operations_) {
    if (operation.connection != failed.cid() || operation.stranded) {
      continue;
    }
    operation.stranded = failed.engine().take(operation.tag);
    operation.abort_was_lost = operation.abort_was_lost || operation.abort_tag.has_value();
    operation.abort_tag.reset();
    operation.reassign_tag.reset();
    operation.was_asked_again = false;
  }
  std::erase_if(given_up_, [&](const Operation& operation) { return operation.connection == failed.cid(); });
  session_->next_tags[failed.cid()] = failed.engine().next_tag();
}

/// The failed connection is gone, as far as the target is concerned: commands that had arrived are reassigned, the
/// others sent again (RFC 7143 7.2.1, 7.2.2).
void SimulatedInitiator::take_over(SimulatedConnection& with, std::uint16_t from) {
  note_window(with);
  for (Operation& operation : operations_) {
    if (!operation.stranded || operation.connection != from) {
      continue;
    }
    InitiatorTask task = *std::exchange(operation.stranded, std::nullopt);
    operation.connection = with.cid();
    operation.sent = now();
    if (!CommandSn(task.command_sn).is_before(session_->expected)) {
      ++board_.recovery.retried;
      board_.trace.note("retry", {index_, operation.tag, with.cid()});
      with.engine().retry(operation.tag, std::move(task));
      continue;
    }
    ++board_.recovery.reassigned;
    operation.was_reassigned = true;
    operation.reassign_sent = now();
    const bool forgetful = dice_.chance(300);
    operation.reassign_tag = number(with, [&](iscsi::testing::Initiator& engine) {
      return engine.reassign(operation.tag, std::move(task), forgetful);
    });
    board_.trace.note("reassign", {index_, operation.tag, with.cid()});
  }
}

void SimulatedInitiator::collect_reassignments() {
  for (std::size_t i = 0; i < operations_.size();) {
    Operation& operation = operations_[i];
    const Outcome* outcome =
        operation.reassign_tag ? connection_of(operation).engine().outcome(*operation.reassign_tag) : nullptr;
    if (outcome == nullptr || !outcome->done) {
      ++i;
      continue;
    }
    operation.reassign_tag.reset();
    board_.trace.note("reassigned", {index_, operation.tag, outcome->response});
    const auto response = static_cast<TaskResponse>(outcome->response);
    if (response == TaskResponse::kTaskDoesNotExist && may_be_gone(operation)) {
      give_up(i);
      continue;
    }
    const bool is_here = response == TaskResponse::kFunctionComplete ||
                         (response == TaskResponse::kTaskStillAllegiant && operation.was_asked_again);
    if (!is_here) {
      board_.fail("initiator " + std::to_string(index_) + ": TASK REASSIGN of tag " + std::to_string(operation.tag) +
                  " was answered " + std::to_string(outcome->response));
    }
    ++i;
  }
}

/// Whether the target may not know the command any more, though it has not been answered.
bool SimulatedInitiator::may_be_gone(const Operation& operation) const {
  const bool is_too_late =
      operation.was_reassigned && now() - operation.issued >= session_->time2wait + session_->time2retain;
  const bool is_dropped = operation.began <= board_.last_drop ||
                          board_.admitted[index_].any(operation.began, [](bool admitted) { return !admitted; });
  return board_.disks[operation.disk]->reset_until() >= operation.began || operation.began <= board_.last_outage ||
         operation.abort_tag || operation.abort_was_lost || is_dropped || is_too_late;
}

void SimulatedInitiator::note_window(const SimulatedConnection& connection) {
  const CommandSn expected = connection.engine().expected_command_sn();
  if (expected.is_after(session_->expected)) {
    session_->expected = expected;
  }
}

void SimulatedInitiator::ask_again() {
  for (const auto& connection : connections_) {
    const auto waits = [&](const Operation& operation) {
      return !operation.stranded && operation.connection == connection->cid() && now() - operation.sent > kAskAgain;
    };
    runtime::Instant& asked = session_->asked[connection->cid()];
    const bool is_due = connection->is_logged_in() && !connection->is_sending() && now() - asked > kAskAgain &&
                        (std::ranges::any_of(operations_, waits) || reset_.has_value());
    if (!is_due) {
      continue;
    }
    asked = now();
    connection->engine().set_command_sn(command_sn_);
    connection->engine().retry_commands(session_->expected);
    connection->engine().ask_again();
  }
  for (Operation& operation : operations_) {
    if (!operation.reassign_tag || now() - operation.reassign_sent <= kReassignAgain) {
      continue;
    }
    operation.reassign_sent = now();
    operation.was_asked_again = true;
    operation.reassign_tag = number(connection_of(operation), [&](iscsi::testing::Initiator& engine) {
      return engine.reassign_again(operation.tag);
    });
  }
}

iscsi::testing::Bytes SimulatedInitiator::current_data(std::uint32_t tag) const {
  const auto found = std::ranges::find(operations_, tag, &Operation::tag);
  if (found == operations_.end() || found->kind != OperationKind::kRead) {
    return {};
  }
  return board_.disks[found->disk]->content.likely(found->blocks.range());
}

}  // namespace lunaria::simulation
