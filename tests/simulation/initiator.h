#pragma once

// SimulatedInitiator: one initiator of a simulation: logs in and again when its session is lost, keeps commands
// outstanding, aborts those that take too long, and has every answer judged.

#include <deque>
#include <memory>
#include <optional>
#include <vector>

#include "iscsi/testing/initiator.h"
#include "runtime/gate.h"
#include "runtime/network.h"
#include "simulation/board.h"
#include "simulation/operation.h"
#include "simulation/planted_bug.h"

namespace lunaria::simulation {

/// Board and shard outlive it. stop() and turning the world until is_over() come before its end.
class SimulatedInitiator final {
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
  runtime::Task<void> pace();
  runtime::Task<bool> connect();
  runtime::Task<void> converse();
  runtime::Task<void> send();
  runtime::Task<void> end_session();
  runtime::Task<void> rest(std::uint64_t max_us);

  void begin_session();
  void on_login();
  void on_bytes(std::span<const std::byte> bytes);
  void collect_answers();
  void collect_aborts();
  void finish(std::size_t index, const iscsi::testing::Outcome& outcome);
  void check_time();
  void drop(std::string_view why);

  bool may_issue() const;
  void issue();
  void send_operation(Operation operation);
  void tamper(Operation& operation);
  void send_task_management();
  Operation draw_operation();
  Blocks draw_blocks(std::size_t disk);
  void make_write(Operation& operation);
  void make_clear(Operation& operation);
  bool make_compare(Operation& operation);
  bool make_reserve(Operation& operation);
  ReserveRequest draw_reserve(std::size_t disk);
  void judge_refusal(iscsi::LoginStatus status);

  Board& board_;
  sim::SimShard& shard_;
  std::size_t index_;
  const InitiatorScenario& scenario_;
  sim::Dice dice_;
  std::optional<DoubleCompletion> double_completion_;
  runtime::Gate gate_;
  bool stopping_ = false;

  std::unique_ptr<iscsi::testing::Initiator> engine_;
  std::unique_ptr<runtime::Stream> stream_;
  bool is_sending_ = false;
  bool was_logged_in_ = false;
  Tick login_began_ = 0;
  runtime::Instant session_began_{};

  std::size_t operations_left_;
  std::vector<Operation> operations_;        ///< outstanding in this session
  std::vector<Operation> lost_;              ///< of sessions that ended: over when the next one begins
  std::vector<std::uint32_t> aborted_tags_;  ///< no answer may come for them any more
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
