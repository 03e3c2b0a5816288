#pragma once

// FakeShard: one shard on the test's thread, with a clock that the test moves and a queue that it empties.

#include <cstdint>
#include <deque>

#include "base/check.h"
#include "runtime/buffer_pool.h"
#include "runtime/random.h"
#include "runtime/shard.h"

namespace lunaria::iscsi::testing {

class FakeClock final : public runtime::Clock {
 public:
  runtime::Instant now() const override { return now_; }
  runtime::WallTime wall_time() const override { return {}; }
  void advance(runtime::Duration by) { now_ += by; }

 private:
  runtime::Instant now_{std::chrono::seconds(1000)};
};

/// A small generator with a fixed seed (xorshift).
class FakeRandom final : public runtime::Random {
 public:
  void fill(std::span<std::byte> bytes) override {
    for (std::byte& byte : bytes) {
      state_ ^= state_ << 13;
      state_ ^= state_ >> 7;
      state_ ^= state_ << 17;
      byte = static_cast<std::byte>(state_ & 0xFF);
    }
  }

 private:
  std::uint64_t state_ = 0x9E37'79B9'7F4A'7C15;
};

class FakeShard final : public runtime::Shard {
 public:
  explicit FakeShard(FakeClock& clock, std::size_t budget = std::size_t{64} << 20) : clock_(clock), buffers_(budget) {}

  runtime::ShardId id() const override { return {}; }
  bool is_current() const override { return true; }
  const runtime::Clock& clock() const override { return clock_; }
  runtime::Random& random() override { return random_; }
  runtime::Network& network() override { unsupported(); }
  runtime::BufferPool& buffers() override { return buffers_; }
  void post(runtime::Message& message) noexcept override { queue_.push_back(&message); }
  void start(runtime::Timer& /*timer*/, runtime::Duration /*delay*/) override { unsupported(); }
  bool cancel(runtime::Timer& /*timer*/) override { return false; }
  bool submit(runtime::FileRequest& /*request*/) noexcept override { unsupported(); }
  void run_blocking(runtime::Message& /*work*/, runtime::Message& /*done*/) noexcept override { unsupported(); }

  /// Runs what has been posted, and what that posts.
  bool run() {
    const bool any = !queue_.empty();
    while (!queue_.empty()) {
      runtime::Message* message = queue_.front();
      queue_.pop_front();
      message->complete();
    }
    return any;
  }

 private:
  [[noreturn]] static void unsupported() {
    check_failed("an engine without I/O asks its shard for no I/O", std::source_location::current());
  }

  FakeClock& clock_;
  FakeRandom random_;
  runtime::BufferPool buffers_;
  std::deque<runtime::Message*> queue_;
};

}  // namespace lunaria::iscsi::testing
