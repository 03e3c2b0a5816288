#include "reactor/shard.h"

#include <algorithm>

#include "base/check.h"
#include "reactor/workers.h"

namespace lunaria::reactor {

using runtime::Duration;
using runtime::Instant;
using runtime::Message;
using runtime::Operation;
using runtime::Timer;

namespace {

/// How long a shard that stops waits for the kernel, and how often.
constexpr Duration kLastTurn = std::chrono::milliseconds(100);
constexpr int kLastTurnsMax = 50;

/// A moment without work for this processor, which its sibling thread has then to itself.
void rest() {
  for (int i = 0; i < 16; ++i) {
    __builtin_ia32_pause();
  }
}

}  // namespace

Shard::Shard(const Options& options, const runtime::Clock& clock, runtime::Random& random, Workers& workers)
    : options_(options),
      clock_(clock),
      random_(random),
      workers_(workers),
      buffers_(options.buffer_budget),
      files_(*this),
      network_(*this) {}

Shard::~Shard() = default;

void Shard::post(Message& message) noexcept {
  if (is_current()) {
    ready_.push(message);
  } else if (inbox_.push(message)) {
    backend_->wake();
  }
}

void Shard::start(Timer& timer, Duration delay) {
  timers_.start(timer, clock_.now() + std::max(delay, Duration::zero()));
}

void Shard::run_blocking(Message& work, Message& done) noexcept {
  workers_.submit(work, done, *this);
}

void Shard::run(std::unique_ptr<Backend> backend, const std::function<void()>& started) {
  thread_ = std::this_thread::get_id();
  backend_ = std::move(backend);
  started();
  while (!stopping_) {
    ++turn_;
    inbox_.take(ready_);
    run_ready();
    run_timers();
    wait_for_kernel();
  }
  // Listeners are closed before the kernel has let go of them.
  for (int i = 0; i < kLastTurnsMax && backend_->in_flight() != 0; ++i) {
    backend_->turn(true, kLastTurn);
  }
  check(backend_->in_flight() == 0 && timers_.empty(), "everything on a shard is over before it stops");
}

void Shard::stop() noexcept {
  stop_.shard = this;
  stop_.on_complete([](Operation& operation) noexcept { static_cast<Stop&>(operation).shard->stopping_ = true; });
  post(stop_);
}

void Shard::run_ready() {
  // What becomes ready meanwhile waits for the next turn, so that timers and the kernel get their share.
  runtime::OperationQueue batch = std::move(ready_);
  while (Operation* operation = batch.pop()) {
    operation->complete();
  }
}

void Shard::run_timers() {
  if (timers_.empty()) {
    return;
  }
  const runtime::Instant now = clock_.now();
  while (Timer* timer = timers_.pop_due(now)) {
    timer->complete();
  }
}

void Shard::wait_for_kernel() {
  if (stopping_ || !ready_.empty() || !inbox_.empty()) {
    backend_->turn(false, std::nullopt);
    return;
  }
  const Instant begin = clock_.now();
  const bool found = poll_kernel(begin);
  if (!found) {
    sleep_in_kernel();
  }
  busy_poll_.waited(clock_.now() - begin, !found);
}

bool Shard::poll_kernel(Instant begin) {
  const Duration window = busy_poll_.window();
  if (window == Duration::zero()) {
    return false;
  }
  const Instant end = timers_.empty() ? begin + window : std::min(begin + window, timers_.next_deadline());
  do {
    if (backend_->turn(false, std::nullopt) || !ready_.empty() || !inbox_.empty()) {
      return true;
    }
    rest();
  } while (clock_.now() < end);
  return false;
}

void Shard::sleep_in_kernel() {
  if (!inbox_.try_sleep()) {
    backend_->turn(false, std::nullopt);
    return;
  }
  if (timers_.empty()) {
    backend_->turn(true, std::nullopt);
    return;
  }
  const Duration left = timers_.next_deadline() - clock_.now();
  backend_->turn(left > Duration::zero(), left);
}

}  // namespace lunaria::reactor
