#pragma once

// Operation: one command of a simulated initiator, from its request to what the judges make of its answer.

#include <optional>

#include "iscsi/testing/initiator.h"
#include "runtime/clock.h"
#include "simulation/board.h"
#include "simulation/requests.h"

namespace lunaria::simulation {

enum class OperationKind : std::uint8_t { kRead, kWrite, kClear, kCompareAndWrite, kFlush, kReserve, kTestUnitReady };

struct Operation {
  OperationKind kind = OperationKind::kRead;
  std::size_t disk = 0;
  Blocks blocks;
  bool durable = false;         ///< written through
  bool may_be_refused = false;  ///< the disk need not know the command
  Bytes expected;               ///< of COMPARE AND WRITE
  ReserveRequest reserve;
  std::optional<WriteIndex> write;
  CommandRequest request;
  Tick began = 0;
  runtime::Instant issued{};
  runtime::Instant sent{};     ///< or asked after: since then its initiator waits
  std::size_t connection = 0;  ///< of its initiator: by which it was sent
  std::uint32_t tag = 0;
  std::optional<std::uint32_t> abort_tag;  ///< of the ABORT TASK that asks for its end
  bool abort_was_lost = false;             ///< with its connection: it may have been carried out
  /// Its connection has failed: what has come for it, until another one takes it over.
  std::optional<iscsi::testing::InitiatorTask> stranded;
  std::optional<std::uint32_t> reassign_tag;  ///< of the TASK REASSIGN that has not been answered
  runtime::Instant reassign_sent{};
  bool was_reassigned = false;
  bool was_asked_again = false;  ///< by more than one TASK REASSIGN on the connection that it is on
  /// What it counts for rate limits; nothing where a limit need not count it.
  Load load() const {
    const bool moves_blocks = kind == OperationKind::kRead || kind == OperationKind::kWrite;
    return moves_blocks ? Load{1, blocks.length()} : Load{};
  }
  bool is_write() const { return kind != OperationKind::kRead && kind != OperationKind::kTestUnitReady; }
};

/// What became of it, for its initiator.
enum class Verdict : std::uint8_t {
  kDone,
  kTryAgain,  ///< it had no effect, and another try may do better
  kFailed,    ///< an error that is lawful here
};

/// Judges an answer and tells the models. `initiator`: whose.
Verdict judge_answer(Board& board, std::size_t initiator, const Operation& operation,
                     const iscsi::testing::Outcome& outcome);
/// There is no answer and there will be none; it is over.
void judge_silence(Board& board, std::size_t initiator, const Operation& operation);

}  // namespace lunaria::simulation
