#pragma once

// Awaiters for the requests of file.h and network.h: `co_await submit(stream, request)` suspends until it is done, and
// not at all when it is done already. The result is in the request.

#include <coroutine>

namespace lunaria::runtime {

/// Works for every pair with `bool target.submit(request)`.
template <class Target, class Request>
class Submission final {
 public:
  Submission(Target& target, Request& request) : target_(target), request_(request) {}
  bool await_ready() const { return false; }
  bool await_suspend(std::coroutine_handle<> waiter) {
    request_.resume_on_complete(waiter);
    return !target_.submit(request_);
  }
  void await_resume() const {}

 private:
  Target& target_;
  Request& request_;
};

template <class Target, class Request>
Submission<Target, Request> submit(Target& target, Request& request) {
  return Submission<Target, Request>(target, request);
}

}  // namespace lunaria::runtime
