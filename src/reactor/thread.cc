#include "reactor/thread.h"

#include <pthread.h>
#include <sched.h>

#include <csignal>

#include "base/check.h"

namespace lunaria::reactor {

std::thread start_thread(const std::string& name, std::function<void()> function) {
  // A new thread inherits the mask; setting it there would leave a moment in which a signal lands on it.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  check(pthread_sigmask(SIG_SETMASK, &all, &before) == 0, "a thread's signal mask can be set");
  std::thread thread([name, body = std::move(function)] {
    pthread_setname_np(pthread_self(), name.c_str());
    body();
  });
  check(pthread_sigmask(SIG_SETMASK, &before, nullptr) == 0, "a thread's signal mask can be set");
  return thread;
}

void pin_current_thread(std::size_t index) {
  cpu_set_t allowed;
  if (sched_getaffinity(0, sizeof(allowed), &allowed) != 0) {
    return;
  }
  const auto count = static_cast<std::size_t>(CPU_COUNT(&allowed));
  std::size_t left = index % count;
  for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (CPU_ISSET(cpu, &allowed) && left-- == 0) {
      cpu_set_t one;
      CPU_ZERO(&one);
      CPU_SET(cpu, &one);
      static_cast<void>(pthread_setaffinity_np(pthread_self(), sizeof(one), &one));  // a wish, not a need
      return;
    }
  }
}

}  // namespace lunaria::reactor
