#pragma once

// Starting a thread of ours: named, and with all signals blocked, which are for the main thread. Internal to reactor.

#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

namespace lunaria::reactor {

/// Lets one thread wait for another. May be destroyed by the one that waited.
class Signal final {
 public:
  void set() {
    // Told while locked: the waiter cannot be gone with the signal before this is over.
    const std::lock_guard lock(mutex_);
    set_ = true;
    wake_.notify_all();
  }
  void wait() {
    std::unique_lock lock(mutex_);
    wake_.wait(lock, [this] { return set_; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable wake_;
  bool set_ = false;
};

/// `name` has at most 15 characters.
std::thread start_thread(const std::string& name, std::function<void()> function);
/// Binds the calling thread to one of the processors that it may run on, chosen by `index`.
void pin_current_thread(std::size_t index);

}  // namespace lunaria::reactor
