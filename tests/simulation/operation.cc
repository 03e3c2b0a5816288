#include "simulation/operation.h"

#include <cstdio>

namespace lunaria::simulation {

namespace {

constexpr std::uint8_t kGood = 0x00;
constexpr std::uint8_t kCheckCondition = 0x02;
constexpr std::uint8_t kBusy = 0x08;
constexpr std::uint8_t kReservationConflict = 0x18;
constexpr std::uint8_t kTaskSetFull = 0x28;
constexpr std::uint8_t kTaskAborted = 0x40;

enum class Key : std::uint8_t {
  kNotReady = 0x2,
  kMediumError = 0x3,
  kHardwareError = 0x4,
  kIllegalRequest = 0x5,
  kUnitAttention = 0x6,
  kDataProtect = 0x7,
  kAbortedCommand = 0xB,
  kMiscompare = 0xE,
};
constexpr std::uint16_t kLogicalUnitNotSupported = 0x2500;
constexpr std::uint16_t kInvalidRelease = 0x2604;
constexpr std::uint16_t kSpaceAllocationFailed = 0x2707;

/// The answer to one operation, looked at by one judge.
class Judge final {
 public:
  Judge(Board& board, std::size_t initiator, const Operation& operation)
      : board_(board),
        disk_(*board.disks[operation.disk]),
        initiator_(initiator),
        operation_(operation),
        // Began before the target went away, answered before, and seen afterwards: what it says is history.
        is_history_(operation.began < board.last_outage) {}

  Verdict judge(const iscsi::testing::Outcome& outcome) {
    switch (outcome.status) {
      case kGood:
        return judge_good(outcome);
      case kCheckCondition:
        return judge_check_condition(outcome);
      case kReservationConflict:
        return judge_conflict();
      case kBusy:
      case kTaskSetFull:
        withdraw();
        return Verdict::kTryAgain;
      case kTaskAborted:
        end_unknown();
        return Verdict::kTryAgain;
      default:
        return unlawful("status " + std::to_string(outcome.status) + ", response " + std::to_string(outcome.response));
    }
  }

  void end_unknown() {
    if (operation_.write) {
      disk_.content.end_unknown(*operation_.write);
    }
    if (owns_reservation_change()) {
      disk_.reservation.end_unknown();
      disk_.reserving.reset();
    }
  }

 private:
  Verdict unlawful(const std::string& what) {
    board_.fail("disk " + std::to_string(operation_.disk) + ", initiator " + std::to_string(initiator_) +
                ", operation " + std::to_string(static_cast<unsigned>(operation_.kind)) + " with tag " +
                std::to_string(operation_.tag) + ": " + what);
    end_unknown();
    return Verdict::kFailed;
  }

  bool owns_reservation_change() const {
    return operation_.kind == OperationKind::kReserve && !is_history_ && disk_.reserving == initiator_;
  }

  void withdraw() {
    if (operation_.write) {
      disk_.content.withdraw(*operation_.write);
    }
    if (owns_reservation_change()) {
      disk_.reservation.withdraw();
      disk_.reserving.reset();
    }
  }

  /// It got past the checks that come before its execution: they must have allowed it.
  void judge_passage() {
    if (is_history_) {
      return;
    }
    const bool changes_medium = operation_.write.has_value();
    const bool exposed = disk_.exposure.any(operation_.began, [&](Exposure exposure) {
      return exposure == Exposure::kReadWrite || (exposure == Exposure::kReadOnly && !changes_medium);
    });
    if (!exposed) {
      unlawful(changes_medium ? "changed a disk that it may not change" : "reached a disk that is hidden");
    }
    const bool is_io = operation_.kind != OperationKind::kReserve && operation_.kind != OperationKind::kTestUnitReady;
    if (is_io) {
      board_.judge(disk_.reservation.judge(operation_.began, initiator_, operation_.is_write(), false));
    }
  }

  Verdict judge_good(const iscsi::testing::Outcome& outcome) {
    judge_passage();
    switch (operation_.kind) {
      case OperationKind::kRead:
        if (!is_history_) {
          board_.judge(disk_.content.judge_read(operation_.began, operation_.blocks.range(), outcome.data));
        }
        break;
      case OperationKind::kWrite:
      case OperationKind::kClear:
        disk_.content.acknowledge(*operation_.write, operation_.durable);
        break;
      case OperationKind::kCompareAndWrite:
        if (!is_history_) {
          board_.judge(disk_.content.judge_compare(operation_.began, operation_.blocks.range(), operation_.expected));
        }
        disk_.content.acknowledge(*operation_.write, false);
        break;
      case OperationKind::kFlush:
        if (!is_history_) {
          disk_.content.flushed(operation_.began);
        }
        break;
      case OperationKind::kReserve:
        return end_reserve(ReserveResult::kGood);
      case OperationKind::kTestUnitReady:
        break;
    }
    return Verdict::kDone;
  }

