#pragma once

// SimulatedInitiator: one initiator of a simulation: logs in and again when its session is lost, spreads commands over
// the connections of its session, aborts those that take too long, and has every answer judged. At recovery level 1 it
// asks again for what is missing, at level 2 it replaces connections that fail (initiator_recovery.cc).

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "runtime/gate.h"
#include "simulation/board.h"
#include "simulation/choice.h"
#include "simulation/connection.h"
#include "simulation/operation.h"

namespace lunaria::simulation {

/// What an initiator knows of the session that it has.
struct SessionState {
  unsigned recovery_level = 0;
  bool is_lost = false;  ///< it is given up, its connections are ending
  std::uint16_t tsih = 0;
  std::map<std::string, std::string> agreed;
  runtime::Duration time2wait{};
  runtime::Duration time2retain{};
  iscsi::CommandSn expected;             ///< ExpCmdSN
  std::vector<std::uint32_t> next_tags;  ///< by connection, for the next one of that CID
  std::vector<runtime::Instant> asked;   ///< by connection: when it was last asked again for what is missing
  Tick opened = 0;
  Tick alive = 0;               ///< the target had a connection of it, not earlier than then
  runtime::Instant alive_at{};  ///< likewise
};

/// Board and shard outlive it. stop() and turning the world until is_over() come before its end.
class SimulatedInitiator final : private ConnectionListener {
 public:
  SimulatedInitiator(Board& board, sim::SimShard& shard, std::size_t index);
  SimulatedInitiator(const SimulatedInitiator&) = delete;
  SimulatedInitiator& operator=(const SimulatedInitiator&) = delete;

  void start();
  /// All commands of its scenario are over.
  bool is_finished() const { return operations_left_ == 0 && operations_.empty() && lost_.empty(); }
  /// From now on: ends all reservations, then reads everything there is.
  void verify();
  bool has_verified() const { return script_.empty() && operations_.empty(); }
  /// Logs out and ends.
  void stop();
  bool is_over() const { return gate_.count() == 0; }
  std::string describe() const;

 private:
  runtime::Task<void> live();
  runtime::Task<void> join(SimulatedConnection& connection);
  runtime::Task<void> pace();
  runtime::Task<void> end_session();
  runtime::Task<void> rest(std::uint64_t max_us);

  void on_refused(SimulatedConnection& connection, iscsi::LoginStatus status) override;
  void on_login(SimulatedConnection& connection) override;
  void on_progress(SimulatedConnection& connection) override;
  iscsi::testing::Bytes current_data(std::uint32_t tag) const override;
  void begin_session();
  void flush();
  void collect_answers();
  void collect_aborts();
  void collect_reset();
  void finish(std::size_t index, const iscsi::testing::Outcome& outcome);
  /// It is over without an answer, and none may come any more.
  void give_up(std::size_t index);
  void check_time();
  void abort(Operation& operation);
  void give_up_abort(const Operation& operation);

  // initiator_recovery.cc
  runtime::Task<void> keep(SimulatedConnection& connection);
  runtime::Task<bool> replace(SimulatedConnection& failed);
  runtime::Task<void> log_out_failed(std::uint16_t cid, SimulatedConnection& other);
  iscsi::testing::InitiatorOptions joining_options(const SimulatedConnection& connection);
  void lose_session(std::string_view why);
  void judge_refusal(iscsi::LoginStatus status);
  void strand(SimulatedConnection& failed);
  void take_over(SimulatedConnection& with, std::uint16_t from);
  void collect_reassignments();
  bool may_be_gone(const Operation& operation) const;
  void note_window(const SimulatedConnection& connection);
  void ask_again();

  SimulatedConnection& leading() const { return *connections_.front(); }
  bool is_logged_in() const;
  runtime::Instant now() const { return shard_.clock().now(); }
  SimulatedConnection& connection_of(const Operation& operation) const { return *connections_[operation.connection]; }
  const iscsi::testing::Outcome* outcome_of(const Operation& operation) const;
  /// Sends with the numbers of the session, which its connections share (RFC 7143 4.2.2.1).
  template <class Request>
  std::uint32_t number(SimulatedConnection& connection, Request request) {
    connection.engine().set_command_sn(command_sn_);
    const std::uint32_t tag = request(connection.engine());
    command_sn_ = connection.engine().command_sn();
    return tag;
  }
  SimulatedConnection& choose_connection();
  bool may_issue() const;
  void issue();
  void send_operation(Operation operation);
  void tamper(Operation& operation);
  void send_task_management();

  Board& board_;
  sim::SimShard& shard_;
  std::size_t index_;
  const InitiatorScenario& scenario_;
  sim::Dice dice_;
  OperationChoice choice_;
  std::vector<std::unique_ptr<SimulatedConnection>> connections_;  ///< the first one leads
  runtime::Gate gate_;
  runtime::Gate joined_;  ///< connections but the first that live
  bool stopping_ = false;
  std::uint32_t command_sn_ = 0;

  std::optional<SessionState> session_;

  std::size_t operations_left_;
  std::vector<Operation> operations_;  ///< outstanding in this session
  std::vector<Operation> lost_;        ///< of sessions that ended: over when the next one begins
  std::vector<Operation> given_up_;    ///< no answer may come for them any more
  struct Reset {
    std::uint32_t tag;
    std::size_t disk;
    Tick began;
    runtime::Instant sent;
  };
  std::optional<Reset> reset_;             ///< a task management function for a whole logical unit
  std::optional<std::size_t> lost_reset_;  ///< the disk of one that the session before this did not see the end of
  std::deque<Operation> script_;
};

}  // namespace lunaria::simulation
