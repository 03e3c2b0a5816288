#pragma once

// `auto outcome = co_await run_blocking(shard, function)`: runs a function that may block (SQLite, argon2, opening a
// file) on a worker thread and comes back to the shard with what it returned.

#include <concepts>
#include <coroutine>
#include <optional>
#include <type_traits>
#include <utility>

#include "runtime/shard.h"

namespace lunaria::runtime {

/// The function must not touch anything that lives on the shard, other than through its captures, which stay in place.
template <std::invocable Function>
class Blocking final {
 public:
  using Value = std::invoke_result_t<Function>;
  static_assert(!std::is_void_v<Value>, "return something: an outcome is never dropped");

  Blocking(Shard& shard, Function function) : shard_(shard), function_(std::move(function)) { work_.owner = this; }
  Blocking(const Blocking&) = delete;
  Blocking& operator=(const Blocking&) = delete;
  bool await_ready() const { return false; }
  void await_suspend(std::coroutine_handle<> waiter) {
    work_.on_complete([](Operation& operation) noexcept {
      Blocking& self = *static_cast<Work&>(operation).owner;
      self.value_.emplace(self.function_());
    });
    done_.resume_on_complete(waiter);
    shard_.run_blocking(work_, done_);
  }
  Value await_resume() { return std::move(*value_); }

 private:
  struct Work : Message {
    Blocking* owner = nullptr;
  };

  Shard& shard_;
  Function function_;
  std::optional<Value> value_;
  Work work_;
  Message done_;
};

template <std::invocable Function>
Blocking<Function> run_blocking(Shard& shard, Function function) {
  return Blocking<Function>(shard, std::move(function));
}

}  // namespace lunaria::runtime
