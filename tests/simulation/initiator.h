#pragma once

// SimulatedInitiator: one initiator of a simulation: logs in and again when its session is lost, spreads commands over
// the connections of its session, aborts those that take too long, and has every answer judged.

#include <deque>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "runtime/gate.h"
#include "simulation/board.h"
#include "simulation/choice.h"
#include "simulation/connection.h"
#include "simulation/operation.h"

namespace lunaria::simulation {

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
  void begin_session();
  void flush();
  void collect_answers();
  void collect_aborts();
  void collect_reset();
  void finish(std::size_t index, const iscsi::testing::Outcome& outcome);
  /// It is over without an answer, and none may come any more.
  void give_up(std::size_t index);
  void check_time();

  SimulatedConnection& leading() const { return *connections_.front(); }
  bool is_logged_in() const { return leading().is_logged_in(); }
  const iscsi::testing::Outcome* outcome_of(const Operation& operation) const;
  /// Sends with the numbers of the session, which its connections share (RFC 7143 4.2.2.1).
  template <class Request>
  std::uint32_t number(SimulatedConnection& connection, Request request);
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
