// Timeouts::command: a command that runs for too long is aborted as ABORT TASK would, and answered by us.
#include <algorithm>

#include "iscsi/connection_state.h"

namespace lunaria::iscsi {

namespace {

constexpr std::uint16_t kCommandTimeoutDuringProcessing = 0x2E02;  // SPC-5 table F.1

}  // namespace

void ConnectionState::note_start(Slot& slot) {
  if (options_.timeouts.command != runtime::Duration::zero()) {
    slot.started_ = now_;
    command_deadline_ = std::min(command_deadline_, now_ + options_.timeouts.command);
  }
}

void ConnectionState::end_late_commands() {
  const auto is_running = [](const Slot& slot) {
    return slot.kind_ == Slot::Kind::kScsi && slot.state_ == Slot::State::kRunning && !slot.discarded_ &&
           !slot.is_late_;
  };
  const runtime::Instant limit = now_ - options_.timeouts.command;
  while (Slot* task = find_own_slot([&](const Slot& slot) { return is_running(slot) && slot.started_ <= limit; })) {
    abort_late(*task);
  }
  command_deadline_ = runtime::Instant::max();
  for (const Slot* slot = first_owned_; slot != nullptr; slot = slot->next_owned_) {
    if (is_running(*slot)) {
      command_deadline_ = std::min(command_deadline_, slot->started_ + options_.timeouts.command);
    }
  }
}

/// The device server is asked as for an initiator; nobody knows the function by a tag.
void ConnectionState::abort_late(Slot& task) {
  Slot* function = take_slot(Slot::Kind::kTaskManagement);
  if (function == nullptr) {
    task.started_ = now_ - options_.timeouts.command + kBufferRetryInterval;  // a slot will be free again
    return;
  }
  log_.warning("iscsi.command.late", {{"initiator", login_.result().initiator_name},
                                      {"target", login_.result().target_name},
                                      {"tag", task.tag_},
                                      {"operation", std::to_integer<unsigned>(task.command_->cdb()[0])}});
  task.is_late_ = function->is_late_ = true;
  function->tag_ = kReservedTag;
  function->task_management_ = {
      .function = TaskFunction::kAbortTask, .lun = task.command_->lun, .referenced_task_tag = task.tag_};
  ask_host(*function);
}

/// The function has done its work: its slot becomes the answer to the command, unless that has ended meanwhile.
void ConnectionState::answer_late(Slot& slot) {
  Slot* task = session_->find(slot.task_management_.referenced_task_tag);
  if (task == nullptr || !task->is_late_ || task->state_ != Slot::State::kRunning || task->engine_ != this) {
    release(slot);
    return;
  }
  slot.kind_ = Slot::Kind::kScsi;
  slot.tag_ = task->tag_;
  scsi::Command& command = slot.command_.emplace(slot);
  command.lun = task->command_->lun;
  command.data_out_length = task->command_->data_out_length;
  command.data_in_length = task->command_->data_in_length;
  slot.r2t_sn_ = task->r2t_sn_;
  discard(*task);
  session_->insert(slot);
  refuse_command(slot, kCommandTimeoutDuringProcessing);
  queue_answer(slot);
}

}  // namespace lunaria::iscsi
