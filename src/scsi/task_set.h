#pragma once

// TaskSet: the commands inside one logical unit, in order of arrival, and who of them may start (SAM-5 8). Entries live
// in the coroutine frames of the commands, so the set allocates nothing.

#include <coroutine>
#include <cstddef>
#include <cstdint>

#include "scsi/command.h"
#include "scsi/nexus.h"

namespace lunaria::scsi {

struct NexusState;

/// One task of the set. Stays in place from enter() to leave().
struct TaskEntry {
  TaskEntry(Command& task_command, NexusState& task_nexus) : command(task_command), nexus(task_nexus) {}
  TaskEntry(const TaskEntry&) = delete;
  TaskEntry& operator=(const TaskEntry&) = delete;

  Command& command;
  NexusState& nexus;
  bool started = false;
  bool passes_aca = false;             ///< PREEMPT AND ABORT of another nexus (SAM-5 5.9.3)
  bool report_aborted = false;         ///< aborted by another nexus while TAS was set: TASK ABORTED status
  const Command* fenced_by = nullptr;  ///< that command ends when this task has
  std::coroutine_handle<> waiter;
  TaskEntry* next = nullptr;
  TaskEntry* previous = nullptr;
};

/// Single shard. Empty when destroyed.
class TaskSet final {
 public:
  TaskSet() = default;
  TaskSet(const TaskSet&) = delete;
  TaskSet& operator=(const TaskSet&) = delete;
  ~TaskSet();

  /// `co_await set.enter(task)`: returns when the task may start. SIMPLE waits for older ORDERED tasks, ORDERED for all
  /// older ones, HEAD OF QUEUE for nothing. An aborted task no longer waits.
  auto enter(TaskEntry& task) {
    struct Awaiter {
      TaskSet& set;
      TaskEntry& task;
      bool await_ready() const { return set.add(task); }
      void await_suspend(std::coroutine_handle<> waiter) {
        task.waiter = waiter;
        ++set.waiting_;
      }
      void await_resume() const {}
    };
    return Awaiter{*this, task};
  }
  /// Removes a task that has been executed and starts those that waited for it.
  void leave(TaskEntry& task);
  /// Starts whatever may start: after tasks were marked as aborted.
  void wake();

  /// TST: whether each nexus has a task set of its own. The commands inside are judged anew.
  void set_per_nexus(bool per_nexus) { per_nexus_ = per_nexus; }
  /// The auto contingent allegiance (SAM-5 5.9) of a nexus. While it is in effect, the commands of the task set that
  /// have not started wait, but for one with the ACA attribute.
  void establish_aca(NexusState& nexus);
  void clear_aca(NexusState& nexus);
  /// Whether a new command of the nexus meets one, its own or (TST 000b) another's.
  bool meets_aca(const NexusState& nexus) const;
  bool any_aca() const { return aca_count_ != 0; }
  bool has_aca_task(const NexusState& nexus) const;
  bool any_fenced_by(const Command& command) const;
  std::size_t size() const { return size_; }
  TaskEntry* first() const { return first_; }

 private:
  bool add(TaskEntry& task);
  bool may_start(const TaskEntry& task) const;
  template <class Condition>
  bool any_older(const TaskEntry& task, Condition condition) const {
    for (const TaskEntry* older = task.previous; older != nullptr; older = older->previous) {
      if (shares_set(*older, task) && condition(*older)) {
        return true;
      }
    }
    return false;
  }
  bool shares_set(const TaskEntry& one, const TaskEntry& other) const {
    return !per_nexus_ || &one.nexus == &other.nexus;
  }

  TaskEntry* first_ = nullptr;
  TaskEntry* last_ = nullptr;
  std::size_t size_ = 0;
  std::size_t ordered_ = 0;
  std::size_t waiting_ = 0;
  std::size_t aca_count_ = 0;
  bool per_nexus_ = false;
  bool waking_ = false;
  bool wake_again_ = false;
};

}  // namespace lunaria::scsi
