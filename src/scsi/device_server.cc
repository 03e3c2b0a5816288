// LogicalUnit::execute: from a command to its status, in the order that SAM-5 5.3.3 asks for: unit attention, unknown
// operation, reservation conflict, the CDB, readiness, write protection, then the command itself.

#include <algorithm>
#include <array>

#include "base/check.h"
#include "scsi/answer.h"
#include "scsi/command_table.h"
#include "scsi/limits.h"
#include "scsi/logical_unit.h"
#include "scsi/medium.h"
#include "scsi/rate_limiting.h"
#include "scsi/unit_state.h"

namespace lunaria::scsi {
namespace {

constexpr std::uint8_t kSanitize = 0x48;
constexpr std::uint8_t kThirdPartyCopyOut = 0x83;

// SBC-4 4.7: whether the medium can be used at all, and written.
Outcome check_medium(const Execution& x, const CommandRow& row) {
  const UnitState& unit = x.unit;
  if (row.medium == MediumAccess::kNone) {
    return good();
  }
  if (unit.failed) {
    return failed_outcome();
  }
  if (unit.ejected) {
    return check_condition(SenseKey::kNotReady, asc::kMediumNotPresent);
  }
  if (row.medium == MediumAccess::kWrite) {
    if (unit.modes.software_protect) {
      return check_condition(SenseKey::kDataProtect, asc::kSoftwareWriteProtected);
    }
    if (x.command.read_only || unit.is_write_protected()) {
      return check_condition(SenseKey::kDataProtect, asc::kWriteProtected);
    }
  }
  return good();
}

// SBC-4 4.11.2; after a SANITIZE that failed another one may be tried.
bool may_run_beside_erasure(const BackgroundOperation& background, const CommandRow& row) {
  return row.goes_with_erasure || (row.opcode == kSanitize && !background.is_running());
}

// Everything that may end a command before its handler runs; the row when nothing did.
Result<const CommandRow*, Outcome> admit(const Execution& x) {
  bool known_opcode = false;
  const CommandRow* row = find_command(x.cdb(), known_opcode);
  if (!x.nexus.attentions.empty() && (row == nullptr || !row->ignores_unit_attention)) {
    return fail(check_condition(SenseKey::kUnitAttention, *x.nexus.attentions.take()));
  }
  if (x.command.attribute == TaskAttribute::kAca && !x.nexus.has_aca) {  // SAM-5 8.9.5: there is none it belongs to
    return fail(check_condition(SenseKey::kAbortedCommand, asc::kInvalidMessage));
  }
  if (row == nullptr) {
    return fail(known_opcode ? invalid_cdb(1, std::uint8_t{4}) : illegal_request(asc::kInvalidOperationCode));
  }
  if (!is_supported(*row, x.unit)) {
    return fail(row->service_action != kNoServiceAction ? invalid_cdb(1, std::uint8_t{4})
                                                        : illegal_request(asc::kInvalidOperationCode));
  }
  if (x.nexus.access > AccessState::kActiveNonOptimized) {
    if (const Outcome outcome = check_access(x.nexus.access, *row); !outcome.is_good()) {
      return fail(outcome);
    }
  }
  if (x.unit.reservations.any() && x.unit.reservations.conflicts(x.nexus, row->conflict)) {
    return fail(Outcome{Status::kReservationConflict, {}});
  }
  if (x.command.cdb_length < row->length) {
    return fail(invalid_cdb(x.command.cdb_length));
  }
  if (const Outcome outcome = check_reserved_bits(*row, x.cdb()); !outcome.is_good()) {
    return fail(outcome);
  }
  if (!x.unit.background.is_idle() && !may_run_beside_erasure(x.unit.background, *row)) [[unlikely]] {
    return fail(x.unit.background.refusal());
  }
  if (const Outcome outcome = check_medium(x, *row); !outcome.is_good()) {
    return fail(outcome);
  }
  return row;
}

// Tokens that stand for a point in time end when the blocks change: before, as the write may fail half way, and after,
// as one may have been made meanwhile.
void revoke_tokens(const Execution& x, const CommandRow& row) {
  if (row.medium != MediumAccess::kWrite || x.unit.tokens.empty()) [[likely]] {
    return;
  }
  if (row.is_counted) {
    x.unit.tokens.note_write(decode_range(x.cdb()));
  } else if (row.opcode != kThirdPartyCopyOut) {  // which does so itself
    x.unit.tokens.revoke_all();
  }
}

void count_access(const Execution& x, const CommandRow& row) {
  const bool is_write = row.direction == DataDirection::kOut;
  const std::uint64_t room = is_write ? x.command.data_out_length : x.command.data_in_length;
  const std::uint64_t bytes = std::min(x.command.transfer_length, room);
  x.unit.statistics.count(group_number(x.cdb()), is_write, bytes / x.unit.geometry.logical_block_size);
}

runtime::Task<Outcome> run_answer(Execution& x, const CommandRow& row) {
  const std::uint32_t allocation = allocation_length(row, x.cdb());
  runtime::Buffer buffer = co_await x.command.transport.buffers().allocate(answer_buffer_size(allocation));
  wire::Writer out(buffer.memory());
  const Outcome outcome = row.answer(x, out);
  if (outcome.is_good()) {
    deliver_answer(x.command, std::move(buffer), out, allocation);
  }
  co_return outcome;
}

// Takes a task out of the set, and with it a nexus that has gone meanwhile.
void leave(UnitState& unit, TaskEntry& task) {
  NexusState& nexus = task.nexus;
  --nexus.task_count;
  if (nexus.detached && nexus.task_count == 0) {
    const NexusId id = nexus.nexus->id;
    unit.nexuses.erase(id);
  }
  const bool was_aborted = task.command.aborted;
  unit.tasks.leave(task);
  if (was_aborted) {
    unit.note_change();
  }
}

constexpr std::uint8_t kPersistentReserveOut = 0x5F;
constexpr std::uint8_t kPreemptAndAbort = 0x05;

bool preempts_and_aborts(const Command& command) {
  const CdbBytes bytes(command.cdb_bytes);
  return cdb::Opcode::get(bytes) == kPersistentReserveOut && cdb::ServiceAction::get(bytes) == kPreemptAndAbort;
}

// A command that comes during an auto contingent allegiance (SAM-5 5.9.3, 5.9.4); GOOD when it may enter.
Status judge_aca(const UnitState& unit, const NexusState& nexus, const Command& command) {
  if (!unit.tasks.meets_aca(nexus)) {
    return Status::kGood;
  }
  if (nexus.has_aca) {
    const bool enters = command.attribute == TaskAttribute::kAca && !unit.tasks.has_aca_task(nexus);
    return enters ? Status::kGood : Status::kAcaActive;
  }
  if (preempts_and_aborts(command)) {
    return Status::kGood;
  }
  return command.asks_for_aca() ? Status::kAcaActive : Status::kBusy;
}

}  // namespace

bool Command::asks_for_aca() const {
  constexpr std::array<std::uint8_t, 8> kControlByte = {5, 9, 9, 1, 15, 11, 0, 0};  // by group code, SPC-5 4.2.5.1
  const std::uint8_t at = kControlByte[std::to_integer<std::uint8_t>(cdb_bytes[0] >> 5)];
  return at != 0 && (cdb_bytes[at] & std::byte{kNaca}) != std::byte{};
}

std::uint32_t allocation_length(const CommandRow& row, CdbBytes bytes) {
  if (row.allocation.width == 0) {
    return runtime::BufferPool::kSizeMin;
  }
  std::uint32_t length = 0;
  for (std::size_t i = 0; i < row.allocation.width; ++i) {
    length = length << 8 | std::to_integer<std::uint32_t>(bytes[row.allocation.byte + i]);
  }
  return length;
}

std::size_t answer_buffer_size(std::uint32_t allocation) {
  return std::clamp<std::size_t>(allocation, runtime::BufferPool::kSizeMin, kResponseLengthMax);
}

void deliver_answer(Command& command, runtime::Buffer buffer, const wire::Writer& out, std::uint32_t allocation) {
  const std::size_t size = std::min<std::size_t>(std::min(out.needed(), buffer.memory().size()), allocation);
  command.transfer_length = size;
  command.data_in_size = static_cast<std::size_t>(std::min<std::uint64_t>(size, command.data_in_length));
  command.data_in = std::move(buffer);
}

void finish(Command& command, const Outcome& outcome, SenseFormat format) {
  command.status = outcome.status;
  if (outcome.status == Status::kCheckCondition) {
    command.sense = build_sense(outcome.sense, format);
  }
  const bool is_successful = outcome.is_good() || outcome.status == Status::kConditionMet;
  if (!is_successful || command.aborted) {
    command.data_in_loan.give_back();
    command.data_in.reset();
    command.data_in_size = 0;
    command.transfer_length = 0;
  }
}

runtime::Task<Outcome> receive_list(Execution& x, std::size_t length) {
  x.command.transfer_length = length;
  if (length > kParameterListLengthMax || x.command.data_out_length < length) {
    co_return illegal_request(asc::kParameterListLengthError);
  }
  const bool arrived = co_await x.command.receive(length);
  co_return arrived ? good() : aborted();
}

runtime::Task<void> LogicalUnit::execute(Command& command) {
  UnitState& unit = *state_;
  NexusState* nexus = unit.find(command.nexus->id);
  if (nexus == nullptr) {  // the mapping went while the command was on its way
    finish(command, illegal_request(asc::kLogicalUnitNotSupported), SenseFormat::kFixed);
    co_return;
  }
  if (unit.tasks.size() >= kTasksMax) {
    finish(command, {Status::kTaskSetFull, {}}, SenseFormat::kFixed);
    co_return;
  }
  if (unit.tasks.any_aca()) {
    if (const Status status = judge_aca(unit, *nexus, command); status != Status::kGood) {
      finish(command, {status, {}}, SenseFormat::kFixed);
      co_return;
    }
  }
  TaskEntry task(command, *nexus);
  task.passes_aca = unit.tasks.any_aca() && preempts_and_aborts(command);
  ++nexus->task_count;
  co_await unit.tasks.enter(task);
  if (is_rate_limited(unit, *nexus)) [[unlikely]] {
    co_await wait_for_rate(unit, *nexus, command);
  }
  Outcome outcome = aborted();
  if (!command.aborted) {
    Execution x{unit, command, *nexus};
    const auto row = admit(x);
    if (!row) {
      outcome = row.error();
    } else if ((*row)->answer != nullptr) {
      outcome = co_await run_answer(x, **row);
    } else {
      revoke_tokens(x, **row);
      outcome = co_await (*row)->run(x);
      revoke_tokens(x, **row);
      if ((*row)->is_counted && outcome.is_good()) {
        count_access(x, **row);
      }
      if ((*row)->medium == MediumAccess::kWrite) {
        note_space_change(unit, command.transfer_length);
      }
    }
  }
  if (command.aborted) {
    outcome = task.report_aborted ? aborted() : Outcome{};
  }
  finish(command, outcome, unit.sense_format());
  if (outcome.status == Status::kCheckCondition && !command.aborted) {
    unit.note_check_condition(*nexus, command);
  }
  leave(unit, task);
}

}  // namespace lunaria::scsi
