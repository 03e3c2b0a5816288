#pragma once

// SocketNetwork: listening and connecting on one shard. Internal to reactor.

#include <cstdint>
#include <deque>
#include <memory>

#include "reactor/backend.h"
#include "reactor/descriptor.h"
#include "reactor/socket_address.h"
#include "runtime/network.h"

namespace lunaria::reactor {

class Shard;

class SocketNetwork final : public runtime::Network {
 public:
  explicit SocketNetwork(Shard& shard) : shard_(shard) {}
  SocketNetwork(const SocketNetwork&) = delete;
  SocketNetwork& operator=(const SocketNetwork&) = delete;

  /// TCP: SO_REUSEADDR; IPv6 does not take IPv4. Unix: a socket file that nobody listens on any more is replaced
  /// (EADDRINUSE when somebody does), and removed when the listener closes.
  Result<std::unique_ptr<runtime::Listener>, runtime::IoError> listen(const runtime::ListenAddress& address) override;
  bool submit(runtime::ConnectRequest& request) override;
  void cancel(runtime::ConnectRequest& request) override;

 private:
  /// A connect on its way through the kernel.
  struct Step : KernelRequest {
    SocketNetwork* network = nullptr;
    runtime::ConnectRequest* request = nullptr;
    SocketAddress target;
    Descriptor descriptor;
    Step* next_free = nullptr;
  };
  void on_connected(Step& step);

  Shard& shard_;
  std::deque<Step> steps_;
  Step* free_steps_ = nullptr;
};

/// Makes what was connected or accepted ready for use: TCP_NODELAY.
std::unique_ptr<runtime::Stream> make_stream(Shard& shard, Descriptor descriptor);

}  // namespace lunaria::reactor
