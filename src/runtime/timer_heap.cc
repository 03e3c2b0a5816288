#include "runtime/timer_heap.h"

#include "base/check.h"

namespace lunaria::runtime {

void TimerHeap::place(std::size_t slot, const Entry& entry) {
  entries_[slot] = entry;
  entry.timer->slot = slot;
}

void TimerHeap::sift_up(std::size_t slot, const Entry& entry) {
  while (slot > 0) {
    const std::size_t parent = (slot - 1) / 2;
    if (!entry.before(entries_[parent])) {
      break;
    }
    place(slot, entries_[parent]);
    slot = parent;
  }
  place(slot, entry);
}

void TimerHeap::sift_down(std::size_t slot, const Entry& entry) {
  while (true) {
    std::size_t child = 2 * slot + 1;
    if (child >= entries_.size()) {
      break;
    }
    if (child + 1 < entries_.size() && entries_[child + 1].before(entries_[child])) {
      ++child;
    }
    if (!entries_[child].before(entry)) {
      break;
    }
    place(slot, entries_[child]);
    slot = child;
  }
  place(slot, entry);
}

void TimerHeap::start(Timer& timer, Instant deadline) {
  check(!timer.pending, "a timer is started when it is not pending");
  timer.pending = true;
  timer.deadline = deadline;
  timer.sequence = sequence_++;
  const Entry entry{.deadline = deadline, .sequence = timer.sequence, .timer = &timer};
  entries_.push_back(entry);
  sift_up(entries_.size() - 1, entry);
}

bool TimerHeap::cancel(Timer& timer) {
  if (!timer.pending) {
    return false;
  }
  const std::size_t slot = timer.slot;
  check(slot < entries_.size() && entries_[slot].timer == &timer, "a timer is cancelled where it was started");
  timer.pending = false;
  const Entry last = entries_.back();
  entries_.pop_back();
  if (last.timer == &timer) {
    return true;
  }
  if (slot > 0 && last.before(entries_[(slot - 1) / 2])) {
    sift_up(slot, last);
  } else {
    sift_down(slot, last);
  }
  return true;
}

Timer* TimerHeap::pop_due(Instant now) {
  if (entries_.empty() || entries_.front().deadline > now) {
    return nullptr;
  }
  Timer* timer = entries_.front().timer;
  cancel(*timer);
  return timer;
}

}  // namespace lunaria::runtime
