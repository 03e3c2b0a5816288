#pragma once

// SocketListener: a listening socket. Internal to reactor.

#include <memory>

#include "reactor/backend.h"
#include "reactor/descriptor.h"
#include "runtime/network.h"
#include "runtime/shard.h"

namespace lunaria::reactor {

class Shard;

/// The part of a listener that the kernel works with; stays until the kernel is done with it, also when the listener
/// goes first.
class Acceptor final {
 public:
  Acceptor(Shard& shard, Descriptor descriptor);
  Acceptor(const Acceptor&) = delete;
  Acceptor& operator=(const Acceptor&) = delete;

  bool submit(runtime::AcceptRequest& request);
  /// The socket takes nothing more; `self` is kept until the kernel has let go.
  static void close(std::unique_ptr<Acceptor> self);

 private:
  struct Accept : KernelRequest {
    Acceptor* acceptor = nullptr;
  };
  struct Retry : runtime::Timer {
    Acceptor* acceptor = nullptr;
  };

  void on_accepted();

  Shard& shard_;
  Descriptor descriptor_;
  Accept accept_;
  Retry retry_;
  runtime::AcceptRequest* request_ = nullptr;
  std::unique_ptr<Acceptor> self_;  // while it outlives its listener
};

class SocketListener final : public runtime::Listener {
 public:
  SocketListener(Shard& shard, Descriptor descriptor, runtime::ListenAddress address);
  ~SocketListener() override { close(); }

  bool submit(runtime::AcceptRequest& request) override;
  void close() override;
  runtime::ListenAddress address() const override { return address_; }

 private:
  runtime::ListenAddress address_;
  std::unique_ptr<Acceptor> acceptor_;
};

}  // namespace lunaria::reactor
