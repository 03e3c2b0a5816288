#include "scsi/throttle.h"

#include <algorithm>
#include <utility>

namespace lunaria::scsi {

void Throttle::Wait::await_suspend(std::coroutine_handle<> waiter) {
  waiter_ = waiter;
  timer_.wait = this;
  timer_.on_complete([](runtime::Operation& timer) noexcept {
    Wait& wait = *static_cast<DueTimer&>(timer).wait;
    wait.throttle_.unlink(wait);
    wait.waiter_.resume();
  });
  throttle_.link(*this);
  const runtime::Duration delay = due_ - throttle_.shard_.clock().now();
  throttle_.shard_.start(timer_, std::max(delay, runtime::Duration::zero()));
}

void Throttle::link(Wait& wait) {
  wait.previous_ = last_;
  (last_ != nullptr ? last_->next_ : first_) = &wait;
  last_ = &wait;
}

void Throttle::unlink(Wait& wait) {
  (wait.previous_ != nullptr ? wait.previous_->next_ : first_) = wait.next_;
  (wait.next_ != nullptr ? wait.next_->previous_ : last_) = wait.previous_;
}

// Those that begin to wait in the course of it wait for the next time.
void Throttle::look_again() {
  Wait* wait = std::exchange(first_, nullptr);
  last_ = nullptr;
  for (Wait* each = wait; each != nullptr; each = each->next_) {
    shard_.cancel(each->timer_);
  }
  while (wait != nullptr) {
    Wait* const next = wait->next_;  // the wait's memory is its coroutine's
    wait->waiter_.resume();
    wait = next;
  }
}

}  // namespace lunaria::scsi
