#include "scsi/task_set.h"

#include "base/check.h"
#include "scsi/unit_state.h"

namespace lunaria::scsi {

TaskSet::~TaskSet() {
  check(first_ == nullptr, "a task set goes when its commands are done");
}

bool TaskSet::add(TaskEntry& task) {
  task.previous = last_;
  (last_ != nullptr ? last_->next : first_) = &task;
  last_ = &task;
  ++size_;
  if (task.command.attribute == TaskAttribute::kOrdered) {
    ++ordered_;
  }
  task.started = may_start(task);
  return task.started;
}

void TaskSet::leave(TaskEntry& task) {
  (task.previous != nullptr ? task.previous->next : first_) = task.next;
  (task.next != nullptr ? task.next->previous : last_) = task.previous;
  --size_;
  if (task.command.attribute == TaskAttribute::kOrdered) {
    --ordered_;
  }
  if (waiting_ > 0) {
    wake();
  }
}

// A resumed task may run to its end and come back here; the outer call then walks the set again instead of recursing.
void TaskSet::wake() {
  wake_again_ = true;
  if (waking_) {
    return;
  }
  waking_ = true;
  while (wake_again_) {
    wake_again_ = false;
    for (TaskEntry* task = first_; task != nullptr && waiting_ > 0; task = task->next) {
      if (!task->started && task->waiter && may_start(*task)) {
        task->started = true;
        --waiting_;
        wake_again_ = true;
        task->waiter.resume();
        break;
      }
    }
  }
  waking_ = false;
}

bool TaskSet::any_fenced_by(const Command& command) const {
  for (const TaskEntry* task = first_; task != nullptr; task = task->next) {
    if (task->fenced_by == &command) {
      return true;
    }
  }
  return false;
}

bool TaskSet::may_start(const TaskEntry& task) const {
  if (task.command.aborted) {
    return true;
  }
  if (aca_count_ != 0 && task.command.attribute != TaskAttribute::kAca && !task.passes_aca && meets_aca(task.nexus)) {
    return false;
  }
  switch (task.command.attribute) {
    case TaskAttribute::kHeadOfQueue:
    case TaskAttribute::kAca:
      return true;
    case TaskAttribute::kOrdered:
      return !any_older(task, [](const TaskEntry& /*older*/) { return true; });
    case TaskAttribute::kUntagged:
    case TaskAttribute::kSimple:
      break;
  }
  return ordered_ == 0 ||
         !any_older(task, [](const TaskEntry& older) { return older.command.attribute == TaskAttribute::kOrdered; });
}

void TaskSet::establish_aca(NexusState& nexus) {
  aca_count_ += nexus.has_aca ? 0 : 1;
  nexus.has_aca = true;
}

void TaskSet::clear_aca(NexusState& nexus) {
  aca_count_ -= nexus.has_aca ? 1 : 0;
  nexus.has_aca = false;
}

bool TaskSet::meets_aca(const NexusState& nexus) const {
  return per_nexus_ ? nexus.has_aca : aca_count_ != 0;
}

bool TaskSet::has_aca_task(const NexusState& nexus) const {
  for (const TaskEntry* task = first_; task != nullptr; task = task->next) {
    if (&task->nexus == &nexus && task->command.attribute == TaskAttribute::kAca && !task->command.aborted) {
      return true;
    }
  }
  return false;
}

}  // namespace lunaria::scsi
