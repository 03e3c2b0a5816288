#pragma once

// OperationChoice: what a simulated initiator asks next, drawn from its dice.

#include <deque>

#include "sim/dice.h"
#include "simulation/board.h"
#include "simulation/operation.h"

namespace lunaria::simulation {

/// Board and dice outlive it. A write is known to the judge of its disk once it is drawn: it must then be sent.
class OperationChoice final {
 public:
  OperationChoice(Board& board, sim::Dice& dice, std::size_t initiator);

  Operation draw();
  /// Ends all reservations of a disk, then reads everything on it.
  std::deque<Operation> verification(std::size_t disk) const;

 private:
  Blocks draw_blocks(std::size_t disk);
  void make_write(Operation& operation);
  void make_clear(Operation& operation);
  void make_compare(Operation& operation);
  bool make_reserve(Operation& operation);
  ReserveRequest draw_reserve(std::size_t disk);

  Board& board_;
  sim::Dice& dice_;
  std::size_t initiator_;
  const InitiatorScenario& scenario_;
};

}  // namespace lunaria::simulation
