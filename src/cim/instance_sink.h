#pragma once

// The receiving end of a streamed enumeration.

#include <coroutine>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "cim/instance.h"
#include "runtime/task.h"

namespace lunaria::cim {

/// Interface. Lives as long as the operation; one producer at a time, on one shard. Nothing is queued without a bound:
/// a sink that is full makes the producer wait.
///
/// Producers: `const bool go_on = co_await sink.put(std::move(instance));` and stop when it is false: the receiver has
/// gone. As long as the sink has room, put() does not suspend and allocates nothing.
class InstanceSink {
 public:
  enum class Delivery : std::uint8_t {
    kGoOn,  ///< taken, there is room for more
    kWait,  ///< taken, but await ready() before the next one
    kGone,  ///< the receiver wants no more
  };

  /// What put() returns; to be awaited at once.
  class [[nodiscard]] Put final {
   public:
    explicit Put(bool go_on) : go_on_(go_on) {}
    explicit Put(runtime::Task<bool> room) : room_(std::move(room)) {}
    bool await_ready() const { return !room_; }
    std::coroutine_handle<> await_suspend(std::coroutine_handle<> producer) {
      awaiter_.emplace(std::move(*room_).operator co_await());
      return awaiter_->await_suspend(producer);
    }
    [[nodiscard]] bool await_resume() { return awaiter_ ? awaiter_->await_resume() : go_on_; }

   private:
    bool go_on_ = false;
    std::optional<runtime::Task<bool>> room_;
    std::optional<runtime::Task<bool>::Awaiter> awaiter_;
  };

  virtual ~InstanceSink() = default;

  Put put(Instance instance) {
    const Delivery delivery = deliver(std::move(instance));
    return delivery == Delivery::kWait ? Put(ready()) : Put(delivery == Delivery::kGoOn);
  }

  /// Takes one instance; also called by sinks that pass on to others.
  virtual Delivery deliver(Instance&& instance) = 0;
  /// After kWait: done when there is room again; false when the receiver has gone.
  virtual runtime::Task<bool> ready();
};

/// A sink that keeps everything: for tests, and for callers that know the result to be small.
class CollectingSink final : public InstanceSink {
 public:
  Delivery deliver(Instance&& instance) override;
  std::vector<Instance>& instances() { return instances_; }

 private:
  std::vector<Instance> instances_;
};

}  // namespace lunaria::cim
