#include "scsi/range_locks.h"

#include <utility>

#include "base/check.h"

namespace lunaria::scsi {

RangeLocks::~RangeLocks() {
  check(first_ == nullptr, "ranges are held by commands only");
}

bool RangeLocks::add(Hold& hold) {
  hold.linked_ = true;
  hold.previous_ = last_;
  (last_ != nullptr ? last_->next_ : first_) = &hold;
  last_ = &hold;
  if (hold.mode_ == Mode::kExclusive) {
    ++exclusive_;
  }
  return exclusive_ == 0 || !must_wait(hold);
}

void RangeLocks::isolate(const Command& writer) {
  for (Hold* hold = first_; hold != nullptr; hold = hold->next_) {
    if (hold->writer_ == &writer && !hold->waiter_ && hold->mode_ == Mode::kShared) {
      hold->mode_ = Mode::kExclusive;
      ++exclusive_;
    }
  }
}

void RangeLocks::release(Hold& hold) {
  if (!hold.linked_) {
    return;
  }
  (hold.previous_ != nullptr ? hold.previous_->next_ : first_) = hold.next_;
  (hold.next_ != nullptr ? hold.next_->previous_ : last_) = hold.previous_;
  const bool others_may_wait = exclusive_ > 0;
  if (hold.mode_ == Mode::kExclusive) {
    --exclusive_;
  }
  if (others_may_wait) {
    wake();
  }
}

bool RangeLocks::must_wait(const Hold& hold) const {
  for (const Hold* older = hold.previous_; older != nullptr; older = older->previous_) {
    const bool overlaps = older->first_ < hold.first_ + hold.count_ && hold.first_ < older->first_ + older->count_;
    if (overlaps && (hold.mode_ == Mode::kExclusive || older->mode_ == Mode::kExclusive)) {
      return true;
    }
  }
  return false;
}

// A resumed holder may release at once; the outer call then walks the list again instead of recursing.
void RangeLocks::wake() {
  wake_again_ = true;
  if (waking_) {
    return;
  }
  waking_ = true;
  while (wake_again_) {
    wake_again_ = false;
    for (Hold* hold = first_; hold != nullptr; hold = hold->next_) {
      if (hold->waiter_ && !must_wait(*hold)) {
        wake_again_ = true;
        std::exchange(hold->waiter_, {}).resume();
        break;
      }
    }
  }
  waking_ = false;
}

}  // namespace lunaria::scsi
