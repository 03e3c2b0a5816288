#include "scsi/task_set.h"

#include "base/check.h"

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
  switch (task.command.attribute) {
    case TaskAttribute::kHeadOfQueue:
    case TaskAttribute::kAca:
      return true;
    case TaskAttribute::kOrdered:
      return task.previous == nullptr;
    case TaskAttribute::kUntagged:
    case TaskAttribute::kSimple:
      break;
  }
  if (ordered_ == 0) {
    return true;
  }
  for (const TaskEntry* older = task.previous; older != nullptr; older = older->previous) {
    if (older->command.attribute == TaskAttribute::kOrdered) {
      return false;
    }
  }
  return true;
}

}  // namespace lunaria::scsi
