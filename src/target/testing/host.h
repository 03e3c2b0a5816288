#pragma once

// Host: an initiator in a simulated world: one connection from a shard of its own to a portal of the server under test.

#include <memory>
#include <string>

#include "iscsi/testing/initiator.h"
#include "runtime/gate.h"
#include "runtime/network.h"
#include "runtime/submit.h"
#include "sim/shard.h"
#include "sim/world.h"

namespace lunaria::target::testing {

/// Connects when made; moves bytes while the world runs. close() and a few steps of the world come before its end.
class Host final {
 public:
  Host(sim::World& world, sim::SimShard& shard, IpEndpoint portal, iscsi::testing::InitiatorOptions options)
      : world_(world), shard_(shard), initiator_(std::move(options)) {
    request_.address = portal;
    shard_.run([this] { runtime::spawn(gate_, live()); });
  }
  Host(const Host&) = delete;
  Host& operator=(const Host&) = delete;
  ~Host() {
    close();
    world_.run_until([this] { return gate_.count() == 0; });
    shard_.run([this] { stream_.reset(); });
  }

  iscsi::testing::Initiator& initiator() { return initiator_; }
  bool is_over() const { return is_over_; }
  /// Runs the world until login has succeeded or failed.
  bool log_in() {
    world_.run_until([this] { return initiator_.is_logged_in() || initiator_.refusal() || is_over_; });
    return initiator_.is_logged_in();
  }
  /// Sends what the initiator has to say.
  void flush() {
    shard_.run([this] { runtime::spawn(gate_, send()); });
  }
  /// Sends a command and runs the world until its answer is there.
  const iscsi::testing::Outcome& run(const iscsi::testing::CommandRequest& request) {
    const std::uint32_t tag = initiator_.send_command(request);
    flush();
    world_.run_until([this, tag] { return initiator_.outcome(tag)->done || is_over_; });
    return *initiator_.outcome(tag);
  }
  void close() {
    if (stream_ != nullptr) {
      shard_.run([this] { stream_->shutdown(); });
    }
  }

 private:
  runtime::Task<void> live() {
    co_await runtime::submit(shard_.network(), request_);
    if (request_.result != 0) {
      is_over_ = true;
      co_return;
    }
    stream_ = std::move(request_.stream);
    initiator_.start_login();
    co_await send();
    iscsi::testing::Bytes memory(65536);
    for (;;) {
      runtime::ReceiveRequest receive;
      receive.memory = memory;
      co_await runtime::submit(*stream_, receive);
      if (receive.result <= 0) {
        break;
      }
      initiator_.on_bytes(std::span(memory).first(static_cast<std::size_t>(receive.result)));
      co_await send();
    }
    is_over_ = true;
  }

  runtime::Task<void> send() {
    while (is_sending_) {
      co_await runtime::yield_on(shard_);
    }
    const iscsi::testing::Bytes output = initiator_.take_output();
    if (output.empty() || stream_ == nullptr) {
      co_return;
    }
    is_sending_ = true;
    const iovec vector{const_cast<std::byte*>(output.data()), output.size()};
    runtime::SendRequest request;
    request.memory = {&vector, 1};
    co_await runtime::submit(*stream_, request);
    is_sending_ = false;
  }

  sim::World& world_;
  sim::SimShard& shard_;
  iscsi::testing::Initiator initiator_;
  runtime::ConnectRequest request_;
  std::unique_ptr<runtime::Stream> stream_;
  runtime::Gate gate_;
  bool is_sending_ = false;
  bool is_over_ = false;
};

}  // namespace lunaria::target::testing