  Verdict end_reserve(ReserveResult result) {
    if (owns_reservation_change()) {
      board_.judge(disk_.reservation.end(result));
      disk_.reserving.reset();
    }
    return result == ReserveResult::kGood ? Verdict::kDone : Verdict::kFailed;
  }

  Verdict judge_conflict() {
    if (operation_.kind == OperationKind::kReserve) {
      return end_reserve(ReserveResult::kConflict);
    }
    if (!is_history_) {
      board_.judge(disk_.reservation.judge(operation_.began, initiator_, operation_.is_write(), true));
    }
    withdraw();
    return Verdict::kTryAgain;
  }

  Verdict judge_check_condition(const iscsi::testing::Outcome& outcome) {
    if (outcome.sense.size() < 14) {
      return unlawful("CHECK CONDITION without sense data");
    }
    const bool is_descriptor = (outcome.sense[0] & std::byte{0x7F}) == std::byte{0x72};
    const auto key = static_cast<Key>(outcome.sense[is_descriptor ? 1 : 2] & std::byte{0x0F});
    const std::size_t at = is_descriptor ? 2 : 12;
    const auto additional = static_cast<std::uint16_t>(std::to_integer<unsigned>(outcome.sense[at]) << 8 |
                                                       std::to_integer<unsigned>(outcome.sense[at + 1]));
    switch (key) {
      case Key::kUnitAttention:
        withdraw();
        return Verdict::kTryAgain;
      case Key::kIllegalRequest:
        return judge_illegal_request(additional);
      case Key::kDataProtect:
        return judge_data_protect(additional);
      case Key::kMiscompare:
        return judge_miscompare();
      case Key::kAbortedCommand:
        end_unknown();
        return Verdict::kTryAgain;
      case Key::kNotReady:
      case Key::kMediumError:
      case Key::kHardwareError:
        end_unknown();
        if (operation_.began > disk_.last_fault && disk_.last_fault == 0 && !is_history_) {
          return unlawful("an error of a store that never failed: sense key " +
                          std::to_string(static_cast<unsigned>(key)) + ", " + std::to_string(additional));
        }
        return Verdict::kFailed;
    }
    return unlawful("sense key " + std::to_string(static_cast<unsigned>(key)));
  }

  Verdict judge_illegal_request(std::uint16_t additional) {
    if (operation_.kind == OperationKind::kReserve && additional == kInvalidRelease) {
      return end_reserve(ReserveResult::kInvalidRelease);
    }
    withdraw();
    if (additional == kLogicalUnitNotSupported) {
      const bool may_be_hidden =
          is_history_ || disk_.exposure.any(operation_.began, [](Exposure each) { return each == Exposure::kHidden; });
      return may_be_hidden ? Verdict::kTryAgain : unlawful("a disk that is exposed was not found");
    }
    if (operation_.may_be_refused) {
      return Verdict::kDone;
    }
    char code[8];
    std::snprintf(code, sizeof(code), "%04X", additional);
    return unlawful(std::string("ILLEGAL REQUEST ") + code);
  }

  Verdict judge_data_protect(std::uint16_t additional) {
    if (additional == kSpaceAllocationFailed) {
      end_unknown();
      return Verdict::kFailed;
    }
    withdraw();
    const bool may_be_read_only =
        is_history_ || disk_.exposure.any(operation_.began, [](Exposure each) { return each == Exposure::kReadOnly; });
    return may_be_read_only ? Verdict::kTryAgain : unlawful("a disk that may be written was protected");
  }

  Verdict judge_miscompare() {
    if (operation_.kind != OperationKind::kCompareAndWrite) {
      return unlawful("MISCOMPARE of a command that compares nothing");
    }
    withdraw();
    if (!is_history_) {
      board_.judge(disk_.content.judge_miscompare(operation_.began, operation_.blocks.range(), operation_.expected));
    }
    return Verdict::kDone;
  }

  Board& board_;
  JudgedDisk& disk_;
  std::size_t initiator_;
  const Operation& operation_;
  bool is_history_;
};

}  // namespace

Verdict judge_answer(Board& board, std::size_t initiator, const Operation& operation,
                     const iscsi::testing::Outcome& outcome) {
  return Judge(board, initiator, operation).judge(outcome);
}

void judge_silence(Board& board, std::size_t initiator, const Operation& operation) {
  Judge(board, initiator, operation).end_unknown();
}

}  // namespace lunaria::simulation
