#include "reactor/workers.h"

#include "base/check.h"
#include "reactor/thread.h"

namespace lunaria::reactor {

Workers::Workers(std::size_t thread_count) {
  check(thread_count >= 1, "somebody works");
  for (std::size_t i = 0; i < thread_count; ++i) {
    threads_.push_back(start_thread("lunaria-work", [this] { run(); }));
  }
}

Workers::~Workers() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  for (std::thread& thread : threads_) {
    thread.join();
  }
}

void Workers::submit(runtime::Message& work, runtime::Message& done, runtime::Shard& shard) {
  {
    const std::lock_guard lock(mutex_);
    calls_.push_back({.work = &work, .done = &done, .shard = &shard});
  }
  wake_.notify_one();
}

void Workers::run() {
  std::unique_lock lock(mutex_);
  while (true) {
    wake_.wait(lock, [this] { return stopping_ || !calls_.empty(); });
    if (calls_.empty()) {
      return;
    }
    const Call call = calls_.front();
    calls_.pop_front();
    lock.unlock();
    call.work->complete();
    call.shard->post(*call.done);
    lock.lock();
  }
}

}  // namespace lunaria::reactor
